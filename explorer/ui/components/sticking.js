// Keeps the bar at the top of the page. `position: sticky` holds only inside the parent's box, so it goes
// on the outermost of Streamlit's wrappers around this component that contains nothing else.
function wrapperOf(host) {
  const page = host.closest('[data-testid="stMainBlockContainer"]');
  if (!page) return null;
  const alone = (element) => [...element.children].filter((child) => child.offsetHeight > 0).length <= 1;
  let element = host.closest('[data-testid="stElementContainer"]') ?? host;
  while (element.parentElement.parentElement !== page && element.parentElement !== page && alone(element.parentElement))
    element = element.parentElement;
  return { element, page };
}

const SET = ["position", "top", "zIndex", "width", "maxWidth", "marginLeft", "marginTop"];

function unstick(bar) {
  for (const name of SET) if (bar.stuck) bar.stuck.style[name] = "";
  bar.stuck = null;
}

// Sticks, spans the whole page width and rises to its upper edge, over Streamlit's header where that is empty.
function stick(bar, host) {
  const found = wrapperOf(host);
  if (!found) return;
  const { element, page } = found, space = getComputedStyle(page);
  const header = document.querySelector('[data-testid="stHeader"]');
  const clear = !header || getComputedStyle(header).backgroundColor === "rgba(0, 0, 0, 0)"; // not so on a small screen
  const top = clear ? 0 : header.offsetHeight;
  if (bar.stuck !== element) unstick(bar);
  bar.stuck = element;
  const left = space.paddingLeft, right = space.paddingRight;
  if (page.closest('[data-testid="stMain"]').scrollTop === 0) {
    const pushed = parseFloat(element.style.marginTop) || 0;
    const above = element.getBoundingClientRect().top - pushed - page.getBoundingClientRect().top;
    bar.lift = above <= parseFloat(space.paddingTop) + 48 ? above - top : 0; // 48: empty elements' gaps
  }
  const wanted = {
    position: "sticky", top: `${top}px`, zIndex: "90",
    width: `calc(100% + ${left} + ${right})`, maxWidth: "none", marginLeft: `-${left}`,
    marginTop: bar.lift ? `${-bar.lift}px` : "",
  };
  for (const name of SET) if (element.style[name] !== wanted[name]) element.style[name] = wanted[name];
  const opener = document.querySelector('[data-testid="stExpandSidebarButton"]')?.getBoundingClientRect();
  const inset = clear && opener?.width ? opener.right - page.getBoundingClientRect().left + 10 : 0;
  const edge = page.clientWidth < 900 ? "16px" : null; // where it is narrow, the scrubber needs the room
  bar.root.style.setProperty("--left", `max(${inset}px, ${edge ?? left})`);
  bar.root.style.setProperty("--right", edge ?? right);
}

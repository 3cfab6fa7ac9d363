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

// Sticks, spans the whole page width and rises to its upper edge, over Streamlit's empty header.
function stick(bar, host) {
  const found = wrapperOf(host);
  if (!found) return;
  const { element, page } = found, space = getComputedStyle(page);
  if (bar.stuck !== element) unstick(bar);
  bar.stuck = element;
  const left = space.paddingLeft, right = space.paddingRight;
  const first = page.firstElementChild === element.parentElement &&
    [...element.parentElement.children].find((child) => child.offsetHeight > 0) === element;
  const wanted = {
    position: "sticky", top: "0px", zIndex: "90",
    width: `calc(100% + ${left} + ${right})`, maxWidth: "none", marginLeft: `-${left}`,
    marginTop: first ? `-${space.paddingTop}` : "",
  };
  for (const name of SET) if (element.style[name] !== wanted[name]) element.style[name] = wanted[name];
  const opener = document.querySelector('[data-testid="stExpandSidebarButton"]')?.getBoundingClientRect();
  const inset = opener?.width ? opener.right - page.getBoundingClientRect().left + 10 : 0;
  bar.root.style.setProperty("--opener", `${inset}px`);
  bar.root.style.setProperty("--left", `max(${inset}px, ${left})`);
  bar.root.style.setProperty("--right", right);
}

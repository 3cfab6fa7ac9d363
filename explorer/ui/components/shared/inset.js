// How far the bar's own row stands from the page's edges: style.css has it stick there, over Streamlit's header where that
// is empty, so it makes room for the button that opens the sidebar.
function inset(bar, page) {
  const { paddingLeft: left, paddingRight: right } = getComputedStyle(page);
  const opener = document.querySelector('[data-testid="stExpandSidebarButton"]')?.getBoundingClientRect();
  const beside = opener?.width && opener.bottom > bar.root.getBoundingClientRect().top;
  const taken = beside ? opener.right - page.getBoundingClientRect().left + 10 : 0;
  const edge = page.clientWidth < 900 ? "16px" : null; // where it is narrow, the scrubber needs the room
  bar.root.style.setProperty("--left", `max(${taken}px, ${edge ?? left})`);
  bar.root.style.setProperty("--right", edge ?? right);
}

// Branches: tokens in columns, each joined to the one that it goes on from. Pointing at one marks the way to it and
// tells its numbers; the arrow keys walk.
const WIDE = 112, HIGH = 24, BOX = 84;
const SVG = "http://www.w3.org/2000/svg";

function build(parent) {
  const root = make("div", "branches", parent), head = make("div", "head", root);
  const view = { root, nodes: [], boxes: [], edges: [], at: -1 };
  view.title = make("b", "", head);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), `${view.header.name}.csv`, "text/csv")]]);
  view.pane = make("div", "pane", root);
  view.pane.tabIndex = 0;
  view.pane.role = "img";
  view.sheet = make("div", "sheet", view.pane);
  view.lines = view.sheet.appendChild(document.createElementNS(SVG, "svg"));
  view.tip = make("div", "tip", root);
  view.tip.hidden = true;
  view.pane.onpointerover = (event) => reach(view, view.boxes.indexOf(event.target.closest?.(".box")));
  view.pane.onpointerleave = view.pane.onblur = () => reach(view, -1);
  view.pane.onkeydown = (event) => walk(view, event);
  return view;
}

const visibly = (token) => token.replaceAll("\n", "⏎").replaceAll(" ", "␣");
const share = (p) => percentOf(p, p < 0.0995 ? 1 : 0);

// The places of a node and of all that it goes on from, the first one first.
function wayTo(nodes, i) {
  const way = [];
  for (; i >= 0; i = nodes[i].parent) way.unshift(i);
  return way;
}

function walk(view, event) {
  const { nodes, at } = view, here = nodes[at];
  if (event.key === "Escape") return reach(view, -1);
  const beside = (by) => nodes.findIndex((one) => one.column === here.column && one.row === here.row + by);
  const next = {
    ArrowLeft: () => here.parent,
    ArrowRight: () => nodes.findIndex(({ parent }) => parent === at),
    ArrowUp: () => beside(-1),
    ArrowDown: () => beside(1),
  }[event.key];
  if (!next || event.ctrlKey || event.metaKey || event.altKey || !nodes.length) return;
  const to = here ? next() : 0;
  if (to >= 0) {
    reach(view, to);
    view.boxes[to].scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  event.preventDefault();
  event.stopPropagation(); // the arrow keys move the scrubber
}

function reach(view, at) {
  view.at = at;
  const way = new Set(at < 0 ? [] : wayTo(view.nodes, at));
  view.boxes.forEach((box, i) => box.classList.toggle("on", way.has(i)));
  view.edges.forEach((edge, i) => edge.classList.toggle("on", way.has(i)));
  view.tip.hidden = at < 0;
  if (at < 0) return;
  const { p, logP, score, fate } = view.nodes[at];
  view.tip.replaceChildren();
  const rows = [[phrase("text"), [...way].map((i) => visibly(view.nodes[i].token)).join(view.header.apart)], ["p", share(p)], [phrase("log p so far"), phrase`${format(logP, 4)} nats`]];
  if (score !== logP) rows.push([phrase("score"), format(score, 4)]);
  for (const [name, value] of rows) {
    make("span", "", view.tip, name);
    make("b", "", view.tip, value);
  }
  make("em", "", view.tip, view.header.fates[fate]);
  const box = view.boxes[at].getBoundingClientRect(), base = view.root.getBoundingClientRect();
  placeTip(view.tip, view.root, view.root, box.left - base.left + box.width / 2, box.bottom - base.top + 6);
}

function show(view, data) {
  const { header } = opened(data), { nodes } = header, scale = header.projector ? 1.3 : 1;
  const [wide, high, box] = [WIDE, HIGH, BOX].map((size) => size * scale);
  Object.assign(view, { header, nodes });
  view.title.textContent = view.pane.ariaLabel = header.title;
  view.root.classList.toggle("projector", header.projector);
  view.pane.style.height = `${header.height}px`;
  const columns = Math.max(0, ...nodes.map(({ column }) => column + 1)), rows = Math.max(1, ...nodes.map(({ row }) => row + 1));
  view.sheet.style.width = `${columns * wide}px`;
  view.sheet.style.height = `${rows * high}px`;
  view.lines.setAttribute("width", columns * wide);
  view.lines.setAttribute("height", rows * high);
  while (view.boxes.length > nodes.length) [view.boxes, view.edges].forEach((some) => some.pop().remove());
  while (view.boxes.length < nodes.length) {
    const element = make("div", "", view.sheet);
    element.append(make("span", "token"), make("span", "number"), make("i"));
    view.boxes.push(element);
    view.edges.push(view.lines.appendChild(document.createElementNS(SVG, "path")));
  }
  nodes.forEach(({ parent, column, row, token, p, fate, best }, i) => {
    const element = view.boxes[i], [word, number, bar] = element.children, kind = `${fate}${best ? " best" : ""}`;
    element.className = `box ${kind}`;
    Object.assign(element.style, { left: `${column * wide}px`, top: `${row * high}px`, width: `${box}px` });
    word.textContent = visibly(token);
    number.textContent = share(p);
    bar.style.width = `${100 * p}%`;
    const edge = view.edges[i], from = nodes[parent], middle = high / 2 - 1;
    edge.setAttribute("class", kind);
    const [x, y, toX, toY] = [(column - 1) * wide + box, (from?.row ?? 0) * high + middle, column * wide, row * high + middle];
    edge.setAttribute("d", from ? `M${x} ${y}C${x + 14 * scale} ${y} ${toX - 14 * scale} ${toY} ${toX} ${toY}` : "");
  });
  reach(view, -1);
}

function asNumbers({ nodes }) {
  const lines = nodes.map(({ parent, column, row, token, p, logP, score, fate }, i) => [i, parent, column, row, quoted(token), p, logP, score, fate].join());
  return ["node,parent,column,row,token,p,log_p,score,fate", ...lines].join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data }) => {
    if (!sameBytes(view.data, data)) show(view, data);
    view.data = data.slice();
  },
});

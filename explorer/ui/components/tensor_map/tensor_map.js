// Tensor map: built once, then repainted in place at every message.
const LARGEST = 18; // pixels of a cell

function build(parent) {
  const root = make("div", "tensor-map", parent), plot = make("div", "plot", root), foot = make("div", "foot", root);
  Object.assign(root, { tabIndex: 0, role: "group" });
  const map = { root, plot, small: make("canvas"), canvas: make("canvas", "", plot), hover: null, awaited: null };
  map.canvas.role = "img";
  map.point = make("div", "point", plot);
  map.mark = make("div", "mark", plot);
  [map.low, map.bar, map.high] = [make("i", "", foot), make("div", "bar", foot), make("i", "", foot)];
  [map.sides, map.reading] = [make("span", "", foot), make("b", "", foot)];
  map.canvas.onpointermove = (event) => point(map, under(map, event));
  map.canvas.onpointerleave = () => point(map, null);
  map.canvas.onclick = (event) => choose(map, map.hover ?? under(map, event)); // whose place has lost its fractions
  root.onkeydown = (event) => onKey(map, event);
  map.observer = onResize(plot, () => map.values && draw(map));
  return map;
}

// The longer side lies along x.
const lying = ({ shape: [R, C] }) => R > C;

function under(map, event) {
  const box = map.canvas.getBoundingClientRect(), { shape: [R, C] } = map.header, turned = lying(map.header);
  const [across, down] = turned ? [R, C] : [C, R];
  const x = Math.min(across - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * across)));
  const y = Math.min(down - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * down)));
  return turned ? [x, y] : [y, x];
}

function onKey(map, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const turned = lying(map.header), [R, C] = map.header.shape;
  const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (way) {
    const [r, c] = map.hover ?? map.header.selected, [dr, dc] = turned ? [way[1], way[0]] : way;
    point(map, [Math.min(R - 1, Math.max(0, r + dr)), Math.min(C - 1, Math.max(0, c + dc))]);
  } else if (event.key === "Enter" && map.hover) choose(map, map.hover);
  else if (event.key === "Escape") point(map, null);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function choose(map, [row, column]) {
  map.header.selected = map.awaited = [row, column];
  place(map, map.mark, map.awaited);
  map.send("cell", { row, column });
}

function place(map, element, cell) {
  element.hidden = !cell;
  if (!cell) return;
  const [x, y] = lying(map.header) ? cell : [cell[1], cell[0]], side = Math.max(map.side, 4);
  const middle = (i, edge) => i * map.side + map.side / 2 - side / 2 - edge;
  const edge = element === map.mark ? 2 : 0;
  Object.assign(element.style, { left: `${middle(x, edge)}px`, top: `${middle(y, edge)}px`, width: `${side}px`, height: `${side}px` });
}

function point(map, cell) {
  map.hover = cell;
  place(map, map.point, cell);
  const [r, c] = cell ?? map.header.selected;
  const value = format(map.values[r * map.header.shape[1] + c], 5);
  map.reading.textContent = `${map.header.shape[0] > 1 ? phrase`row ${r}, column ${c}` : phrase`entry ${c}`}: ${value}`;
}

function draw(map) {
  const { shape: [R, C], label } = map.header, turned = lying(map.header), [across, down] = turned ? [R, C] : [C, R];
  let values = map.values, limit = 0;
  for (const value of values) if (Math.abs(value) < Infinity) limit = Math.max(limit, Math.abs(value));
  if (turned) values = Float32Array.from({ length: R * C }, (_, i) => map.values[(i % R) * C + Math.floor(i / R)]);
  const palette = paletteOf(map.root), { negative, sequential } = palette.colours;
  paint(map.canvas, values, down, across, limit || 1, palette, {});
  map.side = Math.min(LARGEST, map.plot.clientWidth / across, map.plot.clientHeight / down);
  Object.assign(map.canvas.style, { width: `${map.side * across}px`, height: `${map.side * down}px` });
  map.canvas.ariaLabel = map.root.ariaLabel = label;
  map.bar.style.background = `linear-gradient(90deg, ${[...[...negative].reverse(), ...sequential.slice(1)].map(css).join()})`;
  [map.low.textContent, map.high.textContent] = [format(-limit, 2), format(limit, 2)];
  map.sides.textContent = R === 1 ? phrase`${C} entries` : turned ? phrase`${R} rows to the right, ${C} columns down` : phrase`${R} rows down, ${C} columns to the right`;
  place(map, map.mark, map.header.selected);
  point(map, map.hover);
}

export default living({
  build,
  update: (map, { data, setStateValue }) => {
    map.send = setStateValue;
    const { header, buffer, from } = opened(data);
    const other = header.name !== map.header?.name || String(header.shape) !== String(map.header?.shape);
    if (other) map.hover = map.awaited = null;
    else goOver(map.canvas, ease());
    if (map.awaited && String(header.selected) !== String(map.awaited)) header.selected = map.awaited; // not heard of yet
    else map.awaited = null;
    map.header = header;
    map.values = new Float32Array(buffer, from);
    map.root.style.height = `${header.height}px`;
    draw(map);
  },
});

// Heat map: the component itself. Built once, then repainted in place at every message.

function build(parent) {
  const root = make("div", "heat-map", parent), head = make("div", "head", root);
  const map = { root, small: [], hover: null };
  map.title = make("b", "", head);
  map.menu = make("div", "saving", head);
  map.stage = make("div", "stage", root);
  map.canvas = make("canvas", "", map.stage);
  map.over = make("canvas", "over", map.stage);
  map.canvas.role = "img";
  map.over.tabIndex = 0;
  const foot = make("div", "foot", root);
  [map.low, map.bar, map.high] = [make("i", "", foot), make("div", "bar", foot), make("i", "", foot)];
  map.words = make("span", "", foot);
  map.tip = make("div", "tip", root);
  map.tip.hidden = true;
  map.over.onpointermove = ({ offsetX, offsetY }) => point(map, under(map, offsetX, offsetY));
  map.over.onpointerleave = map.over.onblur = () => point(map, null);
  map.over.onclick = () => pick(map);
  map.over.onkeydown = (event) => walk(map, event);
  buildSaving(map);
  map.observer = onResize(root, () => draw(map));
  document.fonts.ready.then(() => draw(map)); // what is on a canvas keeps the type it was drawn in
  return map;
}

function buildSaving(map) {
  const name = () => map.header.title.toLowerCase().replace(/[^\p{L}\d]+/gu, "-");
  savingMenu(map.menu, [
    [phrase("Save picture (PNG)"), () => {
      const width = map.stage.clientWidth, { place } = map, ink = inkOf(map.root), canvas = document.createElement("canvas");
      const context = cleared(canvas, width, place.height + 74);
      context.fillStyle = ink.paper;
      context.fillRect(0, 0, width, place.height + 74);
      Object.assign(context, { textAlign: "left", textBaseline: "top" });
      words(context, map.header.title, 8, 8, ink.text, ink, 600, 15);
      context.translate(0, 34);
      drawPanels(context, map, place, ink);
      drawScale(context, map, 8, place.height + 20, ink);
      canvas.toBlob((blob) => download(blob, `${name()}.png`));
    }],
    [phrase("Save numbers (CSV)"), () => saveText(numbersAsText(map), `${name()}.csv`, "text/csv")],
  ]);
}

// The panel, row and column under a point, or null.
function under({ header, place }, x, y) {
  if (!place) return null;
  const p = place.boxes.findIndex((box) => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h);
  if (p < 0) return null;
  const box = place.boxes[p], last = (labels, i) => Math.min(labels.length - 1, Math.floor(i));
  return { p, r: last(header.rows.labels, (y - box.y) / place.unit.y), c: last(header.columns.labels, (x - box.x) / place.unit.x) };
}

// Tells the page of the row, or the column, under the pointer, where these can be chosen.
function pick({ hover, header, choose }) {
  if (hover && header.chosen !== null) choose("row", hover.r);
  if (hover && header.column !== null) choose("column", hover.c);
}

// Arrow keys walk from cell to cell, past the edge into the next panel.
function walk(map, event) {
  const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], { header } = map;
  if (event.key === "Escape") point(map, null);
  else if (event.key === "Enter") pick(map);
  else if (way && header) {
    const at = map.hover ?? { p: 0, r: 0, c: -way[1] }, R = header.rows.labels.length, C = header.columns.labels.length;
    let [p, r, c] = [at.p, Math.min(R - 1, Math.max(0, at.r + way[0])), at.c + way[1]];
    if (c >= C && p + 1 < header.panels.length) [p, c] = [p + 1, 0];
    if (c < 0 && p > 0) [p, c] = [p - 1, C - 1];
    point(map, { p, r, c: Math.min(C - 1, Math.max(0, c)) });
  } else return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

function point(map, hover) {
  map.hover = hover;
  map.tip.hidden = !hover;
  if (!map.place) return;
  const { place, header, values, over, tip } = map, context = cleared(over, map.stage.clientWidth, place.height);
  if (!hover) return;
  const { p, r, c } = hover, { x, y, w, h } = place.boxes[p], { unit } = place, ink = inkOf(map.root);
  context.strokeStyle = ink.text;
  context.lineWidth = 1;
  context.strokeRect(x, y + r * unit.y, w, unit.y);
  context.strokeRect(x + c * unit.x, y, unit.x, h);
  tip.replaceChildren();
  const line = (name, said) => tip.append(make("span", "", null, name), make("b", "", null, said));
  if (header.panels.length > 1) line(phrase("of"), header.panels[p]);
  line(header.rows.name, header.rows.labels[r]);
  line(header.columns.name, header.columns.labels[c]);
  const value = values[(p * header.rows.labels.length + r) * header.columns.labels.length + c];
  if (header.kind !== "power") line(header.unit, format(value, 5));
  else line(header.unit, Number.isNaN(value) ? phrase("none") : format(10 ** value, 3));
  placeTip(tip, map.root, map.stage, x + (c + 1) * unit.x, y + r * unit.y - tip.offsetHeight / 2);
}

function draw(map) {
  const width = map.stage.clientWidth;
  if (!map.header || width < 80) return;
  map.place = arranged(map.header, width);
  map.stage.style.height = `${map.place.height}px`;
  drawPanels(cleared(map.canvas, width, map.place.height), map, map.place, inkOf(map.root));
  point(map, map.hover);
}

function show(map, data) {
  map.data = data.slice();
  const { header, buffer, from } = opened(data), R = header.rows.labels.length, C = header.columns.labels.length;
  if (map.hover && !(map.hover.p < header.panels.length && map.hover.r < R && map.hover.c < C)) map.hover = null;
  if (header.title === map.header?.title) goOver(map.canvas, ease());
  Object.assign(map, { header, values: new Float32Array(buffer, from), palette: paletteOf(map.root) });
  map.limit = limitOf(map);
  map.small = header.panels.map((_, p) => {
    const canvas = map.small[p] ?? document.createElement("canvas");
    const values = map.values.subarray(p * R * C, (p + 1) * R * C);
    if (header.kind === "power") paintPowers(canvas, values, R, C, header.ends, map.palette);
    else paint(canvas, values, R, C, map.limit, map.palette, {});
    return canvas;
  });
  map.title.textContent = header.title;
  map.root.classList.toggle("projector", header.projector);
  map.bar.style.background = `linear-gradient(90deg, ${stopsOf(map).map(css).join()})`;
  [map.low.textContent, map.high.textContent] = endsOf(map);
  map.words.textContent = scaleOf(header);
  map.over.style.cursor = header.chosen === null && header.column === null ? "" : "pointer";
  map.canvas.ariaLabel = phrase`${header.alt}. ${header.panels.length} of ${R} rows and ${C} columns: ${header.panels.join(", ")}`;
  map.over.ariaLabel = phrase`${header.title}: arrow keys read the values`;
  draw(map);
}

export default living({
  build,
  update: (map, { data, setTriggerValue }) => {
    map.choose = setTriggerValue;
    const ink = JSON.stringify(inkOf(map.root)); // another theme is another picture
    if (!sameBytes(map.data, data) || map.ink !== ink) show(map, data);
    map.ink = ink;
  },
});

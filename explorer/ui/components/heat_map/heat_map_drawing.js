// Heat map: where panels and cells lie, and how they are drawn, on the screen and into a file.
const MARGIN = { left: 58, right: 10, top: 24, bottom: 40 };
const EVERY = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200];

// Where each panel lies in a width: its box in CSS pixels, and the height of all. Rows of panels are equally long. A row
// is no taller than its panels need: squares are as wide as high, and of several rows each is wider than high.
function arranged(header, width) {
  const { panels, rows, columns, height, square, least, projector } = header, zoom = projector ? 1.35 : 1;
  const longest = Math.max(...rows.labels.map((label) => label.length)), left = MARGIN.left * zoom + Math.max(0, longest - 3) * 6.5 * zoom;
  const most = Math.max(1, Math.min(panels.length, Math.floor(width / (least * zoom)))), down = Math.ceil(panels.length / most);
  const across = Math.ceil(panels.length / down), each = width / across;
  const top = MARGIN.top * zoom, right = MARGIN.right, bottom = MARGIN.bottom * zoom;
  let w = Math.max(20, each - left - right), h = height - top - bottom;
  if (square) w = h = Math.min(w, h);
  else if (down > 1) h = Math.min(h, 0.75 * w);
  const row = Math.ceil(h + top + bottom);
  const boxes = panels.map((_, p) => ({ x: (p % across) * each + left, y: Math.floor(p / across) * row + top, w, h }));
  return { boxes, each, left, height: down * row, zoom, unit: { x: w / columns.labels.length, y: h / rows.labels.length } };
}

// The end of the colours' scale: the same for all panels.
function limitOf({ header, values }) {
  if (header.kind === "probability") return 1;
  if (header.kind === "size") return header.ends[1];
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}

const numeric = (labels) => labels.every((label) => /^[-−]?\d+$/.test(label));

// Which labels have room: all, or every n-th.
function ticks(labels, unit, room) {
  const every = EVERY.find((n) => n * unit >= room) ?? 500, shift = numeric(labels) ? labels.findIndex((label) => Number(label.replace("−", "-")) % every === 0) : 0;
  return labels.map((label, i) => [label, i]).filter(([, i]) => (i - Math.max(0, shift)) % every === 0);
}

function drawPanels(context, map, place, ink) {
  const { header, small } = map, { boxes, each, left, unit, zoom } = place, size = 12 * zoom;
  const wide = Math.max(...header.columns.labels.map((label) => label.length)) * 7 * zoom + 8;
  context.imageSmoothingEnabled = false;
  boxes.forEach(({ x, y, w, h }, p) => {
    context.drawImage(small[p], x, y, w, h);
    context.strokeStyle = ink.line;
    context.lineWidth = 1;
    context.strokeRect(x - 0.5, y - 0.5, w + 1, h + 1);
    Object.assign(context, { textAlign: "left", textBaseline: "bottom" });
    context.font = `600 ${13 * zoom}px ${ink.font}`;
    const begins = Math.min(x, x - left + each - context.measureText(header.panels[p]).width - 4); // ends within its own panel
    words(context, header.panels[p], Math.max(x - left, begins), y - 5, ink.text, ink, 600, 13 * zoom);
    Object.assign(context, { textAlign: "center", textBaseline: "top" });
    drawColumns(context, ticks(header.columns.labels, unit.x, wide), { x, y: y + h + 5, unit: unit.x, end: x - left + each }, ink, size);
    words(context, header.columns.name, x + w / 2, y + h + 20 * zoom, ink.dim, ink, 600, size);
    Object.assign(context, { textAlign: "right", textBaseline: "middle" });
    for (const [label, i] of ticks(header.rows.labels, unit.y, 15 * zoom)) words(context, label, x - 7, y + (i + 0.5) * unit.y, ink.dim, ink, 400, size);
    context.save();
    context.translate(x - place.boxes[0].x + 10 * zoom, y + h / 2);
    context.rotate(-Math.PI / 2);
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    words(context, header.rows.name, 0, 0, ink.dim, ink, 600, size);
    context.restore();
    drawChosen(context, header, { x, y, w, h }, unit, ink);
    if (header.mark) drawMark(context, header, { x, y, w, h }, unit, ink, size);
  });
}

// The names under columns: the last ones end within their own panel, and none lies on the one before.
function drawColumns(context, named, { x, y, unit, end }, ink, size) {
  let before = -Infinity;
  context.font = `400 ${size}px ${ink.font}`;
  for (const [label, i] of named) {
    const half = context.measureText(label).width / 2, at = Math.min(x + (i + 0.5) * unit, end - half - 2);
    if (at - half < before) continue;
    words(context, label, at, y, ink.dim, ink, 400, size);
    before = at + half + 4;
  }
}

// A line before a row, and before the same column where cells are square.
function drawMark(context, { mark: [at, said], square }, { x, y, w, h }, unit, ink, size) {
  const down = y + at * unit.y, right = x + at * unit.x;
  stroke(context, ink.paper, 4, [], [[x, down], [x + w, down]]);
  stroke(context, ink.text, 1.5, [6, 4], [[x, down], [x + w, down]]);
  if (square) {
    stroke(context, ink.paper, 4, [], [[right, y], [right, y + h]]);
    stroke(context, ink.text, 1.5, [6, 4], [[right, y], [right, y + h]]);
  }
  const below = down + size + 8 < y + h;
  Object.assign(context, { textAlign: "right", textBaseline: below ? "top" : "bottom" });
  words(context, said, x + w - 4, down + (below ? 5 : -5), ink.text, ink, 600, size);
}

// The row and the column that were chosen, between two lines each.
function drawChosen(context, { chosen, column }, { x, y, w, h }, unit, ink) {
  if (chosen !== null && chosen >= 0)
    for (const at of [y + chosen * unit.y, y + (chosen + 1) * unit.y]) stroke(context, ink.text, 1.5, [], [[x, at], [x + w, at]]);
  if (column !== null && column >= 0)
    for (const at of [x + column * unit.x, x + (column + 1) * unit.x]) stroke(context, ink.text, 1.5, [], [[at, y], [at, y + h]]);
}

// Powers of ten, one pixel a number; nothing where there is no number, and minus' colour where the size is exactly 0.
function paintPowers(canvas, values, R, C, [low, high], { up, colours }) {
  if (canvas.width !== C || canvas.height !== R) [canvas.width, canvas.height] = [C, R];
  const context = canvas.getContext("2d"), image = context.createImageData(C, R), pixels = new Uint32Array(image.data.buffer);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) pixels[i] = 0;
    else if (value === -Infinity) pixels[i] = pixel(colours.minus[0]);
    else if (value === Infinity) pixels[i] = pixel(colours.plus[0]);
    else pixels[i] = up[Math.round(Math.min(1, Math.max(0, (value - low) / (high - low))) * (STEPS - 1))];
  });
  context.putImageData(image, 0, 0);
}

const scaleOf = ({ unit, kind }) => (kind === "power" ? phrase`${unit} · log scale` : phrase`${unit} · square-root brightness`);

// The colours' scale as a strip with its ends.
function drawScale(context, map, x, y, ink) {
  const stops = stopsOf(map), blend = context.createLinearGradient(x, 0, x + 120, 0), [low, high] = endsOf(map);
  stops.forEach((stop, i) => blend.addColorStop(i / (stops.length - 1), css(stop)));
  Object.assign(context, { textAlign: "left", textBaseline: "middle", fillStyle: blend });
  context.fillRect(x, y - 5, 120, 10);
  words(context, phrase`${low} to ${high} · ${scaleOf(map.header)}`, x + 130, y, ink.dim, ink);
}

const stopsOf = ({ header, palette: { colours } }) => (header.kind === "signed" ? [...[...colours.negative].reverse(), ...colours.sequential.slice(1)] : colours.sequential);
const endsOf = ({ header: { kind, ends }, limit, values }) => {
  if (kind === "power") {
    const past = [values?.some((v) => v < ends[0] && v > -Infinity) ? "≤ " : "", values?.some((v) => v > ends[1] && v < Infinity) ? "≥ " : ""]; // have the colour of the end
    return ends.map((power, i) => `${past[i]}10${[...String(power)].map((c) => RAISED[c] ?? c).join("")}`);
  }
  if (kind === "size") return ["0", `${values?.some((v) => v > limit) ? "≥ " : ""}${brief(limit)}`];
  return kind === "signed" ? [`−${format(limit, 3)}`, format(limit, 3)] : ["0", "1"];
};

function numbersAsText({ header, values }) {
  const { panels, rows, columns } = header, R = rows.labels.length, C = columns.labels.length;
  const lines = [["panel", rows.name, columns.name, "value"].map(quoted).join()];
  panels.forEach((panel, p) => {
    for (let r = 0; r < R; r++)
      for (let c = 0; c < C; c++) lines.push([quoted(panel), quoted(rows.labels[r]), quoted(columns.labels[c]), values[(p * R + r) * C + c]].join());
  });
  return lines.join("\n") + "\n";
}

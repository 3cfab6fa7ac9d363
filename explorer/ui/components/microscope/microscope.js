// Microscope: rows of numbers over steps as colours on a log scale, and beside them one step as bars.
const PLACES = { labels: 178, bars: 204, gap: 14, top: 8, bottom: 26 };
const SCOPES = { all: phrase("one scale"), layer: phrase("each layer to its own ends"), row: phrase("each row to its own ends") };

function unpack(data) {
  const { header, buffer, from } = opened(data), numbers = new Float32Array(buffer, from), { rows, columns } = header;
  header.starts = numbers.subarray(0, columns);
  header.steps = numbers.subarray(columns, 2 * columns);
  header.values = header.quantities.map((_, i) => numbers.subarray((2 + i * rows.length) * columns, (2 + (i + 1) * rows.length) * columns));
  return header;
}

function build(parent) {
  const root = make("div", "microscope", parent), head = make("div", "head", root);
  const scope = { root, quantity: 0, kind: "all", pointer: null, found: null };
  scope.quantities = make("div", "segments", head);
  scope.quantities.role = "radiogroup";
  const label = make("label", "", head, phrase("colours"));
  scope.select = make("select", "", label);
  for (const [name, words] of Object.entries(SCOPES)) Object.assign(make("option", "", scope.select, words), { value: name });
  scope.select.onchange = () => draw(Object.assign(scope, { kind: scope.select.value }));
  scope.legend = make("div", "legend", head);
  scope.menu = make("div", "saving", head);
  scope.stage = make("div", "stage", root);
  scope.canvas = make("canvas", "", scope.stage);
  scope.over = make("canvas", "over", scope.stage);
  scope.canvas.role = "img";
  scope.over.tabIndex = 0;
  scope.tip = make("div", "tip", root);
  scope.tip.hidden = true;
  savingMenu(scope.menu, [
    [phrase("Save picture (PNG)"), () => scope.canvas.toBlob((blob) => download(blob, `${scope.header.file}.png`))],
    [phrase("Save numbers (CSV)"), () => saveText(asNumbers(scope.header), `${scope.header.file}.csv`, "text/csv")],
  ]);
  scope.over.onpointermove = ({ clientX, clientY }) => {
    const box = scope.over.getBoundingClientRect(), part = scope.over.offsetWidth / box.width; // where the page is enlarged
    point(scope, [(clientX - box.left) * part, (clientY - box.top) * part]);
  };
  scope.over.onpointerleave = () => point(scope, null);
  scope.over.onclick = () => scope.found && scope.choose(scope.header.rows[scope.found.r].id, scope.found.c === null ? null : scope.header.steps[scope.found.c]);
  scope.over.onkeydown = (event) => moveByKey(scope, event);
  scope.over.onblur = () => point(scope, null);
  scope.observer = onResize(scope.stage, () => draw(scope));
  return scope;
}

function asNumbers({ rows, steps, columns, quantities, values }) {
  const lines = [["row", "step", ...quantities.map(({ name }) => name)].map(quoted).join()];
  rows.forEach(({ name }, r) => {
    for (let c = 0; c < columns; c++) lines.push([quoted(name), steps[c], ...values.map((own) => own[r * columns + c])].join());
  });
  return lines.join("\n") + "\n";
}

function buildQuantities(scope) {
  const names = scope.header.quantities.map(({ name }) => name);
  if (scope.quantity >= names.length) scope.quantity = 0;
  const known = `${names}${scope.quantity}`;
  if (known === scope.known) return;
  scope.known = known;
  scope.quantities.replaceChildren();
  names.forEach((name, i) => {
    const button = make("button", i === scope.quantity ? "on" : "", scope.quantities, name);
    Object.assign(button, { role: "radio", ariaChecked: String(i === scope.quantity) });
    button.onclick = () => draw(Object.assign(scope, { quantity: i }));
  });
}

// The least and the largest size, as powers of ten, of what shares a scale with each row.
function endsOf({ rows, columns }, values, kind) {
  const groups = new Map();
  rows.forEach((row, r) => {
    const key = kind === "all" ? "" : kind === "layer" ? row.layer : r, ends = groups.get(key) ?? [Infinity, -Infinity];
    for (let c = 0; c < columns; c++) {
      const value = values[r * columns + c];
      if (!(value > 0) || value === Infinity) continue;
      const size = Math.log10(value);
      if (size < ends[0]) ends[0] = size;
      if (size > ends[1]) ends[1] = size;
    }
    groups.set(key, ends);
  });
  for (const [key, [low, high]] of groups) groups.set(key, low > high ? [-1, 0] : high - low < 0.5 ? [low - 0.25, high + 0.25] : [low, high]);
  return rows.map((row, r) => groups.get(kind === "all" ? "" : kind === "layer" ? row.layer : r));
}

// All numbers as pixels, one a number; the browser stretches them.
function colour(scope, values, ends) {
  const { rows, columns } = scope.header, palette = paletteOf(scope.root), { colours } = palette;
  const small = (scope.small ??= document.createElement("canvas"));
  [small.width, small.height] = [Math.max(1, columns), rows.length];
  const context = small.getContext("2d"), image = context.createImageData(small.width, rows.length);
  const pixels = new Uint32Array(image.data.buffer), nan = colours.nan.map(pixel);
  for (let i = 0; i < values.length; i++) {
    const value = values[i], [low, high] = ends[Math.floor(i / columns)];
    if (Number.isNaN(value)) pixels[i] = nan[(i + Math.floor(i / columns)) % 2];
    else if (value === Infinity) pixels[i] = pixel(colours.plus[0]);
    else if (value <= 0) pixels[i] = pixel(colours.minus[0]);
    else pixels[i] = palette.up[Math.max(0, Math.min(STEPS - 1, Math.round(((Math.log10(value) - low) / (high - low)) * (STEPS - 1))))];
  }
  context.putImageData(image, 0, 0);
  return { small, palette };
}

function draw(scope) {
  const { stage, canvas, header, root } = scope, width = stage.clientWidth, height = stage.clientHeight;
  if (!header || width < 160 || height < 60) return;
  buildQuantities(scope);
  const { rows, columns } = header, values = header.values[scope.quantity], context = cleared(canvas, width, height);
  const wide = width > 620, box = { left: Math.min(PLACES.labels, width * (wide ? 0.3 : 0.45)), right: width - (wide ? PLACES.bars + PLACES.gap : 8), top: PLACES.top, bottom: height - PLACES.bottom };
  const newest = columns ? header.newest : 1, unit = (box.bottom - box.top) / Math.max(1, rows.length);
  scope.place = { width, height, wide, box, unit, x: stepAxis(newest, box.left, box.right), bars: [width - PLACES.bars, width - 72] };
  const ends = (scope.ends = endsOf(header, values, scope.kind)), { small, palette } = colour(scope, values, ends);
  context.imageSmoothingEnabled = false;
  for (let c = 0; c < columns; c++) { // a column may stand for more steps than its neighbour
    const { starts } = header, from = scope.place.x.at(starts[c]), next = c + 1 < columns ? starts[c + 1] : 2 * starts[c] - starts[c - 1];
    const to = c + 1 < columns || columns > 2 ? Math.min(box.right, scope.place.x.at(next)) : box.right; // no further than was measured
    context.drawImage(small, c, 0, 1, rows.length, from, box.top, Math.max(to - from, 0.5) + 0.5, box.bottom - box.top);
  }
  drawNames(context, scope, inkOf(root));
  showLegend(scope, palette);
  point(scope, scope.pointer);
}

// The row and column under the pointer; on the labels and the bars only a row.
function under({ place: { box, unit, x }, header }, [px, py]) {
  const r = Math.floor((py - box.top) / unit);
  if (r < 0 || r >= header.rows.length) return null;
  if (px < box.left || px > box.right || !header.columns) return { r, c: null };
  const step = x.back(px);
  let c = header.starts.findIndex((start) => start > step) - 1;
  if (c < -1) c = header.columns - 1;
  return { r, c: Math.max(0, c) };
}

function point(scope, pointer) {
  scope.pointer = pointer;
  if (!scope.place) return;
  const { place, header, root, over } = scope, { box, unit, x } = place;
  const context = cleared(over, place.width, place.height), ink = inkOf(root);
  if (header.cursor !== null) stroke(context, header.colors.cursor, 2, [], [[x.at(header.cursor), box.top], [x.at(header.cursor), box.bottom]]);
  scope.found = pointer && under(scope, pointer);
  const looked = scope.found?.c ?? columnOf(header);
  if (place.wide) drawBars(context, scope, looked, ink);
  scope.tip.hidden = !scope.found || scope.found.c === null;
  if (!scope.found) return;
  const { r, c } = scope.found, y = box.top + r * unit;
  stroke(context, ink.text, 1, [], [[box.left, y], [box.right, y], [box.right, y + unit], [box.left, y + unit], [box.left, y]]);
  if (c === null) return;
  const at = x.at(header.steps[c]);
  context.globalAlpha = 0.6;
  stroke(context, ink.text, 1, [], [[at, box.top], [at, box.bottom]]);
  context.globalAlpha = 1;
  tell(scope, r, c, at, y);
}

// The column that the step looked at lies in: the newest while live.
function columnOf({ starts, cursor, columns }) {
  if (cursor === null || !columns) return columns - 1;
  return Math.max(0, starts.findLastIndex((start) => start <= cursor));
}

// The first and the last step that a column stands for where it has the numbers of one among several; null where not.
function stretchOf({ peaks, starts, steps, columns, newest }, c) {
  const last = c + 1 < columns ? starts[c + 1] - 1 : Math.max(newest, steps[c]);
  return peaks && last > starts[c] ? [starts[c], last] : null;
}

const numbered = (stretch) => stretch.map((step) => step.toLocaleString("en")).join("–");

function tell({ tip, root, stage, header, quantity }, r, c, x, y) {
  const { name, unit } = header.quantities[quantity], value = header.values[quantity][r * header.columns + c];
  tip.replaceChildren();
  const line = (words, number) => tip.append(make("span", "", null, words), make("b", "", null, number));
  line(header.rows[r].name, "");
  line(`${name} ${unit}`, format(value, 4));
  line(phrase("step"), header.steps[c].toLocaleString("en"));
  const stretch = stretchOf(header, c);
  if (stretch) line(phrase("the largest gradient of steps"), numbered(stretch));
  tip.append(make("em", "", null, phrase("click: go to this step")));
  placeTip(tip, root, stage, x, y + 20);
}

function moveByKey(scope, event) {
  const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (event.key === "Enter" && scope.found) scope.over.onclick();
  else if (event.key === "Escape") point(scope, null);
  else if (by && scope.place && scope.header.columns) {
    const { rows, columns, starts } = scope.header, { box, unit, x } = scope.place;
    const r = Math.max(0, Math.min(rows.length - 1, (scope.found?.r ?? 0) + by[0]));
    const c = Math.max(0, Math.min(columns - 1, (scope.found?.c ?? columns - 1) + by[1]));
    point(scope, [x.at(starts[c]) + 0.01, box.top + (r + 0.5) * unit]);
  } else return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

function take(scope, header) {
  const start = performance.now(), from = scope.header?.cursor ?? null;
  scope.header = header;
  scope.root.style.height = `${header.height}px`;
  scope.canvas.ariaLabel = phrase`${header.label}: ${header.rows.length} rows, steps 0 to ${header.newest}`;
  scope.over.ariaLabel = phrase`${header.label}: arrow keys read the numbers, Enter goes to that step`;
  const gliding = from !== null && header.cursor !== null && from !== header.cursor && ease();
  draw(scope);
  if (gliding) glide(scope, from, gliding, () => point(scope, scope.pointer));
  scope.root.dataset.newest = header.newest;
  window.__microscopePaintMs = performance.now() - start;
}

export default living({
  build,
  update: (scope, { data, setTriggerValue }) => {
    const header = unpack(data), { moment } = header;
    scope.choose = (row, step) => setTriggerValue("chosen", { row, step });
    if (!scope.header || !moment || !late(moment)) take(scope, header);
    scope.take ??= (bytes) => take(scope, unpack(bytes));
    moment ? hear("microscope", scope.take) : unhear("microscope", scope.take);
  },
  remove: (scope) => unhear("microscope", scope.take),
});

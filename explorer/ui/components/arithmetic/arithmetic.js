// Arithmetic: the component itself, of a head or of a cell. The numbers are painted once a message; lights on top of them.
const HINT = phrase("Point at a number: its formula, and in outline the numbers it is made of. A click holds it, Esc lets go, arrow keys move.");

function unpack(bytes) {
  const whole = bytes.slice(), length = new DataView(whole.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length))), arrays = {};
  let from = 4 + length; // a multiple of 4
  for (const [name, size] of header.arrays) {
    arrays[name] = new Float32Array(whole.buffer, from, size);
    from += 4 * size;
  }
  return prepared({ ...header, arrays });
}

function build(parent) {
  const root = make("div", "arithmetic", parent);
  Object.assign(root, { tabIndex: 0, role: "group" });
  const view = { root, hover: null, held: null, scroll: make("div", "scroll", root), small: document.createElement("canvas") };
  const sheet = make("div", "sheet", view.scroll);
  [view.numbers, view.lights] = [make("canvas", "numbers", sheet), make("canvas", "lights", sheet)];
  view.numbers.role = "img";
  view.reading = make("div", "reading", root);
  view.reading.ariaLive = "polite";
  const foot = make("div", "foot", root);
  view.bars = ["signed", "share"].map((kind) => {
    make("span", "", foot, kind === "signed" ? "−" : "0");
    const bar = make("i", "bar", foot);
    make("span", "", foot, SCALES[kind === "signed" ? 0 : 1]);
    return bar;
  });
  make("span", "", foot, phrase("square-root brightness"));
  listen(view);
  return view;
}

function listen(view) {
  const under = (event) => {
    const box = view.lights.getBoundingClientRect();
    const part = view.lights.offsetWidth / box.width; // where the page is enlarged
    return cellAt(view.stages, (event.clientX - box.left) * part, (event.clientY - box.top) * part);
  };
  view.lights.onpointermove = (event) => point(view, under(event));
  view.lights.onpointerleave = () => point(view, null);
  view.lights.onclick = (event) => hold(view, under(event));
  view.root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const cell = view.held ?? view.hover;
    if (event.key === "Escape" && cell) {
      view.hover = null;
      hold(view, null);
    } else if (event.key === "Enter" && cell) hold(view, cell);
    else if (event.key.startsWith("Arrow")) move(view, cell ? neighbour(view.stages, cell, event.key) : strongest(view), !view.held);
    else return;
    event.preventDefault();
  };
  view.observer = onResize(view.scroll, () => view.scroll.clientWidth !== view.width && paintAll(view));
}

const same = (a, b) => a?.id === b?.id && a?.r === b?.r && a?.c === b?.c;

function point(view, cell) {
  if (same(cell, view.hover)) return;
  view.hover = cell;
  if (!view.held) light(view);
}

function move(view, cell, free) {
  if (!cell) return;
  free ? point(view, cell) : hold(view, cell);
  const { x, y, wide, tall } = view.stages.blocks.find((block) => block.id === cell.id), { scroll } = view;
  const [left, top] = [x + cell.c * wide, y + cell.r * tall];
  scroll.scrollLeft = Math.min(Math.max(scroll.scrollLeft, left + wide + 8 - scroll.clientWidth), Math.max(0, left - 8));
  scroll.scrollTop = Math.min(Math.max(scroll.scrollTop, top + tall + 8 - scroll.clientHeight), Math.max(0, top - 8));
}

// Holds a cell, or lets go: where there is none, or it is held already.
function hold(view, cell) {
  if (!cell && !view.held) return light(view);
  view.held = same(cell, view.held) ? null : cell;
  if (!view.held || !keepsProjection(view.held)) view.source = view.held;
  view.report(view.held && { stage: view.held.id, row: view.held.r, column: view.held.c });
  paintAll(view);
}

function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

function paintAll(view) {
  view.width = view.scroll.clientWidth;
  if (!view.width) return;
  view.projection = projectionOf(view.data, view.source);
  view.stages = stagesOf(view.data, view.projection, view.width);
  view.palette = paletteOf(view.root);
  const { blocks, words, veils, width, height } = view.stages, style = getComputedStyle(view.root);
  const context = sized(view.numbers, width, height), colour = (name) => style.getPropertyValue(`--st-${name}`);
  context.imageSmoothingEnabled = false;
  for (const block of blocks) paintBlock(view, context, block, colour("border-color"));
  context.globalAlpha = 0.6;
  context.fillStyle = colour("background-color");
  for (const { x, y, wide, tall } of veils) context.fillRect(x, y, wide, tall);
  context.globalAlpha = 1;
  for (const { text, x, y, bold, strong, align = "left", most } of words) {
    context.font = `${bold || strong ? 600 : 400} ${bold ? 13.5 : 12}px ${colour("font")}`;
    context.fillStyle = strong ? colour("primary-color") : bold ? colour("text-color") : colour("gray-text-color");
    context.textAlign = align;
    context.fillText(fitted(context, text, most), x, y);
  }
  const { negative, sequential } = view.palette.colours;
  view.bars[0].style.background = `linear-gradient(90deg, ${[...[...negative].reverse(), ...sequential.slice(1)].map(css).join()})`;
  view.bars[1].style.background = `linear-gradient(90deg, ${sequential.map(css).join()})`;
  light(view);
}

function fitted(context, text, most) {
  if (!most || context.measureText(text).width <= most) return text;
  const letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join("")}…`).width > most) letters.pop();
  return `${letters.join("")}…`;
}

function paintBlock(view, context, block, border) {
  const { x, y, rows, columns, wide, tall, values, limit } = block, { up, down, colours } = view.palette;
  paint(view.small, values, rows, columns, limit, view.palette, {});
  context.drawImage(view.small, x, y, columns * wide, rows * tall);
  context.strokeStyle = border;
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, columns * wide + 1, rows * tall + 1);
  if (!block.numbers) return;
  context.font = `400 ${tall < 15 || wide < 30 ? 10.5 : 11.5}px ${getComputedStyle(view.root).getPropertyValue("--st-font")}`;
  context.textAlign = "center";
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i], ramp = value < 0 ? down : up;
    const t = Math.min(1, Math.sqrt(Math.abs(value) / limit)) * (STEPS - 1);
    const [r, g, b] = Number.isFinite(value) ? parts(ramp[t | 0]) : colours.minus[0];
    context.fillStyle = 0.3 * r + 0.59 * g + 0.11 * b > 140 ? "#1d2433" : "#ffffff";
    context.fillText(printed(value, block), x + ((i % columns) + 0.5) * wide, y + Math.floor(i / columns) * tall + tall / 2 + 4);
  }
}

const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];

// As many decimals as a cell has room for; in a block of small numbers powers of ten, or nothing.
function printed(value, { wide, limit }) {
  if (!Number.isFinite(value)) return format(value);
  if (value === 0) return "0";
  if (limit < 0.01) return wide < 44 ? "" : value.toExponential(1).replaceAll("-", "−");
  const size = Math.abs(value);
  if (size >= 1e4) return value.toExponential(wide >= 44 ? 1 : 0).replace("e+", "e").replace("-", "−");
  const decimals = clamp(0, (wide >= 44 ? 3 : 2) - (size >= 10) - (size >= 100) - (size >= 1000), 3);
  return (value < 0 ? "−" : "") + size.toFixed(decimals);
}

function light(view) {
  const cell = view.held ?? view.hover, { root, stages, lights, reading } = view;
  const context = sized(lights, stages.width, stages.height), style = getComputedStyle(root);
  reading.replaceChildren();
  if (!cell) return void make("div", "hint", reading, HINT);
  const explanation = explain(view.data, stages, view.projection, cell);
  const outline = ({ id, r, c }, colour) => {
    const { x, y, rows, columns, wide, tall } = stages.blocks.find((block) => block.id === id);
    const [across, along] = [c === undefined ? columns : 1, r === undefined ? rows : 1];
    for (const [width, name] of [[5, "background-color"], [2.5, colour]]) {
      context.lineWidth = width;
      context.strokeStyle = style.getPropertyValue(`--st-${name}`);
      context.strokeRect(x + (c ?? 0) * wide - 1.5, y + (r ?? 0) * tall - 1.5, across * wide + 3, along * tall + 3);
    }
  };
  for (const place of explanation.sources) outline(place, "green-color"); // neither blue nor orange: seen on any number
  outline(cell, "text-color");
  const line = make("div", "line", reading);
  make("span", "", line, explanation.name);
  make("strong", "", line, format(explanation.exact, 6));
  if (view.held || shownElsewhere(cell)) make("i", "", line, view.held ? phrase("held · Esc lets go") : phrase("a click shows its weights in 1"));
  make("div", "words", reading, explanation.words);
  if (explanation.numbers) make("div", "operands", reading, `= ${explanation.numbers} = ${short(explanation.exact)}`);
  if (explanation.again !== null)
    make("div", "words", reading, phrase`the same operands in float64: ${format(explanation.again, 6)} · the run multiplies in ${view.data.precision}`);
}

export default living({
  build,
  update: (view, { data, setStateValue }) => {
    view.report = (cell) => setStateValue("cell", cell);
    const before = view.data?.shape;
    view.data = unpack(data);
    if (before !== view.data.shape) view.hover = view.held = view.source = null;
    view.root.style.height = `${view.data.height}px`;
    view.root.ariaLabel = view.data.label;
    view.numbers.ariaLabel = view.data.label;
    paintAll(view);
    if (!before && view.stages?.begins && view.stages.height > view.scroll.clientHeight) view.scroll.scrollTop = view.stages.begins;
  },
});

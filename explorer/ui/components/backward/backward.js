// Backpropagation step by step: the component itself. The walk goes forward through all boxes and back again.
const SVG = "http://www.w3.org/2000/svg", PACE = 700; // ms that a box is lit while playing
const ROOM = 560; // pixels that the diagram takes at least: where there are fewer, it is scrolled sideways in its place
const LOOKS = ["backgroundColor", "color", "stroke", "strokeWidth"]; // that go over in a film
const BUTTONS = [["❘◀", phrase("To the tokens (Home)"), -Infinity], ["◀", phrase("One step back (left arrow)"), -1], ["▶", phrase("One step on (right arrow)"), 1], ["▶❘", phrase("To the end of the way back (End)"), Infinity]];

function unpack(bytes) {
  const { header, buffer, from } = opened(bytes), values = new Map();
  let at = from;
  for (const [name, ...shape] of header.arrays) {
    const size = shape.reduce((a, b) => a * b, 1);
    values.set(name, { shape, values: new Float32Array(buffer, at, size) });
    at += 4 * size;
  }
  return { ...header, values };
}

function build(parent) {
  const root = make("div", "backward", parent), view = { root, at: null, timer: 0 };
  Object.assign(root, { tabIndex: 0, role: "group" });
  const bar = make("div", "bar", root);
  for (const [sign, title, by] of BUTTONS) {
    const button = make("button", "", bar, sign);
    button.title = button.ariaLabel = title;
    button.onclick = () => go(view, view.at + by);
  }
  view.play = make("button", "play", bar);
  view.play.onclick = () => (view.timer ? rest(view) : play(view));
  view.slider = make("input", "", bar);
  Object.assign(view.slider, { type: "range", min: 0, ariaLabel: phrase("Where the walk is") });
  view.slider.oninput = () => go(view, Number(view.slider.value));
  view.words = make("div", "words", bar);
  view.words.ariaLive = "polite";
  const body = make("div", "body", root);
  view.scroll = make("div", "scroll", body);
  view.sheet = make("div", "sheet", view.scroll);
  view.panel = make("div", "panel", body);
  view.panel.tabIndex = 0;
  const foot = make("div", "foot", root);
  [view.low, view.scale, view.high] = [make("span", "", foot), make("i", "scale", foot), make("span", "", foot)];
  view.foot = make("span", "", foot);
  root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target === view.slider) return;
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!by) return;
    event.preventDefault();
    go(view, view.at + by);
  };
  view.observer = onResize(view.scroll, () => view.scroll.clientWidth !== view.width && place(view));
  return view;
}

function play(view) {
  if (view.at === view.way.length - 1) view.at = -1;
  view.timer = setInterval(() => (view.at < view.way.length - 1 ? step(view, view.at + 1) : rest(view)), PACE);
  step(view, view.at + 1);
}

function rest(view) {
  clearInterval(view.timer);
  view.timer = 0;
  playWords(view);
}

function playWords({ play, timer }) {
  play.textContent = timer ? phrase("❚❚ pause") : phrase("▶ play");
}

function go(view, at) {
  rest(view);
  step(view, at);
}

function step(view, at) {
  view.at = Math.max(0, Math.min(view.way.length - 1, at));
  show(view);
  follow(view);
}

// Boxes, labels and wires where they stand; their numbers come with `show`.
function place(view) {
  const { data, sheet, scroll } = view;
  view.width = scroll.clientWidth;
  if (!view.width) return;
  const { places, labels, wires, width, height } = layOut(data.boxes, (view.room = Math.max(ROOM, view.width)));
  sheet.replaceChildren();
  Object.assign(sheet.style, { width: `${width}px`, height: `${height}px` });
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width, height, "aria-hidden": true })) svg.setAttribute(name, value);
  sheet.append(svg);
  view.wires = wires.map((wire) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", wire.path);
    svg.append(path);
    return { ...wire, path };
  });
  for (const { text, x, y } of labels) Object.assign(make("div", "place", sheet, text).style, { left: `${x}px`, top: `${y - 10}px` });
  for (const { away, box } of wires) {
    const { x, y, column } = places.get(box);
    if (away) Object.assign(make("div", "away", sheet, phrase("from encoder")).style, { left: `${x - 96}px`, top: `${y + 14}px` });
  }
  for (const id of ["tokens", "source", "loss"]) tokensBeside(view, places.get(id), data.tokens[id === "loss" ? "targets" : id], id === "loss" ? phrase("should say") : phrase("reads"));
  view.faces = new Map(data.boxes.map((box) => [box.id, face(view, box, places.get(box.id))]));
  show(view);
  follow(view);
}

// A token keeps its place in a line, whichever way its letters run.
const isolated = (token) => `\u2068${token}\u2069`;

// What the model reads, or should say, beside the box where it goes in or out.
function tokensBeside({ sheet, data, room }, at, tokens, words) {
  if (!at) return;
  const line = `${words}: ${tokens.map((token) => isolated(token || (data.tokens.targets === tokens ? "·" : ""))).join(" ")}`;
  const text = make("div", "tokens", sheet);
  make("span", "", text, line).title = line; // of a long one three lines, and all of it where one points
  Object.assign(text.style, { left: `${at.x + at.wide + 12}px`, top: `${at.y}px`, width: `${room - at.x - at.wide - 24}px` });
}

function face(view, box, { x, y, wide, tall }) {
  const button = make("button", "box", view.sheet);
  Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${wide}px`, height: `${tall}px` });
  button.dataset.box = box.id;
  make("b", "", button, briefOf(view.data, box));
  const number = make("span", "", button), strip = make("canvas", "", button);
  button.onclick = () => go(view, view.way.findIndex(({ id, back }) => id === box.id && (back === view.back || box.kind === "tokens")));
  return { button, number, strip };
}

const decades = (boxes) => {
  const norms = boxes.map(({ norm }) => norm).filter((norm) => norm > 0);
  return norms.length ? [Math.floor(Math.log10(Math.min(...norms))), Math.max(Math.ceil(Math.log10(Math.max(...norms))), Math.floor(Math.log10(Math.min(...norms))) + 1)] : [-6, 0];
};

function show(view) {
  const { data, way, at, palette } = view, { id, back } = way[at];
  [view.lit, view.back] = [view.boxes.get(id), back];
  const reached = new Map(way.slice(0, at + 1).map(({ id: own, back: returned }) => [own, returned]));
  for (const box of data.boxes) {
    const { button, number, strip } = view.faces.get(box.id), state = reached.get(box.id);
    button.className = `box${box.id === id ? " lit" : ""}${state === undefined ? " ahead" : ""}`;
    const known = box.kind !== "tokens" && state !== undefined;
    number.textContent = box.kind === "tokens" ? `${box.shape[0]}` : !known ? "" : state ? `‖∂‖ ${compact(box.norm)}` : box.kind === "loss" ? `L ${compact(data.loss)}` : phrase`size ${compact(box.size)}`;
    tint(view, button, known && state ? shade(view, box.norm) : null);
    paintStrip(view, strip, known ? data.values.get(`${box.id}.${state ? "gradient" : "value"}`).values : [], Boolean(state));
    button.title = known ? phrase`${nameOf(data, box)}: ${sizes(box.shape)}, mean ${compact(box.mean)}, root mean square ${compact(box.size)}${state ? `, ‖∂L/∂·‖ ${compact(box.norm)}` : ""}` : nameOf(data, box);
  }
  for (const { path, box, role } of view.wires) paintWire(view, path, box, role, reached);
  const done = way.filter((stop) => stop.back === back).findIndex((stop) => stop.id === id) + 1, of = way.filter((stop) => stop.back === back).length;
  view.words.textContent = phrase`${back ? phrase("Back") : phrase("Forward")}, ${done} of ${of}: ${nameOf(data, view.lit)}`;
  [view.slider.max, view.slider.value] = [way.length - 1, at];
  playWords(view);
  openPanel(view);
}

// How far a norm lies on the shared log scale, 0 to 1; null for nothing.
const level = ({ domain: [low, high] }, norm) => (norm > 0 ? Math.max(0, Math.min(1, (Math.log10(norm) - low) / (high - low))) : null);
const shade = (view, norm) => (level(view, norm) === null ? null : between(view.palette.colours.sequential, level(view, norm)));

function tint(view, button, colour) {
  button.style.background = colour ? css(colour) : "";
  if (!colour) return void (button.style.color = "");
  const [r, g, b] = colour.map((part) => (part / 255) ** 2.2);
  button.style.color = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.215 ? "#1d2433" : "#ffffff"; // where both contrast alike
}

// A cell a position: values to their own largest, gradients on the log scale that all share, four decades lower.
function paintStrip(view, strip, values, gradient) {
  if (strip.width !== Math.max(1, values.length)) [strip.width, strip.height] = [Math.max(1, values.length), 1];
  strip.hidden = values.length < 2;
  if (strip.hidden) return;
  const context = strip.getContext("2d"), image = context.createImageData(values.length, 1), pixels = new Uint32Array(image.data.buffer);
  const largest = Math.max(...values) || 1, { sequential } = view.palette.colours;
  values.forEach((value, i) => {
    const t = gradient ? (value > 0 ? level(view, value) : 0) : Math.sqrt(value / largest);
    pixels[i] = pixel(between(sequential, t));
  });
  context.putImageData(image, 0, 0);
}

// In gray what went forward; on the way back as wide as the gradient that it carries.
function paintWire(view, path, id, role, reached) {
  const box = view.boxes.get(id), leaving = box.leaves?.find((one) => one.role === role), state = reached.get(id);
  const carries = state && leaving ? level(view, leaving.norm) : null;
  path.setAttribute("class", state === undefined ? "ahead" : carries === null ? "" : "carries");
  path.style.strokeWidth = carries === null ? "" : `${1.5 + 4 * carries}px`;
}

function follow({ scroll, faces, lit }) {
  const { button } = faces.get(lit.id), top = button.offsetTop, bottom = top + button.offsetHeight;
  if (top < scroll.scrollTop + 20) scroll.scrollTop = top - 60;
  else if (bottom > scroll.scrollTop + scroll.clientHeight - 20) scroll.scrollTop = bottom - scroll.clientHeight + 60;
  const left = button.offsetLeft, right = left + button.offsetWidth;
  if (left < scroll.scrollLeft) scroll.scrollLeft = left - 20;
  else if (right > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = right - scroll.clientWidth + 20;
}

function take(view, data) {
  view.data = unpack(data);
  view.boxes = new Map(view.data.boxes.map((box) => [box.id, box]));
  const ids = view.data.boxes.map(({ id }) => id), moving = view.data.boxes.filter(({ kind }) => kind !== "tokens").map(({ id }) => id);
  view.way = [...ids.map((id) => ({ id, back: false })), ...moving.toReversed().map((id) => ({ id, back: true }))];
  const known = ids.join(), other = view.known !== known, words = JSON.stringify(view.data.tokens);
  if (other) [view.known, view.at] = [known, ids.length - 1];
  view.domain = decades(view.data.boxes);
  view.palette = paletteOf(view.root);
  view.root.style.height = `${view.data.height}px`;
  view.root.ariaLabel = view.data.label;
  [view.low.textContent, view.high.textContent] = view.domain.map((power) => `10${[...String(power)].map((c) => RAISED[c]).join("")}`);
  view.scale.style.background = `linear-gradient(90deg, ${view.palette.colours.sequential.map(css).join()})`;
  view.foot.textContent = phrase("‖∂L/∂·‖ on a log scale, boxes and strips alike · a strip has a cell a position; a strip of values goes to its own largest");
  if (other || view.texts !== words || !view.faces) place(view);
  else {
    const faces = [...view.faces.values()], milliseconds = ease(), shapes = [...faces.map(({ button }) => button), ...view.wires.map(({ path }) => path)];
    const before = milliseconds ? seenAs(shapes, LOOKS) : [];
    for (const { strip } of faces) if (!strip.hidden) goOver(strip, milliseconds);
    show(view);
    shapes.forEach((shape, i) => goFrom(shape, before[i], milliseconds));
  }
  view.texts = words; // they stand beside the boxes
}

export default living({ build, update: (view, { data }) => take(view, data), remove: rest });

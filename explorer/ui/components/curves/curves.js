// Curves over steps: the component itself. Built once, then redrawn at every message.
const EDGES = { left: 56, right: 14, top: 24, bottom: 26 };
const NEAR = 60; // pixels from the pointer within which a point is shown in the tooltip

function unpack(data) {
  const { header, buffer, from } = opened(data), values = new Float64Array(buffer, from);
  let at = 0;
  const next = (n) => values.subarray(at, (at += n));
  for (const curve of header.curves) {
    curve.step = next(curve.n);
    curve.value = next(curve.n);
    [curve.low, curve.high] = curve.band ? [next(curve.n), next(curve.n)] : [curve.value, curve.value];
    curve.go = curve.going ? next(curve.n) : curve.step;
  }
  return header;
}

function buildPanel(parent, index) {
  const root = make("div", "curves", parent), picture = make("div", "picture", root), head = make("div", "head", picture);
  const panel = { root, picture, hidden: new Set(), pointer: null, found: null };
  panel.title = make("b", "", head);
  panel.legend = make("div", "legend", head);
  panel.logs = make("button", "logs", head, phrase("log"));
  panel.logs.title = phrase("A logarithmic axis: equal factors are equally far apart");
  panel.logs.onclick = () => {
    panel.log = !panel.log;
    panel.logs.ariaPressed = String(panel.log);
    panel.send("log", panel.log);
    draw(panel);
  };
  panel.menu = make("div", "saving", head);
  panel.stage = make("div", "stage", picture);
  panel.canvas = make("canvas", "", panel.stage);
  panel.over = make("canvas", "over", panel.stage);
  panel.canvas.role = "img";
  panel.over.tabIndex = 0;
  panel.sentence = make("p", "sentence", root);
  panel.tip = make("div", "tip", root);
  panel.tip.hidden = true;
  buildSaving(panel);
  panel.over.onpointermove = ({ offsetX, offsetY }) => point(panel, [offsetX, offsetY]);
  panel.over.onpointerleave = () => point(panel, null);
  panel.over.onclick = () => panel.found && panel.send("step", goal(panel.found));
  panel.over.onkeydown = (event) => moveByKey(panel, event);
  panel.over.onblur = () => point(panel, null);
  panel.observer = onResize(panel.stage, () => draw(panel));
  root.style.order = 2 * index; // on a board, so that something may stand between two
  return panel;
}

function remove(panel) {
  panel.observer.disconnect();
  panel.glows = 0;
  panel.root.remove();
}

// The messages of several panels, one after the other behind their lengths.
function apart(data) {
  let { header, from } = opened(data);
  const messages = header.lengths.map((length) => data.subarray(from, (from += length)));
  return { messages, cards: header.cards, moment: header.moment };
}

const shownCurves = (panel) => panel.header.curves.filter((curve) => !panel.hidden.has(curve.series));

function buildLegend(panel) {
  const { curves, look, dashes } = panel.header;
  const series = look.legend ? [...new Map(curves.map((curve) => [curve.series, curve])).values()] : [];
  const known = JSON.stringify([series.map(({ series, color, dash }) => [series, color, look.dashed ? 0 : dash]), dashes, [...panel.hidden]]);
  if (known === panel.known) return;
  panel.known = known;
  panel.legend.replaceChildren();
  panel.root.classList.toggle("many", series.length + dashes.length > 3);
  for (const { series: name, color, dash } of series) {
    const entry = make("button", "", panel.legend);
    entry.append(swatch(color, look.dashed ? [] : dash), make("span", "", null, name));
    entry.title = phrase`${name}: click to hide or show`;
    entry.ariaPressed = String(!panel.hidden.has(name));
    entry.onclick = () => {
      panel.hidden.has(name) ? panel.hidden.delete(name) : panel.hidden.add(name);
      draw(panel);
    };
  }
  for (const [name, dash] of dashes) {
    const entry = make("i", "", panel.legend);
    entry.append(swatch("currentColor", dash), make("span", "", null, name));
  }
}

function swatch(color, dash) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), line = document.createElementNS(svg.namespaceURI, "line");
  for (const [name, value] of Object.entries({ width: 22, height: 10, "aria-hidden": true })) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries({ x1: 1, x2: 21, y1: 5, y2: 5, stroke: color, "stroke-width": 2.5, "stroke-dasharray": dash.join() })) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

// The scale of the value axis: the panel's, or a log axis where the visitor chose one.
const scaleOf = ({ log, header: { look } }) => (log && look.log !== null ? "log" : look.scale);

// How far the axes reach: what the panel always shows, and the curves. A log axis begins at the least above 0.
function reach(panel) {
  const { look: { holds, roof }, curves, guides, events, cursor } = panel.header, scale = scaleOf(panel);
  let [low, high] = scale === "log" && holds[0] <= 0 ? [holds[1], holds[1]] : holds, newest = Math.max(1, cursor ?? 0, ...events.map((event) => event.step));
  const take = (value) => {
    if (!Number.isFinite(value) || (scale === "log" && value <= 0)) return;
    if (value < low) low = value;
    if (value > high) high = Math.max(high, Math.min(value, roof ?? Infinity));
  };
  for (const curve of curves) {
    for (let i = 0; i < curve.n; i++) {
      take(curve.low[i]);
      take(curve.high[i]);
    }
    if (curve.n) newest = Math.max(newest, curve.step[curve.n - 1]);
  }
  for (const guide of guides) take(guide.value);
  return { low, high, newest };
}

function draw(panel) {
  const { stage, canvas, header, root } = panel, width = stage.clientWidth, height = stage.clientHeight;
  if (!header || width <= EDGES.left + 40 || height < 60) return;
  buildLegend(panel);
  const context = cleared(canvas, width, height);
  const zoom = header.look.projector ? 1.4 : 1, { low, high, newest } = reach(panel);
  const box = { left: EDGES.left * zoom, right: width - EDGES.right, top: EDGES.top * zoom, bottom: height - EDGES.bottom * zoom };
  panel.place = { width, height, zoom, box, x: stepAxis(newest, box.left, box.right), y: valueAxis(scaleOf(panel), low, high, box.bottom, box.top) };
  const curves = shownCurves(panel);
  drawPlot(context, panel.place, { ...header, curves }, inkOf(root));
  glowing(panel, context, curves);
  point(panel, panel.pointer);
}

// A branch that was made just now shines for a moment: where it left, and what it has learned since.
const GLOW = 1800; // ms

function glowing(panel, context, curves) {
  const { branch } = panel.header, still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (branch?.fresh && panel.glowed !== branch.of) [panel.glowed, panel.glows] = [branch.of, performance.now() + GLOW];
  const left = (panel.glows - performance.now()) / GLOW;
  if (!branch || !(left > 0)) return;
  glow(context, panel.place, branch, curves.find((curve) => curve.kind === "train"), still ? 0.5 : left);
  cancelAnimationFrame(panel.frame);
  panel.frame = requestAnimationFrame(() => panel.root.isConnected && draw(panel));
}

// The step of what is pointed at: another number than its place where the axis counts something else.
const goal = ({ curve, i, mark, step }) => (curve ? curve.go[i] : mark?.go ?? step);

// The point nearest to the pointer, and in a line with it.
function nearest(panel, [px, py]) {
  const { x, y, box } = panel.place;
  let best = null, least = NEAR * NEAR;
  for (const curve of shownCurves(panel)) {
    for (let i = 0; i < curve.n; i++) {
      const dx = x.at(curve.step[i]) - px;
      if (dx * dx > least || !Number.isFinite(curve.value[i])) continue;
      const dy = Math.max(y.at(curve.value[i]), box.top) - py, far = dx * dx + dy * dy * 0.25;
      if (far < least) [least, best] = [far, { curve, i, step: curve.step[i] }];
    }
  }
  return best;
}

// What is marked at a place: an event on the axis, a value that is not finite.
function markAt(panel, [px, py]) {
  const { x, box } = panel.place, { events, nonfinite } = panel.header;
  if (Math.abs(py - box.bottom) < 10) return events.find((event) => Math.abs(x.at(event.step) - px) < 8);
  if (py < box.top + 8) return nonfinite.find((mark) => Math.abs(x.at(mark.step) - px) < 8);
}

function point(panel, pointer) {
  panel.pointer = pointer;
  if (!panel.place) return;
  const { width, height, x, y, box, zoom } = panel.place, context = cleared(panel.over, width, height);
  const mark = pointer && markAt(panel, pointer);
  panel.found = mark ? { step: mark.step, mark } : pointer && nearest(panel, pointer);
  panel.tip.hidden = !panel.found;
  if (!panel.found) return;
  const ink = inkOf(panel.root), { curve, i, step } = panel.found, at = x.at(step);
  context.globalAlpha = 0.5;
  stroke(context, ink.dim, 1.25, [], [[at, box.top], [at, box.bottom]]);
  context.globalAlpha = 1;
  const top = curve ? Math.max(y.at(curve.value[i]), box.top) : pointer[1];
  if (curve) dot(context, at, top, 4.5 * zoom, curve.color, ink.paper);
  tell(panel, at, top);
}

function tell(panel, x, y) {
  const { tip, root, found: { curve, i, step, mark }, header: { look } } = panel;
  tip.replaceChildren();
  const line = (name, words) => tip.append(make("span", "", null, name), make("b", "", null, words));
  const number = (value) => (look.scale === "share" ? percentTo(value, look.digits) : format(value, look.digits));
  if (mark) line(phrase`step ${goal({ mark, step })}`, mark.label);
  else {
    line(curve.name || curve.series || look.title, number(curve.value[i]));
    if (curve.going) line(look.across === "step" ? phrase("step") : look.across, format(step, 4));
    line(phrase("step"), curve.go[i].toLocaleString("en"));
    if (curve.low[i] !== curve.high[i]) line(phrase("lowest to highest near"), phrase`${number(curve.low[i])} to ${number(curve.high[i])}`);
  }
  tip.append(make("em", "", null, phrase("click: go to this step")));
  placeTip(tip, root, panel.stage, x, y - tip.offsetHeight / 2);
}

// Arrow keys walk along the first curve, Enter goes to the step.
function moveByKey(panel, event) {
  const curve = panel.found?.curve ?? shownCurves(panel).find((c) => c.n), by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Enter" && panel.found) panel.send("step", goal(panel.found));
  else if (event.key === "Escape") point(panel, null);
  else if (by && curve && panel.place) {
    const i = Math.max(0, Math.min(curve.n - 1, (panel.found?.curve ? panel.found.i : curve.n - 1) + by));
    point(panel, [panel.place.x.at(curve.step[i]), Math.max(panel.place.y.at(curve.value[i]), panel.place.box.top)]);
  } else return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

function show(panel, data) {
  panel.data = data.slice();
  const from = panel.header?.cursor ?? null, header = (panel.header = unpack(data)), { look } = header;
  panel.picture.style.height = `${look.height}px`;
  panel.root.classList.toggle("projector", look.projector);
  panel.title.textContent = look.title;
  if (panel.chosen !== look.log) panel.log = panel.chosen = look.log;
  panel.logs.hidden = look.log === null;
  panel.logs.ariaPressed = String(Boolean(panel.log));
  const newest = header.curves.map((curve) => curve.n && `${curve.series || look.title} ${format(curve.value[curve.n - 1], 4)}`).filter(Boolean);
  panel.canvas.ariaLabel = `${look.text}. ${header.curves.length <= 4 ? newest.join(", ") : ""}`;
  panel.over.ariaLabel = phrase`${look.title}: arrow keys read the values, Enter goes to that step`;
  sayLookFor(panel.sentence, header.sentence);
  const gliding = from !== null && header.cursor !== null && from !== header.cursor && ease();
  const [first] = header.curves; // what is on the screen now, for whoever watches the page
  panel.root.dataset.newest = first?.n > 1 ? first.step[first.n - 1] : "";
  panel.root.dataset.cursor = header.cursor ?? "";
  gliding ? glide(panel, from, gliding, draw) : draw(panel);
}

// What the feed calls a panel.
const nameOf = ({ name }, index) => (index ? `${name}:${index}` : name);

function build(parent) {
  const root = make("div", "", parent);
  root.style.display = "contents"; // panels stand where the page's board puts them
  return { root, panels: [], names: [] };
}

// Panels are built and removed as their number changes; those that stay get their own message.
function update(board, { data, setTriggerValue }) {
  const start = performance.now(), { panels } = board, { messages, cards, moment } = apart(data);
  leaveFeed(board);
  panels.splice(messages.length).forEach(remove);
  messages.forEach((one, index) => {
    const panel = (panels[index] ??= buildPanel(board.root, index));
    panel.root.classList.toggle("card", cards);
    panel.send = setTriggerValue;
    const ink = JSON.stringify(inkOf(panel.root)); // another theme is another picture
    if (moment) hear((board.names[index] = nameOf(moment, index)), (panel.take ??= (bytes) => show(panel, bytes)));
    if (panel.header && moment && late(moment)) return;
    if (!sameBytes(panel.data, one) || panel.ink !== ink) show(panel, one);
    panel.ink = ink;
  });
  window.__curvesPaintMs = performance.now() - start;
}

function leaveFeed({ panels, names }) {
  names.splice(0).forEach((name, index) => unhear(name, panels[index]?.take));
}

export default living({
  build,
  update,
  remove: (board) => {
    leaveFeed(board);
    board.panels.forEach(remove);
  },
});

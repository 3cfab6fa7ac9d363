// Sketch: a curve drawn by hand over evenly spaced places. Built once, then redrawn at every message.
const EDGES = { left: 56, right: 14, top: 24, bottom: 26 };
const HINT = phrase("draw with the pointer, from left to right; or press Tab until the chart is framed: then the arrow keys left and right choose a place, up and down its height");

function build(parent) {
  const root = make("div", "curves sketch", parent), picture = make("div", "picture", root), head = make("div", "head", picture);
  const panel = { root, picture, heights: [], at: null, last: null };
  panel.title = make("b", "", head);
  panel.legend = make("div", "legend", head);
  panel.stage = make("div", "stage", picture);
  panel.canvas = make("canvas", "", panel.stage);
  panel.canvas.role = "img";
  panel.over = make("canvas", "over", panel.stage);
  panel.over.tabIndex = 0;
  panel.said = make("p", "said", root, HINT);
  panel.said.ariaLive = "polite";
  panel.over.onpointerdown = (event) => begin(panel, event);
  panel.over.onpointermove = (event) => panel.last && drag(panel, event);
  panel.over.onpointerup = panel.over.onpointercancel = () => end(panel);
  panel.over.onkeydown = (event) => moveByKey(panel, event);
  panel.over.onkeyup = ({ key }) => (key === "ArrowUp" || key === "ArrowDown") && panel.send([...panel.heights]);
  panel.over.onblur = () => choose(panel, null);
  panel.observer = onResize(panel.stage, () => draw(panel));
  return panel;
}

// Where the pointer is, as a place (not rounded) and a height.
function under(panel, { offsetX, offsetY }) {
  const { box, y } = panel.place, { places, look } = panel.header;
  const place = ((offsetX - box.left) / (box.right - box.left)) * (places - 1);
  const height = ((box.bottom - offsetY) / (box.bottom - y.at(look.high))) * look.high;
  return [Math.max(0, Math.min(places - 1, place)), Math.max(0, Math.min(look.high, height))];
}

function begin(panel, event) {
  if (event.button !== 0 || !panel.place) return;
  panel.over.setPointerCapture(event.pointerId);
  const [place, height] = (panel.last = under(panel, event));
  panel.reach = panel.heights.length ? null : place; // how far a first stroke has come
  if (!panel.heights.length) panel.heights = Array(panel.header.places).fill(height); // level, until it is drawn on
  panel.heights[Math.round(place)] = height;
  draw(panel);
}

// All places between the last point and this one come to lie on the line between them.
function drag(panel, event) {
  const here = under(panel, event), [[left, low], [right, high]] = [panel.last, here].sort((a, b) => a[0] - b[0]);
  for (let i = Math.ceil(left); i <= right; i++) panel.heights[i] = low + (high - low) * (right > left ? (i - left) / (right - left) : 1);
  if (panel.reach !== null && here[0] >= panel.reach) panel.heights.fill(here[1], Math.ceil((panel.reach = here[0]))); // it goes on level
  panel.last = here;
  choose(panel, Math.round(here[0]));
  draw(panel);
}

function end(panel) {
  if (!panel.last) return;
  panel.last = null;
  panel.send([...panel.heights]);
}

function moveByKey(panel, event) {
  const { places, look } = panel.header, across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!across && !up) return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
  const at = panel.at ?? 0;
  if (up) {
    if (!panel.heights.length) panel.heights = Array(places).fill(look.high);
    panel.heights[at] = Math.max(0, Math.min(look.high, panel.heights[at] + (up * look.high) / 40));
  }
  choose(panel, across ? Math.max(0, Math.min(places - 1, panel.at === null ? 0 : at + across)) : at);
  draw(panel);
}

// The place that is described in words, and marked.
function choose(panel, at) {
  panel.at = at;
  const { look, places } = panel.header, height = panel.heights[at];
  panel.said.textContent = at === null || height === undefined ? HINT : `${look.across === "step" ? phrase("step") : look.across} ${short((look.far * at) / (places - 1))}: ${Number(height.toPrecision(3))} ${look.unit}`;
  if (at === null) draw(panel);
}

const curveOf = ({ name, color }, heights, far, kind) => {
  const n = heights.length, step = heights.map((_, i) => (far * i) / (n - 1));
  return { kind, series: name, color, dash: [], n, step, value: heights, low: heights, high: heights, band: false };
};

function draw(panel) {
  const { stage, canvas, header, root, heights } = panel, width = stage.clientWidth, height = stage.clientHeight;
  if (!header || width <= EDGES.left + 40 || height < 60) return;
  const { look, own, others } = header, zoom = look.projector ? 1.4 : 1, context = cleared(canvas, width, height), ink = inkOf(root);
  const box = { left: EDGES.left * zoom, right: width - EDGES.right, top: EDGES.top * zoom, bottom: height - EDGES.bottom * zoom };
  panel.place = { width, height, zoom, box, x: stepAxis(look.far, box.left, box.right), y: valueAxis("linear", 0, look.high, box.bottom, box.top) };
  const curves = [...others.map((other) => curveOf(other, other.heights, look.far, "earlier")), curveOf(own, heights, look.far, "train")];
  drawPlot(context, panel.place, { look, curves, guides: [], events: [], nonfinite: [], cursor: null }, ink);
  const marked = cleared(panel.over, width, height), { x, y } = panel.place;
  heights.forEach((value, i) => dot(marked, x.at((look.far * i) / (heights.length - 1)), y.at(value), (i === panel.at ? 6 : 2.5) * zoom, own.color, i === panel.at ? ink.paper : undefined));
  if (heights.length) return;
  Object.assign(marked, { textAlign: "center", textBaseline: "middle" });
  words(marked, phrase`draw ${own.name} here`, (box.left + box.right) / 2, (box.top + box.bottom) / 2, ink.dim, ink, 600, 15 * zoom);
}

// Whether two messages are the same bytes: what is drawn then stands.
function show(panel, data) {
  panel.data = data.slice();
  const { look, own, others } = (panel.header = opened(data).header);
  panel.heights = [...own.heights];
  panel.picture.style.height = `${look.height}px`;
  panel.root.classList.toggle("projector", look.projector);
  panel.title.textContent = look.title;
  panel.canvas.ariaLabel = look.text;
  panel.over.ariaLabel = `${look.text}. ${HINT}`;
  panel.legend.replaceChildren();
  for (const { name, color } of [own, ...others]) {
    const entry = make("i", "", panel.legend);
    make("span", "key", entry).style.background = color;
    make("span", "", entry, name);
  }
  panel.root.dataset.drawn = own.heights.length;
  draw(panel);
}

export default living({
  build,
  update: (panel, { data, setTriggerValue }) => {
    panel.send = (heights) => setTriggerValue("drawn", heights);
    const ink = JSON.stringify(inkOf(panel.root)); // another theme is another picture
    if (!panel.last && (!sameBytes(panel.data, data) || panel.ink !== ink)) show(panel, data);
    panel.ink = ink;
  },
});

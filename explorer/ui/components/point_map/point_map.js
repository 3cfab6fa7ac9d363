// Point map: the component itself. Built once; a new frame of the same points moves them to their new places.
const NEAR = 16, DRAG = 4; // pixels: within which a point is pointed at, and from which a press is a drag
const PACE = 33; // milliseconds between two paintings of a motion
const SLOWEST = 450, JUMP = 150; // milliseconds of a motion from frame to frame while training or in a film, and to any other step

function unpack(data) {
  const { header, buffer, from } = opened(data), numbers = new Float32Array(buffer, from), { count: n, dims, shades, trails, neighbours: { count: k, second } } = header;
  let at = 0;
  const next = (length) => numbers.subarray(at, (at += length));
  const message = { header, points: next(n * dims), near: next(n * k), distances: next(n * k), also: next(second ? n * k : 0), moved: next(n) };
  message.shades = shades.map((shade) => ({ ...shade, values: next(n) }));
  message.paths = next(trails.length * trails.tokens.length * dims);
  return message;
}

function build(parent) {
  const root = make("div", "point-map", parent), head = make("div", "head", root), body = make("div", "body", root), pane = make("div", "pane", body);
  const map = { root, shade: 0, query: "", kind: null, selected: [], lit: null, hovered: null, lasso: null, yaw: 0.6, pitch: 0.35, widths: new Map(), tool: "turn" };
  map.ruler = document.createElement("canvas").getContext("2d");
  map.title = make("b", "", head);
  map.subject = make("span", "subject", head);
  buildTools(map, head);
  map.stage = make("div", "stage", pane);
  map.canvas = make("canvas", "", map.stage);
  map.over = make("canvas", "over", map.stage);
  map.canvas.role = "img";
  map.over.tabIndex = 0;
  buildLegend(map, pane);
  buildInspector(map, body);
  map.tip = make("div", "tip", root);
  map.tip.hidden = true;
  buildSaving(map);
  listen(map);
  map.observer = onResize(map.stage, () => map.header && settle(map));
  document.fonts.ready.then(() => map.header && settle(Object.assign(map, { widths: new Map() })));
  return map;
}

function buildTools(map, head) {
  map.search = make("input", "", head);
  Object.assign(map.search, { type: "search", placeholder: phrase("search"), ariaLabel: phrase("Search points") });
  map.search.oninput = () => light(Object.assign(map, { query: map.search.value }));
  map.search.onkeydown = (event) => {
    if (event.key === "Enter" && map.lit?.size) choose(map, [...map.lit]);
    if (event.key === "Escape") light(Object.assign(map, { query: (map.search.value = "") }));
    event.stopPropagation(); // letters are keys of the player bar
  };
  map.found = make("span", "found", head);
  const label = make("label", "", head, phrase("colour"));
  map.select = make("select", "", label);
  map.select.onchange = () => light(Object.assign(map, { shade: map.select.selectedIndex, kind: null }));
  map.tools = make("div", "segments", head);
  Object.assign(map.tools, { role: "radiogroup", ariaLabel: phrase("What dragging does") });
  for (const [name, words] of [["turn", phrase("turn")], ["lasso", phrase("select")]]) {
    const button = make("button", "", map.tools, words);
    Object.assign(button, { role: "radio", onclick: () => showTools(Object.assign(map, { tool: name })) });
    button.dataset.tool = name;
  }
  map.menu = make("div", "saving", head);
}

function showTools(map) {
  const { header, shades } = map, names = JSON.stringify(shades.map(({ name }) => name));
  map.tools.hidden = header.dims === 2;
  for (const button of map.tools.children) {
    button.ariaChecked = String(button.dataset.tool === map.tool);
    button.classList.toggle("on", button.dataset.tool === map.tool);
  }
  if (names !== map.names) {
    const kept = shades.findIndex(({ name }) => name === map.shadeName);
    map.shade = Math.max(0, kept);
    map.select.replaceChildren(...shades.map(({ name }) => new Option(name)));
    map.names = names;
  }
  map.select.selectedIndex = map.shade;
  map.shadeName = shades[map.shade].name;
  map.title.textContent = header.title;
  map.subject.textContent = header.subject;
}

// What is lit while the rest is dim: what is searched for, a kind, else the chosen and their neighbours.
function light(map) {
  const { header: { labels, notes, neighbours: { count } }, query, kind, selected } = map, wanted = query.replaceAll(" ", "␣");
  const all = [...labels.keys()], shade = map.shades[map.shade];
  map.shadeName = shade.name;
  if (query) map.lit = new Set(all.filter((i) => labels[i].includes(wanted) || notes[i]?.includes(query)));
  else if (kind) map.lit = new Set(all.filter((i) => shade.values[i] === kind[1]));
  else if (selected.length === 1) map.lit = new Set([selected[0], ...map.near.subarray(selected[0] * count, (selected[0] + 1) * count)].filter((i) => i >= 0));
  else map.lit = selected.length ? new Set(selected) : null;
  map.found.textContent = query ? phrase`${map.lit.size} of ${labels.length}` : "";
  showLegend(map);
  showInspector(map);
  if (map.places) paintNow(map);
}

function choose(map, chosen) {
  if (map.kind || map.query) map.search.value = map.query = "";
  map.kind = null;
  map.selected = chosen;
  map.awaited = chosen.join();
  map.send("selected", chosen);
  light(map);
}

function hover(map, i) {
  if (map.hovered === i && i === null) return;
  map.hovered = i;
  drawOver(map);
  showTip(map, map.places && i !== null && Number.isFinite(map.places[i][0]) ? i : null);
}

function drawOver(map) {
  const context = cleared(map.over, ...map.size), { ink } = map;
  if (map.hovered !== null && map.places[map.hovered]) {
    const [x, y] = map.places[map.hovered], wide = map.room[map.hovered] ? widthOf(map, map.header.labels[map.hovered]) : 12, high = map.room[map.hovered] ? PILL * map.zoom : 12;
    context.beginPath();
    context.roundRect(x - wide / 2 - 3, y - high / 2 - 3, wide + 6, high + 6, high / 2);
    [context.strokeStyle, context.lineWidth] = [ink.text, 1.5];
    context.stroke();
  }
  if (map.lasso?.length > 1) {
    const colour = getComputedStyle(map.root).getPropertyValue("--st-primary-color");
    stroke(context, colour, 1.5, [5, 4], [...map.lasso, map.lasso[0]]);
    context.globalAlpha = 0.1;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 1;
  }
}

function paintNow(map) {
  map.places = placesOf(map, map.units);
  map.room = map.atRest || map.header.dims === 3 || !map.room || map.room.length !== map.header.count ? roomy(map, map.places) : map.room;
  drawMap(cleared(map.canvas, ...map.size), map, map.places, map.room, map.ink);
  drawOver(map);
  if (map.hovered !== null) showTip(map, map.hovered);
  map.root.dataset.painted = (Number(map.root.dataset.painted) || 0) + 1;
  map.root.dataset.shown = map.atRest ? map.header.step : "";
}

// At rest in the frame's own places: after a motion, a resize, or where nothing shall move.
function settle(map) {
  cancelAnimationFrame(map.ticking);
  map.ticking = 0;
  map.size = [map.stage.clientWidth, map.stage.clientHeight];
  if (map.size[0] < 60 || map.size[1] < 60) return;
  Object.assign(map, inUnits(map), { atRest: true });
  paintNow(map);
}

// From where the points are seen now to the frame's places.
function travel(map, from, milliseconds) {
  cancelAnimationFrame(map.ticking);
  const { units: to, scale, middle } = inUnits(map), start = performance.now(), now = new Float32Array(to.length);
  Object.assign(map, { units: to, scale, middle });
  map.room = roomy(map, placesOf(map, to));
  map.atRest = false;
  let painted = 0;
  const tick = (time) => {
    const t = Math.min(1, Math.max(0, (time - start) / milliseconds)), eased = t * (2 - t);
    map.ticking = t < 1 ? requestAnimationFrame(tick) : 0;
    if (t < 1 && time - painted < PACE) return;
    painted = time;
    for (let i = 0; i < to.length; i++) now[i] = from[i] + (to[i] - from[i]) * eased;
    map.atRest = t === 1;
    map.units = t === 1 ? to : now;
    paintNow(map);
  };
  map.units = Float32Array.from(from);
  map.ticking = requestAnimationFrame(tick);
}

// Whether the page tells of a frame that is no longer to be shown. A film goes on before a frame is laid out: there each
// one that comes is shown, in their order; one from before the film began lies ahead of it.
function outrun(map, { step, moment }) {
  if (!hot.film || moment.live) return late(moment);
  return step < map.header.step && map.header.step <= hot.wanted;
}

// What the page says is chosen; the feed says nothing of it. True where that is news.
function takeChosen(map, { selected }) {
  if (!selected || (map.awaited !== undefined && selected.join() !== map.awaited)) return false;
  const before = map.selected.join();
  map.selected = selected;
  map.awaited = undefined;
  return before !== selected.join();
}

function take(map, message) {
  const { header } = message, before = map.header, known = JSON.stringify([header.labels, header.notes]);
  const same = known === map.known && Boolean(map.units), from = same && (map.atRest ? map.units : Float32Array.from(map.units));
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || before?.dims !== header.dims, at = performance.now();
  const pause = at - (map.when ?? 0);
  Object.assign(map, message, { known, when: at, zoom: header.projector ? 1.4 : 1, palette: paletteOf(map.root) });
  map.ink = inkOf(map.root); // read once: in a motion each reading costs as much as a picture
  map.font = `600 ${13 * map.zoom}px ${getComputedStyle(map.root).getPropertyValue("--st-font")}`;
  if (header.projector !== before?.projector) map.widths = new Map();
  map.square = (i) => map.shades.some((shade) => shade.square.length && shade.square.includes(shade.values[i]));
  map.root.classList.toggle("projector", header.projector);
  map.root.style.setProperty("--height", `${header.height}px`);
  if (!same) Object.assign(map, { selected: header.selected ?? [], hovered: null, kind: null, room: null });
  else takeChosen(map, header);
  map.root.dataset.step = header.step; // received, not painted yet
  if (before?.step !== header.step) map.root.dataset.frames = (Number(map.root.dataset.frames) || 0) + 1;
  map.size = [map.stage.clientWidth, map.stage.clientHeight];
  map.canvas.ariaLabel = phrase`${header.title}, ${header.subject}: ${header.count} points at step ${header.step}. ${header.quality.map((pair) => pair.join(" ")).join(", ")}`;
  map.over.ariaLabel = phrase`${header.title}: arrow keys go from point to point, Enter chooses, Escape lets go`;
  showTools(map);
  const still = map.places;
  map.places = null; // painted once, below
  light(map);
  map.places = still;
  if (same && !calm) travel(map, from, header.live || ease() ? Math.max(90, Math.min(SLOWEST, pause * 0.9)) : JUMP);
  else settle(map);
}

export default living({
  build,
  update: (map, { data, setStateValue }) => {
    map.send = setStateValue;
    const message = unpack(data), { header } = message, { moment } = header;
    if (moment && map.header?.of === header.of && outrun(map, header)) takeChosen(map, header) && light(map);
    else take(map, message);
    map.hear ??= (bytes) => {
      const message = unpack(bytes);
      if (message.header.of === map.header.of) take(map, message); // else it set out before another map was chosen
    };
    moment ? hear("map", map.hear) : unhear("map", map.hear);
  },
  remove: (map) => {
    cancelAnimationFrame(map.ticking);
    unhear("map", map.hear);
  },
});

// Landscape: heights over a plane with paths on it. Built once, then repainted in place at every message.
const REACH = 9; // pixels from the pointer within which a point of a path is shown in the tooltip

function unpackLandscape(data) {
  const { header, buffer, from } = opened(data), numbers = new Float32Array(buffer, from);
  let at = 0;
  const next = (n) => numbers.subarray(at, (at += n));
  const values = next(header.shape[0] * header.shape[1]);
  for (const track of header.tracks) {
    for (const name of ["step", "x", "y", "value", "off", "distance", "far"]) track[name] = next(track.n);
    track.numbers = next(Math.max(0, track.n - 1) * track.stages.length * 2);
  }
  return { header, values };
}

function build(parent) {
  const root = make("div", "landscape", parent), picture = make("div", "picture", root), head = make("div", "head", picture);
  const land = { root, picture, hidden: new Set(), pointer: null, found: null, step: 0, sub: -1 };
  land.title = make("b", "", head);
  land.legend = make("div", "legend", head);
  land.menu = make("div", "saving", head);
  land.progress = make("div", "progress", picture);
  land.done = make("i", "", land.progress);
  const body = make("div", "body", picture);
  land.stage = make("div", "stage", body);
  land.canvas = make("canvas", "", land.stage);
  land.over = make("canvas", "over", land.stage);
  land.canvas.role = "img";
  land.over.tabIndex = 0;
  land.side = make("div", "side", body);
  land.tip = make("div", "tip", root);
  land.tip.hidden = true;
  land.upto = (track) => (land.header.player ? Math.min(taken(land), track.n - 1) : track.n - 1);
  land.now = (track) => (land.header.player ? land.upto(track) : track.now);
  landscapeMenu(land);
  buildPlayer(land);
  land.over.onpointermove = ({ offsetX, offsetY }) => point(land, [offsetX, offsetY]);
  land.over.onpointerleave = () => point(land, null);
  land.over.onblur = () => point(land, null);
  land.over.onclick = ({ offsetX, offsetY }) => press(land, offsetX, offsetY);
  land.over.onkeydown = (event) => moveByKey(land, event);
  land.observer = onResize(land.stage, () => draw(land));
  return land;
}

function buildLegend(land) {
  const known = JSON.stringify([land.header.tracks.map(({ name, color }) => [name, color]), [...land.hidden]]);
  if (known === land.known) return;
  land.known = known;
  land.legend.replaceChildren();
  land.root.classList.toggle("many", land.header.tracks.length > 3);
  for (const { name, color } of land.header.tracks) {
    const entry = make("button", "", land.legend);
    make("i", "", entry).style.background = color;
    make("span", "", entry, name);
    Object.assign(entry, { title: phrase`${name}: click to hide or show`, ariaPressed: String(!land.hidden.has(name)) });
    entry.onclick = () => {
      land.hidden.has(name) ? land.hidden.delete(name) : land.hidden.add(name);
      draw(land);
    };
  }
}

function draw(land) {
  const { stage, canvas, header } = land, width = stage.clientWidth, height = stage.clientHeight;
  if (!header || width < 220 || height < 140) return;
  buildLegend(land);
  land.palette = paletteOf(land.root);
  land.place = placed(land, width, height);
  drawLandscape(cleared(canvas, width, height), land, land.place);
  point(land, land.pointer);
}

// The point of the grid that is nearest to a place, among those that are known.
function gridPoint(land, px, py) {
  const { header: { shape: [rows, columns], stride, window: [[left, right], [low, high]] }, values, place } = land;
  const size = Math.max(1, stride), c0 = ((place.x.back(px) - left) / (right - left)) * (columns - 1), r0 = ((place.y.back(py) - low) / (high - low)) * (rows - 1);
  let best = null, least = Infinity;
  for (let r = Math.max(0, Math.floor(r0) - size); r <= Math.min(rows - 1, Math.ceil(r0) + size); r++)
    for (let c = Math.max(0, Math.floor(c0) - size); c <= Math.min(columns - 1, Math.ceil(c0) + size); c++) {
      const far = (r - r0) ** 2 + (c - c0) ** 2;
      if (Number.isNaN(values[r * columns + c]) || far >= least) continue;
      [least, best] = [far, { r, c, x: left + (c / (columns - 1)) * (right - left), y: low + (r / (rows - 1)) * (high - low), value: values[r * columns + c] }];
    }
  return best;
}

function pathPoint(land, px, py) {
  let best = null, least = REACH * REACH;
  for (const track of land.header.tracks) {
    if (land.hidden.has(track.name)) continue;
    for (let i = 0; i <= land.upto(track); i++) {
      const far = (land.place.x.at(track.x[i]) - px) ** 2 + (land.place.y.at(track.y[i]) - py) ** 2;
      if (far <= least) [least, best] = [far, { track, i, x: track.x[i], y: track.y[i] }];
    }
  }
  return best;
}

function point(land, pointer) {
  land.pointer = pointer;
  if (!land.place) return;
  const { width, height, place } = { ...land.place, place: land.place }, context = cleared(land.over, width, height);
  const within = pointer && inside(place, ...pointer);
  land.found = within ? (pathPoint(land, ...pointer) ?? gridPoint(land, ...pointer)) : null;
  land.tip.hidden = !land.found;
  if (!land.found) return;
  const ink = inkOf(land.root), [px, py] = [place.x.at(land.found.x), place.y.at(land.found.y)];
  context.beginPath();
  context.arc(px, py, 5, 0, 2 * Math.PI);
  for (const [color, width] of [[ink.paper, 4], [ink.text, 1.75]]) {
    [context.strokeStyle, context.lineWidth] = [color, width];
    context.stroke();
  }
  tell(land, px, py);
}

function tell(land, px, py) {
  const { tip, root, header, found } = land, line = (name, words) => tip.append(make("span", "", null, name), make("b", "", null, words));
  tip.replaceChildren();
  const { track, i } = found;
  if (track) {
    line(track.name, phrase`step ${track.step[i]}`);
    if (Number.isFinite(track.value[i])) line(header.value, format(track.value[i], 6));
  } else line(header.value, format(found.value, 6));
  line(phrase("at"), `(${format(found.x, 4)}, ${format(found.y, 4)})`);
  if (track && header.outside) {
    line(phrase("distance from the plane"), format(track.distance[i], 4));
    tip.append(make("em", "", null, track.far[i] ? phrase("far off the plane: the colour here is not its loss") : phrase`${percentOf(track.off[i], 1)} of its squared distance is off the plane`));
  }
  const hint = track ? (track.marked ? phrase("click: go to this step") : "") : header.hint;
  if (hint) tip.append(make("em", "", null, hint));
  placeTip(tip, root, land.stage, px, py - tip.offsetHeight / 2);
}

function press(land, px, py) {
  const { place, header, found } = land;
  if (!place || !inside(place, px, py)) return;
  if (header.starts) {
    land.send("start", { x: place.x.back(px), y: place.y.back(py) });
    point(land, null); // what happens now is not to be covered
  } else if (found?.track?.marked) land.send("step", found.track.step[found.i]);
}

// Arrow keys walk over the grid, Enter chooses the place.
function moveByKey(land, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !land.place) return;
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key], { box } = land.place;
  const [px, py] = land.pointer ?? [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  if (event.key === "Enter" && land.pointer) press(land, px, py);
  else if (event.key === "Escape") point(land, null);
  else if (way) {
    const step = Math.max(1, land.header.stride), wide = (step * (box.right - box.left)) / (land.header.shape[1] - 1), tall = (step * (box.bottom - box.top)) / (land.header.shape[0] - 1);
    point(land, [Math.min(box.right, Math.max(box.left, px + way[0] * wide)), Math.min(box.bottom, Math.max(box.top, py + way[1] * tall))]);
  } else return;
  event.preventDefault();
  event.stopPropagation(); // the same keys move the scrubber
}

function show(land, data) {
  land.data = data.slice();
  const { header, values } = unpackLandscape(data), before = land.header;
  if (header.title === before?.title) goOver(land.canvas, ease());
  Object.assign(land, { header, values, ends: ends(values, header) });
  land.share = heights(header, land.ends);
  land.levels = levels(...land.ends, header.scale, MOST_LEVELS);
  land.root.classList.toggle("projector", header.projector);
  land.root.classList.toggle("plays", header.player);
  land.picture.style.height = header.player ? "" : `${header.height}px`;
  land.stage.style.height = land.side.style.height = header.player ? `${header.height}px` : "";
  land.title.textContent = header.title;
  land.progress.title = header.progress.words;
  land.progress.classList.toggle("whole", header.progress.share >= 1);
  land.done.style.width = `${100 * header.progress.share}%`;
  land.canvas.ariaLabel = header.alt;
  land.over.ariaLabel = phrase`${header.title}: arrow keys walk over the surface and read it${header.starts ? phrase(", Enter starts from there") : ""}`;
  land.root.dataset.known = values.reduce((count, value) => count + !Number.isNaN(value), 0); // for whoever watches the page
  land.root.dataset.walk = header.walk ?? "";
  showPlayer(land, before);
  draw(land);
}

export default living({
  build,
  update: (land, { data, setTriggerValue }) => {
    land.send = setTriggerValue;
    const ink = JSON.stringify(inkOf(land.root)); // another theme is another picture
    if (!sameBytes(land.data, data) || land.ink !== ink) show(land, data);
    land.ink = ink;
  },
  remove: ({ timer }) => clearInterval(timer),
});

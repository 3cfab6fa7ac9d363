// Point map, drawing: from a frame's points to places on the canvas, and what stands there.
// A token's text is drawn where there is room for it, a dot elsewhere. Both depend on the frame alone, so that
// the same step gives the same picture again.
const MARGIN = 26, PILL = 20, DOT = 4, EIGHTH = 2 ** (1 / 8);
const CUBE = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((a) => [1, 2, 4].filter((bit) => !(a & bit)).map((bit) => [a, a | bit]));

// Points in units of the canvas, around their mean: of its half height in 2-D, of the half side of a cube in 3-D.
// Sizes go in steps of an eighth of a doubling: the map does not breathe at every frame.
function fitted({ header: { dims, count }, points, paths, size: [width, height] }) {
  const room = [Math.max(1, width / 2 - MARGIN), Math.max(1, height / 2 - MARGIN)], aspect = dims === 3 ? [1, 1, 1] : [room[0] / room[1], 1];
  const known = [...Array(count).keys()].filter((i) => Number.isFinite(points[i * dims] + points[i * dims + dims - 1]));
  const middle = aspect.slice(0, dims).map((_, d) => known.reduce((sum, i) => sum + points[i * dims + d], 0) / Math.max(1, known.length));
  let reach = 1e-9;
  const take = (value, d) => Number.isFinite(value) && (reach = Math.max(reach, Math.abs(value - middle[d]) / aspect[d]));
  for (const i of known) for (let d = 0; d < dims; d++) take(points[i * dims + d], d);
  paths.forEach((value, i) => take(value, i % dims)); // trails are seen whole
  return { middle, scale: EIGHTH ** Math.floor(-Math.log(reach) / Math.log(EIGHTH)) };
}

function inUnits(map) {
  const { dims, count } = map.header, { middle, scale } = fitted(map), units = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) for (let d = 0; d < dims; d++) units[i * 3 + d] = (map.points[i * dims + d] - middle[d]) * scale;
  return { units, scale, middle };
}

// Where a place in units is seen: x, y in pixels, and z from −1 (far) to 1 (near).
function seen(map, x, y, z) {
  const [width, height] = map.size;
  if (map.header.dims === 2) {
    const half = height / 2 - MARGIN;
    return [width / 2 + x * half, height / 2 - y * half, 0];
  }
  const half = Math.min(width, height) / 2 - MARGIN / 2, [cy, sy] = [Math.cos(map.yaw), Math.sin(map.yaw)], [cp, sp] = [Math.cos(map.pitch), Math.sin(map.pitch)];
  const across = x * cy + z * sy, deep = z * cy - x * sy, up = y * cp - deep * sp, near = deep * cp + y * sp;
  const eye = 0.64 / (1 - 0.14 * near);
  return [width / 2 + across * half * eye, height / 2 - up * half * eye, near];
}

const placesOf = (map, units) => Array.from({ length: map.header.count }, (_, i) => seen(map, units[i * 3], units[i * 3 + 1], units[i * 3 + 2]));

function widthOf(map, label) {
  const known = map.widths.get(label);
  if (known) return known;
  map.ruler.font = map.font;
  const wide = Math.max(PILL * map.zoom, Math.ceil(map.ruler.measureText(label).width) + 10);
  map.widths.set(label, wide);
  return wide;
}

// Which points have room for their text: the chosen ones first, then the lit ones, then in the order Python gives.
function roomy(map, places) {
  const { labels, order } = map.header, high = PILL * map.zoom, taken = new Map(), found = new Uint8Array(labels.length);
  const cells = (x, y, wide) => {
    const keys = [];
    for (let a = Math.floor((x - wide / 2) / 64); a <= Math.floor((x + wide / 2) / 64); a++)
      for (let b = Math.floor((y - high / 2) / 32); b <= Math.floor((y + high / 2) / 32); b++) keys.push(a * 4096 + b);
    return keys;
  };
  for (const i of [...map.selected, ...(map.lit ?? []), ...order]) {
    if (found[i]) continue;
    const [x, y] = places[i], wide = widthOf(map, labels[i]);
    if (!Number.isFinite(x)) continue;
    const around = cells(x, y, wide);
    const free = around.every((key) => (taken.get(key) ?? []).every(([a, b, w]) => Math.abs(a - x) >= (w + wide) / 2 + 2 || Math.abs(b - y) >= high + 2));
    if (!free) continue;
    found[i] = 1;
    for (const key of around) taken.set(key, [...(taken.get(key) ?? []), [x, y, wide]]);
  }
  return found;
}

// Each point's colour under the shade that is chosen. A number that is missing has the mark for it.
function coloursOf(map) {
  const shade = map.shades[map.shade], { colours } = map.palette;
  if (shade.categories.length) return Array.from(shade.values, (c) => shade.categories[c]?.[1] ?? css(colours.nan[0]));
  const [low, high] = shade.ends, at = (v) => (shade.scale === "log" ? Math.log(Math.max(v, 1e-12)) : v), span = at(high) - at(low) || 1;
  return Array.from(shade.values, (v) => (Number.isFinite(v) ? css(between(colours.sequential.slice(1), (at(v) - at(low)) / span)) : css(colours.nan[0])));
}

function mark(context, x, y, size, colour, square) {
  context.fillStyle = colour;
  if (square) context.fillRect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8);
  else {
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.fill();
  }
}

function pill(context, map, i, [x, y], colour, ink, loud) {
  const wide = widthOf(map, map.header.labels[i]), high = PILL * map.zoom, alpha = context.globalAlpha, radius = map.square(i) ? 3 : high / 2;
  const outline = () => {
    context.beginPath();
    context.roundRect(x - wide / 2, y - high / 2, wide, high, radius);
  };
  outline();
  context.fillStyle = ink.paper;
  context.fill();
  context.globalAlpha = alpha * (loud ? 0.5 : 0.24);
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = alpha;
  outline();
  context.strokeStyle = loud && map.selected.length === 1 && map.selected[0] === i ? ink.text : colour;
  context.lineWidth = loud ? 2.2 : 1.2;
  context.stroke();
  context.fillStyle = ink.text;
  context.font = map.font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(map.header.labels[i], x, y + 0.5);
}

function backdrop(context, map, ink) {
  const { dims, axes } = map.header, [width, height] = map.size;
  context.lineWidth = 1;
  if (dims === 3) {
    const corner = (a) => seen(map, a & 1 ? 1 : -1, a & 2 ? 1 : -1, a & 4 ? 1 : -1);
    for (const [a, b] of CUBE) {
      const [from, to] = [corner(a), corner(b)];
      context.globalAlpha = 0.5 + 0.25 * Math.max(-1, Math.min(1, (from[2] + to[2]) / 3));
      stroke(context, ink.line, 1, [], [from, to]);
    }
    context.globalAlpha = 1;
    axes.forEach((name, d) => {
      const [x, y] = seen(map, ...[0, 1, 2].map((other) => (other === d ? 1.12 : -1)));
      context.textAlign = "center";
      context.textBaseline = "middle";
      words(context, name, x, y, ink.dim, ink, 400, 12 * map.zoom);
    });
  } else if (axes.length) {
    stroke(context, ink.line, 1, [], [[0, height / 2], [width, height / 2]]);
    stroke(context, ink.line, 1, [], [[width / 2, 0], [width / 2, height]]);
    context.textAlign = "right";
    context.textBaseline = "bottom";
    words(context, axes[0], width - 4, height / 2 - 4, ink.dim, ink, 400, 12 * map.zoom);
    context.textAlign = "left";
    context.textBaseline = "top";
    words(context, axes[1], width / 2 + 7, 3, ink.dim, ink, 400, 12 * map.zoom);
  }
}

// Where chosen tokens came from: thin and pale long ago, thick now.
function drawTrails(context, map, places) {
  const { trails: { tokens, colours, length }, dims } = map.header;
  tokens.forEach((token, k) => {
    const path = Array.from({ length }, (_, t) => {
      const at = (t * tokens.length + k) * dims, place = (d) => (d < dims ? (map.paths[at + d] - map.middle[d]) * map.scale : 0);
      return seen(map, place(0), place(1), place(2));
    }).filter(([x]) => Number.isFinite(x));
    if (map.atRest) path.push(places[token]);
    for (let t = 1; t < path.length; t++) {
      const age = t / path.length;
      context.globalAlpha = 0.15 + 0.75 * age;
      stroke(context, colours[k], (0.8 + 2 * age) * map.zoom, [], [path[t - 1], path[t]]);
    }
    context.globalAlpha = 1;
    if (path.length) mark(context, ...path[0], 3, colours[k], false);
  });
}

// Everything, into a context of the canvas's size: a canvas's or Vector's.
function drawMap(context, map, places, room, ink) {
  backdrop(context, map, ink);
  drawTrails(context, map, places);
  const colours = coloursOf(map), lit = map.lit, deep = map.header.dims === 3;
  const ranks = places.map((_, i) => i).filter((i) => Number.isFinite(places[i][0]));
  const loud = (i) => map.selected.includes(i) || (lit?.has(i) ?? false);
  ranks.sort((a, b) => loud(a) - loud(b) || (deep ? places[a][2] - places[b][2] : room[a] - room[b]));
  for (const i of ranks) {
    const [x, y, z] = places[i], shade = deep ? 0.4 + 0.6 * Math.min(1, Math.max(0, (z + 1) / 2)) : 1;
    context.globalAlpha = lit && !loud(i) ? 0.16 : loud(i) ? 1 : shade;
    if (room[i]) pill(context, map, i, places[i], colours[i], ink, loud(i));
    else mark(context, x, y, (loud(i) ? DOT + 1.5 : map.header.count > 800 ? DOT * 0.7 : DOT) * map.zoom, colours[i], map.square(i));
  }
  context.globalAlpha = 1;
}

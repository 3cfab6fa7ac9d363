// Drawing a landscape: heights as colours, contours, paths, marks and scale, into a canvas's context or Vector's.
const AROUND = { left: 62, right: 78, top: 26, bottom: 46 };
const BAR = { gap: 16, width: 14 };
const MOST_LEVELS = 14;
const SEAM = 0.6; // pixels that a cell lies under the next, so that no ground shows between them
const DEEPEST = 0.6; // of the colours: paths have to be seen on the highest ground

// From a height to its share of the colours, 0 to 1.
function heights({ scale }, [low, high]) {
  const bend = scale === "log" ? (v) => Math.log(Math.max(v, low)) : (v) => v, [from, to] = [bend(low), bend(high)];
  return (value) => Math.min(1, Math.max(0, (bend(value) - from) / (to - from)));
}

function colourOf(land, share, value) {
  const { palette, header: { scale } } = land;
  if (value === Infinity) return palette.colours.plus[0];
  if (scale !== "signed") return between(palette.colours.sequential, DEEPEST * share);
  return between(share < 0.5 ? palette.colours.negative : palette.colours.sequential, DEEPEST * Math.abs(2 * share - 1));
}

// Where things stand, for a canvas of this size.
function placed(land, width, height, above = 0) {
  const { header } = land, zoom = header.projector ? 1.35 : 1;
  const box = { left: AROUND.left * zoom, right: width - AROUND.right * zoom, top: AROUND.top * zoom + above, bottom: height - AROUND.bottom * zoom + above };
  const axis = ([low, high], from, to) => ({ low, high, at: (v) => from + ((v - low) / (high - low)) * (to - from), back: (p) => low + ((p - from) / (to - from)) * (high - low) });
  return { width, height: height + above, zoom, box, x: axis(header.window[0], box.left, box.right), y: axis(header.window[1], box.bottom, box.top) };
}

// The finest whole grid, as its own small matrix.
function wholeGrid({ header: { shape: [rows, columns], stride }, values }) {
  if (stride === 1) return { rows, columns, values };
  const [R, C] = [(rows - 1) / stride + 1, (columns - 1) / stride + 1];
  return { rows: R, columns: C, values: Float64Array.from({ length: R * C }, (_, i) => values[Math.floor(i / C) * stride * columns + (i % C) * stride]) };
}

function paintHeights(context, land, place) {
  const { header: { shape: [rows, columns], stride }, values } = land, { box } = place, vector = context instanceof Vector;
  const wide = (box.right - box.left) / (columns - 1), tall = (box.bottom - box.top) / (rows - 1);
  const cell = (r, c, size, colour) => {
    const x = Math.max(box.left, box.left + (c - size / 2) * wide), y = Math.max(box.top, box.bottom - (r + size / 2) * tall);
    context.fillStyle = colour;
    const right = Math.min(box.right, box.left + (c + size / 2) * wide + SEAM), bottom = Math.min(box.bottom, box.bottom - (r - size / 2) * tall + SEAM);
    context.fillRect(x, y, right - x, bottom - y);
  };
  if (!vector && stride) {
    const { rows: R, columns: C, values: whole } = wholeGrid(land), small = document.createElement("canvas");
    [small.width, small.height] = [C, R];
    const painter = small.getContext("2d"), image = painter.createImageData(C, R), pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[(R - 1 - Math.floor(i / C)) * C + (i % C)] = pixel(colourOf(land, land.share(whole[i]), whole[i]));
    painter.putImageData(image, 0, 0);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.clip();
    context.imageSmoothingQuality = "high";
    const [dx, dy] = [(stride * wide) / 2, (stride * tall) / 2]; // a pixel's middle is its point
    context.drawImage(small, box.left - dx, box.top - dy, box.right - box.left + 2 * dx, box.bottom - box.top + 2 * dy);
    context.restore();
  }
  const coarse = vector ? 0 : stride, fine = coarse ? coarse / 2 : stride || 8;
  for (let r = 0; r < rows; r++) // what is known beyond the whole grid, point by point
    for (let c = 0; c < columns; c++) {
      const value = values[r * columns + c];
      if (!Number.isNaN(value) && !(coarse && r % coarse === 0 && c % coarse === 0)) cell(r, c, fine, css(colourOf(land, land.share(value), value)));
    }
}

function drawContours(context, land, place, ink) {
  if (!land.header.stride) return;
  const { rows, columns, values } = wholeGrid(land), { x, y } = place, [[left, right], [low, high]] = land.header.window;
  const bend = land.header.scale === "log" ? (v) => Math.log(Math.max(v, land.ends[0] * 1e-3)) : (v) => v, bent = values.map(bend);
  const at = ([c, r]) => [x.at(left + (c / (columns - 1)) * (right - left)), y.at(low + (r / (rows - 1)) * (high - low))];
  context.strokeStyle = ink.text;
  context.lineWidth = 0.8 * place.zoom;
  context.globalAlpha = 0.4;
  for (const level of land.levels) {
    context.beginPath();
    for (const [a, b] of contour(bent, rows, columns, bend(level))) {
      context.moveTo(...at(a));
      context.lineTo(...at(b));
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

// What stands beside a level: as many digits as tell it from the next where they are evenly spaced.
function tick(land, value) {
  const [low, high] = land.ends, even = land.header.scale !== "log" || high / low < 10;
  if (even && land.levels.length > 1) return decimals(land.levels[1] - land.levels[0], value);
  return Math.abs(value) >= 1000 ? short(value) : value < 1e-3 ? format(value, 1) : String(Number(value.toPrecision(3)));
}

function drawScale(context, land, { box, zoom }, ink) {
  const { header } = land, left = box.right + BAR.gap * zoom, wide = BAR.width * zoom, tall = box.bottom - box.top, bands = 64;
  for (let i = 0; i < bands; i++) {
    context.fillStyle = css(colourOf(land, (i + 0.5) / bands, 0));
    context.fillRect(left, box.bottom - ((i + 1) * tall) / bands, wide, tall / bands + 0.6);
  }
  context.textBaseline = "middle";
  context.textAlign = "left";
  let last = Infinity;
  for (const level of land.levels) {
    const at = box.bottom - land.share(level) * tall;
    stroke(context, ink.text, 1, [], [[left, at], [left + wide, at]]);
    if (last - at < 14 * zoom || at < box.top + 6) continue;
    words(context, tick(land, level), left + wide + 5, at, ink.dim, ink, 400, 11 * zoom);
    last = at;
  }
  context.textAlign = "right";
  context.textBaseline = "bottom";
  words(context, header.unit, left + wide + 44 * zoom, box.top - 7 * zoom, ink.dim, ink, 600, 11.5 * zoom);
}

function drawAxes(context, land, { box, x, y, zoom }, ink) {
  const size = 11.5 * zoom, ticks = (axis, room) => evenly(axis.low, axis.high, room / (70 * zoom));
  stroke(context, ink.dim, 1, [], [[box.left, box.top], [box.left, box.bottom], [box.right, box.bottom]]);
  context.textBaseline = "top";
  context.textAlign = "center";
  const across = ticks(x, box.right - box.left), up = ticks(y, box.bottom - box.top);
  for (const value of across.ticks) words(context, decimals(across.step, value), x.at(value), box.bottom + 6 * zoom, ink.dim, ink, 400, size);
  context.textAlign = "left";
  words(context, land.header.axes[0], box.left, box.bottom + 24 * zoom, ink.dim, ink, 600, size);
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of up.ticks) words(context, decimals(up.step, value), box.left - 7, y.at(value), ink.dim, ink, 400, size);
}

const inside = ({ box }, px, py) => px >= box.left - 1 && px <= box.right + 1 && py >= box.top - 1 && py <= box.bottom + 1;

// The part of the segment from a to b that lies inside the box, or null (Liang and Barsky 1984).
function clipped([ax, ay], [bx, by], { left, right, top, bottom }) {
  let [from, to] = [0, 1];
  for (const [p, q] of [[ax - bx, ax - left], [bx - ax, right - ax], [ay - by, ay - top], [by - ay, bottom - ay]]) {
    if (p === 0 && q < 0) return null;
    if (p < 0) from = Math.max(from, q / p);
    else if (p > 0) to = Math.min(to, q / p);
  }
  const at = (t) => [ax + t * (bx - ax), ay + t * (by - ay)];
  return from > to || !Number.isFinite(from + to) ? null : [at(from), at(to)];
}

function drawTracks(context, land, place, ink) {
  const zoom = place.zoom, shown = land.header.tracks.filter((track) => !land.hidden.has(track.name));
  const point = (track, i) => [place.x.at(track.x[i]), place.y.at(track.y[i])];
  for (const halo of [true, false])
    for (const track of shown) {
      const last = land.upto(track);
      for (let i = 1; i <= last; i++) {
        const piece = clipped(point(track, i - 1), point(track, i), place.box), away = track.far[i];
        if (piece) stroke(context, halo ? ink.paper : track.color, (halo ? 5 : 2.2) * zoom, away && !halo ? [2, 4] : [], piece);
      }
      if (halo) continue;
      for (let i = 0; i <= last; i++) if (inside(place, ...point(track, i))) dot(context, ...point(track, i), (i === 0 ? 3.5 : 1.8) * zoom, track.color, i === 0 ? ink.paper : null);
    }
  for (const track of shown) {
    const now = land.now(track);
    if (now < 0 || now >= track.n || !inside(place, ...point(track, now))) continue;
    dot(context, ...point(track, now), 6 * zoom, track.color, ink.paper);
    if (!track.marked) continue;
    context.beginPath();
    context.arc(...point(track, now), 10 * zoom, 0, 2 * Math.PI);
    context.strokeStyle = land.header.cursor;
    context.lineWidth = 2.5 * zoom;
    context.stroke();
  }
}

function drawMarks(context, land, place, ink) {
  for (const { x, y, label } of land.header.marks) {
    const [px, py] = [place.x.at(x), place.y.at(y)], r = 5 * place.zoom;
    if (!inside(place, px, py)) continue;
    for (const [color, width] of [[ink.paper, 4.5], [ink.text, 2]]) {
      stroke(context, color, width, [], [[px - r, py], [px + r, py]]);
      stroke(context, color, width, [], [[px, py - r], [px, py + r]]);
    }
    const right = px < place.box.right - 130;
    context.textAlign = right ? "left" : "right";
    context.textBaseline = "bottom";
    words(context, label, px + (right ? 13 : -13) * place.zoom, py - 6, ink.text, ink, 600, 11.5 * place.zoom);
  }
}

function drawLandscape(context, land, place) {
  const ink = inkOf(land.root);
  paintHeights(context, land, place);
  drawContours(context, land, place, ink);
  drawAxes(context, land, place, ink);
  drawScale(context, land, place, ink);
  drawMarks(context, land, place, ink);
  drawTracks(context, land, place, ink);
}

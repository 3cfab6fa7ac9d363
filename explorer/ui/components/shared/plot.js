// Plot: draws curves, their grid and their marks into a drawing context, a canvas's or Vector's.
function inkOf(element) {
  const style = getComputedStyle(element), read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return { text: read("text-color"), dim: read("gray-text-color"), line: read("border-color"), paper: groundOf(element), font: read("font") };
}

// The colour that lies behind an element: that of the nearest card or page.
function groundOf(element) {
  for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "rgba(0, 0, 0, 0)") return color;
  }
  return "white";
}

function stroke(context, color, width, dash, points) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.setLineDash([]);
}

function dot(context, x, y, size, color, paper) {
  context.beginPath();
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  if (paper) {
    context.strokeStyle = paper;
    context.lineWidth = 1.5;
    context.stroke();
  }
}

// Words on a ground of their own, so that a curve behind them does not make them hard to read.
function words(context, text, x, y, color, ink, weight = 400, size = 12) {
  context.font = `${weight} ${size}px ${ink.font}`;
  context.strokeStyle = ink.paper;
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}

// How wide a text is, in letters: a Chinese character is as wide as two of them, nearly.
const letters = (text) => [...text].reduce((sum, character) => sum + (character > "\u2e7f" ? 1.85 : 1), 0);

function grid(context, { box, x, y, zoom }, look, ink) {
  const size = 12 * zoom;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { value, label, faint } of y.ticks) {
    context.globalAlpha = faint ? 0.25 : 0.8;
    stroke(context, ink.line, 1, [], [[box.left, y.at(value)], [box.right, y.at(value)]]);
    context.globalAlpha = 1;
    if (label) words(context, label, box.left - 8, y.at(value), ink.dim, ink, 400, size);
  }
  stroke(context, ink.dim, 1, [], [[box.left, box.bottom], [box.right, box.bottom]]);
  context.textBaseline = "top";
  context.textAlign = "center";
  const unit = look.across === "step" ? phrase("step") : look.across, until = box.right - 7 * letters(unit) * zoom;
  for (const { value, label } of x.ticks) if (x.at(value) + 3.3 * label.length * zoom < until) words(context, label, x.at(value), box.bottom + 7 * zoom, ink.dim, ink, 400, size);
  context.textAlign = "right";
  words(context, unit, box.right, box.bottom + 7 * zoom, ink.dim, ink, 600, size);
  context.textAlign = "left";
  words(context, look.unit, 0, 2, ink.dim, ink, 600, size);
}

// A curve as unbroken pieces: a gap stands where nothing is known, or where a log axis has no place. What is higher
// than the axis goes runs along its upper edge.
function pieces(values, curve, { x, y, box }) {
  const found = [];
  let piece = null;
  for (let i = 0; i < curve.n; i++) {
    const at = Number.isFinite(values[i]) ? Math.max(y.at(values[i]), box.top) : NaN;
    if (!Number.isFinite(at)) piece = null;
    else if (piece) piece.push([x.at(curve.step[i]), at]);
    else found.push((piece = [[x.at(curve.step[i]), at]]));
  }
  return found;
}

function band(context, curve, place) {
  const lows = pieces(curve.low, curve, place), highs = pieces(curve.high, curve, place);
  context.fillStyle = curve.color;
  context.globalAlpha = 0.22;
  lows.forEach((low, p) => {
    const outline = [...low, ...[...(highs[p] ?? low)].reverse()];
    context.beginPath();
    outline.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fill();
  });
  context.globalAlpha = 1;
}

function line(context, curve, place, look) {
  const width = (curve.kind === "earlier" ? 1.25 : look.thin ? 1.5 : 2) * place.zoom;
  for (const piece of pieces(curve.value, curve, place)) {
    if (piece.length === 1) dot(context, ...piece[0], width, curve.color);
    else stroke(context, curve.color, width, curve.dash.map((d) => d * 1.5), piece);
    if (curve.kind === "validation") for (const at of piece) dot(context, ...at, 2.6 * place.zoom, curve.color);
  }
}

// How much of a drawn line lies in a box, in pixels: between its points it is a line too.
function lengthIn(piece, { left, right, top, bottom }) {
  let way = 0;
  for (let i = piece.length > 1 ? 1 : 0; i < piece.length; i++) {
    const [ax, ay] = piece[Math.max(0, i - 1)], [bx, by] = piece[i];
    let from = 0, to = 1;
    for (const [at, over, low, high] of [[ax, bx - ax, left, right], [ay, by - ay, top, bottom]]) {
      const ends = [(low - at) / over, (high - at) / over];
      if (over) [from, to] = [Math.max(from, Math.min(...ends)), Math.min(to, Math.max(...ends))];
      else if (at < low || at > high) to = -1;
    }
    if (to >= from) way += 1 + (to - from) * Math.hypot(bx - ax, by - ay);
  }
  return way;
}

// Where a level's words lie on no curve: at its right end, its left or in its middle, above or below, or one line of words
// further off; else where they lie on the least. Gives how they are aligned, and how far off they are.
function freePlace(place, curves, at, label) {
  const { box, zoom } = place, width = 6.5 * zoom * letters(label), height = 18 * zoom, free = box.right - box.left - width;
  const drawn = curves.flatMap((curve) => pieces(curve.value, curve, place));
  let best = null, least = Infinity;
  for (const off of [0, height])
    for (const [align, share] of [["right", 1], ["left", 0], ["center", 0.5]])
      for (const baseline of ["bottom", "top"]) {
        const left = box.left + share * free, top = baseline === "bottom" ? at - height - off : at + 1 + off;
        if (top < box.top - 4 || top + height > box.bottom + 4) continue;
        const taken = { left: left - 6, right: left + width + 6, top, bottom: top + height };
        const met = drawn.reduce((sum, piece) => sum + lengthIn(piece, taken), 0);
        if (met < least) [best, least] = [[align, baseline, off], met];
      }
  return best ?? ["right", at < box.top + 18 ? "top" : "bottom", 0];
}

function marks(context, { box, x, y, zoom }, { guides, curves, events, cursor, branch, nonfinite, colors }, ink) {
  if (branch) {
    const at = x.at(branch.step), left = at > box.right - 70 * zoom;
    stroke(context, ink.dim, 1.25, [2, 3], [[at, box.top], [at, box.bottom]]);
    Object.assign(context, { textAlign: left ? "right" : "left", textBaseline: "top" });
    words(context, branch.label, at + (left ? -5 : 5), box.top - 4, ink.dim, ink, 400, 12 * zoom);
  }
  for (const { value, label } of guides) {
    stroke(context, ink.dim, 1.25, [5, 4], [[box.left, y.at(value)], [box.right, y.at(value)]]);
    const [align, baseline, off] = freePlace({ box, x, y, zoom }, curves, y.at(value), label);
    const across = { right: box.right - 2, left: box.left + 4, center: (box.left + box.right) / 2 };
    Object.assign(context, { textAlign: align, textBaseline: baseline });
    words(context, label, across[align], y.at(value) + (baseline === "top" ? 4 + off : -4 - off), ink.dim, ink, 400, 12 * zoom);
  }
  if (cursor !== null) stroke(context, colors.cursor, 2, [], [[x.at(cursor), box.top], [x.at(cursor), box.bottom]]);
  for (const { step, color } of events) {
    const [px, py, r] = [x.at(step), box.bottom, 5.5 * zoom];
    context.beginPath();
    [[px, py - r], [px + r, py], [px, py + r], [px - r, py]].forEach(([a, b], i) => (i ? context.lineTo(a, b) : context.moveTo(a, b)));
    context.closePath();
    context.fillStyle = color;
    context.fill();
  }
  nonfinite.forEach(({ step, short }, i) => {
    const [px, py, r] = [x.at(step), box.top + 4, 4 * zoom];
    stroke(context, colors.bad, 2.5, [], [[px - r, py - r], [px + r, py + r]]);
    stroke(context, colors.bad, 2.5, [], [[px - r, py + r], [px + r, py - r]]);
    if (i || !short) return;
    context.textAlign = px > box.left + 90 ? "right" : "left";
    context.textBaseline = "middle";
    words(context, short, px + (context.textAlign === "right" ? -10 : 10), py, colors.bad, ink, 600, 12 * zoom);
  });
}

// A light around the place where a branch begins and along its curve. left: what is left of it, 1 to 0.
function glow(context, place, { step }, curve, left) {
  if (!curve) return;
  const since = curve.step.findIndex((at) => at >= step), from = since < 0 ? curve.n - 1 : Math.max(0, since - 1);
  const own = { ...curve, n: curve.n - from, step: curve.step.subarray(from), value: curve.value.subarray(from) };
  context.globalAlpha = 0.45 * left;
  for (const piece of pieces(own.value, own, place)) stroke(context, curve.color, 14 * place.zoom * left, [], piece);
  const [first] = pieces(own.value, own, place);
  if (first) dot(context, ...first[0], (6 + 16 * (1 - left)) * place.zoom, curve.color);
  context.globalAlpha = 1;
}

function drawPlot(context, place, header, ink) {
  grid(context, place, header.look, ink);
  const order = ["earlier", "train", "validation"];
  const curves = [...header.curves].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  for (const curve of curves) if (curve.band) band(context, curve, place);
  for (const curve of curves) line(context, curve, place, header.look);
  marks(context, place, header, ink);
  if (header.nothing) note(context, place, header.nothing, ink);
}

// Why nothing is drawn, in the middle of the plot.
function note(context, { box, zoom }, words, ink) {
  context.save();
  context.fillStyle = ink.dim;
  context.font = `${12 * zoom}px ${ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(words, (box.left + box.right) / 2, (box.top + box.bottom) / 2, box.right - box.left);
  context.restore();
}

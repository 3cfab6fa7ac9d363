// Rotation: the plane in which a pair turns, and its product over the distance.
const turned = ([a, b], angle) => [a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)];
const inner = ([a, b], [c, d]) => a * c + b * d;

// The product of one pair, or of all, when query and key are so far apart.
function productAt({ q, k, theta }, pair, distance) {
  if (pair !== null) return inner(turned(q[pair], distance * theta[pair]), k[pair]);
  let sum = 0;
  for (let i = 0; i < theta.length; i++) sum += inner(turned(q[i], distance * theta[i]), k[i]);
  return sum;
}

function arrow(context, from, to, color, width, dash) {
  stroke(context, color, width, dash, [from, to]);
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]], length = Math.hypot(dx, dy);
  if (length < 8) return;
  const [ux, uy] = [dx / length, dy / length], size = 4 + width * 2;
  context.beginPath();
  context.moveTo(to[0], to[1]);
  context.lineTo(to[0] - size * ux - size * 0.55 * uy, to[1] - size * uy + size * 0.55 * ux);
  context.lineTo(to[0] - size * ux + size * 0.55 * uy, to[1] - size * uy - size * 0.55 * ux);
  context.closePath();
  context.fillStyle = color;
  context.fill();
}

// The plane of the pair: query and key as they are (dashed) and as they are turned.
function drawPlane(context, { header, vectors, pair, m, n }, { width, height, zoom }, ink) {
  const { q, k, theta } = vectors, { colors } = header, middle = [width / 2, height / 2 + 8 * zoom];
  const radius = Math.min(width - 44 * zoom, height - 20 * zoom) / 2 - 26 * zoom, longest = Math.max(Math.hypot(...q[pair]), Math.hypot(...k[pair])) || 1;
  const place = ([x, y]) => [middle[0] + (x / longest) * radius, middle[1] - (y / longest) * radius];
  context.globalAlpha = 0.8;
  stroke(context, ink.line, 1, [], [[middle[0] - radius, middle[1]], [middle[0] + radius, middle[1]]]);
  stroke(context, ink.line, 1, [], [[middle[0], middle[1] - radius], [middle[0], middle[1] + radius]]);
  stroke(context, ink.line, 1, [], Array.from({ length: 97 }, (_, i) => place([longest * Math.cos((i * Math.PI) / 48), longest * Math.sin((i * Math.PI) / 48)])));
  context.globalAlpha = 1;
  for (const [name, vector, at] of [["query", q[pair], m], ["key", k[pair], n]]) {
    const angle = at * theta[pair], start = Math.atan2(vector[1], vector[0]), reach = (Math.hypot(...vector) / longest) * radius * (name === "query" ? 0.42 : 0.3);
    const turn = Math.min(Math.abs(angle), 2 * Math.PI) * Math.sign(angle), pieces = 48;
    stroke(context, colors[name], 1.5, [], Array.from({ length: pieces + 1 }, (_, i) => {
      const a = start + (turn * i) / pieces;
      return [middle[0] + reach * Math.cos(a), middle[1] - reach * Math.sin(a)];
    }));
    context.globalAlpha = 0.55;
    arrow(context, middle, place(vector), colors[name], 1.25, [4, 4]);
    context.globalAlpha = 1;
    const tip = place(turned(vector, angle));
    arrow(context, middle, tip, colors[name], 3 * zoom, []);
    const out = [tip[0] - middle[0], tip[1] - middle[1]], far = Math.hypot(...out) || 1;
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    words(context, { query: phrase("query"), key: phrase("key") }[name], tip[0] + (out[0] / far) * 20 * zoom, tip[1] + (out[1] / far) * 14 * zoom, colors[name], ink, 600, 13 * zoom);
  }
  Object.assign(context, { textAlign: "left", textBaseline: "top" });
  words(context, phrase`→ channel ${2 * pair}, ↑ channel ${2 * pair + 1}`, 0, 2, ink.dim, ink, 400, 12 * zoom);
  words(context, phrase("dashed: before turning"), 0, 18 * zoom, ink.dim, ink, 400, 12 * zoom);
}

// The product over the distance, with the present one marked.
function drawProduct(context, { header, vectors, pair, whole, m, n }, { width, height, zoom }, ink) {
  const { last, colors } = header, of = whole ? null : pair, box = { left: 58 * zoom, right: width - 12, top: 26 * zoom, bottom: height - 40 * zoom };
  const distances = Array.from({ length: 2 * last + 1 }, (_, i) => i - last), products = distances.map((d) => productAt(vectors, of, d));
  const most = Math.max(1e-9, ...products.map(Math.abs)), y = valueAxis("linear", -most, most, box.bottom, box.top);
  const x = { at: (d) => box.left + ((d + last) / (2 * last)) * (box.right - box.left) }, every = evenly(0, last, Math.max(2, (box.right - box.left) / 130)).step;
  for (const { value, label } of y.ticks) {
    context.globalAlpha = 0.8;
    stroke(context, ink.line, 1, [], [[box.left, y.at(value)], [box.right, y.at(value)]]);
    context.globalAlpha = 1;
    Object.assign(context, { textAlign: "right", textBaseline: "middle" });
    words(context, label, box.left - 7, y.at(value), ink.dim, ink, 400, 12 * zoom);
  }
  Object.assign(context, { textAlign: "center", textBaseline: "top" });
  for (const d of distances) if (d % Math.max(1, Math.round(every)) === 0) words(context, String(d).replace("-", "−"), x.at(d), box.bottom + 5, ink.dim, ink, 400, 12 * zoom);
  words(context, phrase("distance: query position − key position"), (box.left + box.right) / 2, box.bottom + 21 * zoom, ink.dim, ink, 600, 12 * zoom);
  Object.assign(context, { textAlign: "left" });
  words(context, whole ? phrase("product q · k of all pairs") : phrase`product q · k of pair ${pair}`, 0, 2, ink.dim, ink, 600, 12 * zoom);
  stroke(context, ink.dim, 1, [], [[x.at(0), box.top], [x.at(0), box.bottom]]);
  const fine = Array.from({ length: 8 * last + 1 }, (_, i) => i / 4 - last);
  stroke(context, colors.product, 1.5, [], fine.map((d) => [x.at(d), y.at(productAt(vectors, of, d))]));
  if (last <= 80) distances.forEach((d, i) => dot(context, x.at(d), y.at(products[i]), 2.2 * zoom, colors.product));
  const now = productAt(vectors, of, m - n);
  stroke(context, ink.text, 1, [4, 4], [[x.at(m - n), box.top], [x.at(m - n), box.bottom]]);
  dot(context, x.at(m - n), y.at(now), 6 * zoom, colors.product, ink.paper);
}

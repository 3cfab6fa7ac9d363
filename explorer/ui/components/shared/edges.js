// Edges: one layer's attention as lines from queries (left) to keys (right). Laid out once as a list of
// lines, words and squares, which a canvas draws and a file takes as SVG.
const LEAST = 0.01; // a smaller weight is not drawn
const MOST = 1200; // lines at once: more are a fog, and slow

// The matrices that are drawn: [{values, colour, name}], each (Q, K). `most` is what counts as full strength.
function sheetsOf(grid) {
  if (grid.message.coarse) return coarseSheets(grid);
  const { message, layer: r, merge } = grid, row = grid.rows[r], [, Q, K] = row.shape;
  const alone = (values, name) => [{ values, name, colour: grid.accent, most: Math.max(1, largest(values)) }];
  if (row.aggregates.includes(merge)) return alone(aggregateOf(message, merge, r), merge);
  const all = numbersOf(message, 0, r), on = headsOn(grid);
  const values = ({ h }) => all.subarray(h * Q * K, (h + 1) * Q * K);
  if (!(merge in MERGED) || !on.length)
    return on.map((cell) => ({ values: values(cell), name: cell.head.caption, colour: grid.colours[cell.h], most: 1 }));
  const merged = new Float32Array(Q * K);
  for (const cell of on) {
    const one = values(cell);
    for (let i = 0; i < merged.length; i++)
      merged[i] = merge === "max" ? Math.max(merged[i], one[i]) : merged[i] + one[i] / on.length;
  }
  return alone(merged, phrase`${merge} of ${on.length === 1 ? on[0].head.caption : phrase`${on.length} heads`}`);
}

// Where tokens and lines lie (CSS pixels): every token has its label, in type that fits.
function edgePlace(row, width, tall) {
  const [, Q, K] = row.shape, longest = Math.max(Q, K), top = 22;
  const pitch = Math.min(26, Math.max(9.5, (tall - top - 4) / longest)), size = Math.min(13, Math.max(9, pitch - 2));
  const letters = (tokens) => Math.min(10, Math.max(5, ...tokens.map((token) => visible(token).length)));
  const side = (tokens) => Math.min(width * 0.28, 46 + letters(tokens) * size * 0.62);
  return { width, height: top + pitch * longest + 4, top, pitch, size, left: side(row.q), right: width - side(row.k), Q, K };
}

const cut = (token) => (visible(token).length > 10 ? `${visible(token).slice(0, 9)}…` : visible(token));

// The weight from which lines are drawn where no token is pointed at, and how many reach `LEAST`.
function threshold(sheets) {
  const shares = ({ values, most }) => values.map((value) => value / most).filter((share) => share >= LEAST);
  const weights = sheets.map((sheet) => (sheet.places ? sheet.weights.map((weight) => weight / sheet.most) : shares(sheet)));
  const here = weights.reduce((sum, some) => sum + some.length, 0), all = new Float32Array(here);
  const count = sheets.reduce((sum, sheet, s) => sum + (sheet.count ?? weights[s].length), 0); // of a large grid more than here
  let from = 0;
  for (const some of weights) {
    all.set(some, from);
    from += some.length;
  }
  return { count, least: count > MOST ? all.sort()[here - MOST] : LEAST };
}

// Everything to draw. `focus` is {q, k} or null: with a query only its edges, else with a key only its.
function layOut(row, sheets, place, focus) {
  const { left, right, top, pitch, Q, K } = place, y = (position) => top + (position + 0.5) * pitch;
  const lines = [], words = [], squares = [], side = focus && (focus.q !== null ? "q" : "k");
  const { count, least } = side ? { count: 0, least: LEAST } : threshold(sheets);
  const shown = { q: new Float32Array(Q), k: new Float32Array(K) }; // the largest weight at every token
  sheets.forEach((sheet, s) => {
    const { values, colour, most } = sheet;
    const see = (q, k, weight) => {
      if (!(weight >= least)) return;
      lines.push({ y1: y(q), y2: y(k), weight, colour });
      shown.q[q] = Math.max(shown.q[q], weight);
      shown.k[k] = Math.max(shown.k[k], weight);
      if (!side) return;
      const [x, align, at] = side === "q" ? [place.width, "right", y(k)] : [0, "left", y(q)];
      const wide = Math.min(8, 40 / sheets.length), first = side === "q" ? x - 40 : 0;
      if (sheets.length === 1) words.push({ x, y: at, text: (weight * most).toFixed(2), align, kind: "number" });
      else squares.push({ x: first + s * wide, y: at, wide: wide - 1, weight, colour });
    };
    if (sheet.places) return eachWeight(sheet, K, focus, side, see);
    const [q0, q1] = side === "q" ? [focus.q, focus.q + 1] : [0, Q];
    const [k0, k1] = side === "k" ? [focus.k, focus.k + 1] : [0, K];
    for (let q = q0; q < q1; q++)
      for (let k = k0; k < k1; k++) see(q, k, values[q * K + k] / most);
  });
  if (!side) lines.sort((a, b) => a.weight - b.weight); // the strongest on top
  const label = (name, tokens, x, align) =>
    tokens.forEach((token, i) => {
      const kind = focus?.[name] === i ? "strong" : side && side !== name && !shown[name][i] ? "faint" : "token";
      words.push({ x, y: y(i), text: cut(token), align, kind });
    });
  label("q", row.q, left - 8, "right");
  label("k", row.k, right + 8, "left");
  words.push({ x: left - 8, y: 8, text: phrase("query"), align: "right", kind: "axis" });
  words.push({ x: right + 8, y: 8, text: phrase("key"), align: "left", kind: "axis" });
  return { lines, words, squares, count, wide: side ? 4 : 2.2, least: side ? 0.2 : 0 };
}

const strength = ({ weight }, least) => least + (1 - least) * Math.min(1, weight);
const thickness = ({ weight }, wide) => 0.6 + wide * Math.min(1, weight);

function fontOf(kind, place, family) {
  const size = kind === "axis" ? 11.5 : kind === "number" ? Math.min(11.5, place.size) : place.size;
  return { weight: kind === "strong" ? 700 : 400, size, css: `${kind === "strong" ? 700 : 400} ${size}px ${family}` };
}

function inksOf(style) {
  const [accent, text, gray] = ["primary", "text", "gray-text"].map((name) => style.getPropertyValue(`--st-${name}-color`));
  return { strong: accent, token: text, number: text, axis: gray, faint: gray };
}

function paintEdges(canvas, drawn, place, style) {
  const ratio = window.devicePixelRatio || 1, inks = inksOf(style), { left: x1, right: x2 } = place;
  canvas.width = Math.round(place.width * ratio);
  canvas.height = Math.round(place.height * ratio);
  canvas.style.height = `${place.height}px`;
  const context = canvas.getContext("2d"), half = (x1 + x2) / 2;
  context.scale(ratio, ratio);
  for (const line of drawn.lines) {
    context.globalAlpha = strength(line, drawn.least);
    context.strokeStyle = line.colour;
    context.lineWidth = thickness(line, drawn.wide);
    context.beginPath();
    context.moveTo(x1, line.y1);
    context.bezierCurveTo(half, line.y1, half, line.y2, x2, line.y2);
    context.stroke();
  }
  for (const square of drawn.squares) {
    context.globalAlpha = strength(square, 0.1);
    context.fillStyle = square.colour;
    context.fillRect(square.x, square.y - place.pitch * 0.4, square.wide, place.pitch * 0.8);
  }
  context.textBaseline = "middle";
  for (const { x, y, text, align, kind } of drawn.words) {
    context.globalAlpha = kind === "faint" ? 0.55 : 1;
    context.font = fontOf(kind, place, style.getPropertyValue("--st-font")).css;
    context.fillStyle = inks[kind];
    context.textAlign = align;
    context.fillText(text, x, y);
  }
}

// The same as a document: only its own numbers and escaped words.
function edgesSvg(drawn, place, style) {
  const { left: x1, right: x2 } = place, half = (x1 + x2) / 2;
  const inks = inksOf(style), family = style.getPropertyValue("--st-font");
  const svg = document.implementation.createDocument("http://www.w3.org/2000/svg", "svg"), root = svg.documentElement;
  const add = (tag, attributes, text = "") => {
    const element = svg.createElementNS(root.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    root.append(element);
  };
  root.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
  add("rect", { width: "100%", height: "100%", fill: style.getPropertyValue("--st-background-color") });
  for (const line of drawn.lines)
    add("path", {
      d: `M${x1} ${line.y1}C${half} ${line.y1} ${half} ${line.y2} ${x2} ${line.y2}`,
      fill: "none",
      stroke: line.colour,
      "stroke-width": thickness(line, drawn.wide).toFixed(2),
      "stroke-opacity": strength(line, drawn.least).toFixed(3),
    });
  for (const { x, y, wide, weight, colour } of drawn.squares) {
    const size = { x, y: y - place.pitch * 0.4, width: wide, height: place.pitch * 0.8 };
    add("rect", { ...size, fill: colour, "fill-opacity": strength({ weight }, 0.1).toFixed(3) });
  }
  for (const { x, y, text, align, kind } of drawn.words) {
    const { weight, size } = fontOf(kind, place, family);
    const type = { "font-family": family, "font-size": size, "font-weight": weight, fill: inks[kind] };
    const anchor = { "dominant-baseline": "central", "text-anchor": align === "right" ? "end" : "start" };
    add("text", { x, y, ...type, ...anchor }, text);
  }
  return new XMLSerializer().serializeToString(svg);
}

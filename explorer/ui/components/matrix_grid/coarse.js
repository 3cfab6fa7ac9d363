// Large grids: a message holds of one kind of number the means over blocks of n × n pairs, of the chosen head finer ones,
// of its layer the strongest weights, exact. Any other exact number is asked for, a query's or a key's at a time.
const LINES = 48; // of a query or a key each, that are kept
const RETRY = 700; // ms until an answer that took long is asked for again

// What stands behind the means: the chosen head, then places and weights of the edges.
function unpackCoarse(header, values) {
  const { coarse, rows } = header;
  let from = 0;
  const next = (length) => values.subarray(from, (from += length));
  const edges = ({ length, ...about }) => ({ ...about, places: next(length), weights: next(length) });
  const unpacked = { ...coarse, fine: null };
  if (coarse.fine) {
    const { shape: [, Q, K], causal } = rows[coarse.layer], [q, k] = [Math.ceil(Q / coarse.fine), Math.ceil(K / coarse.fine)];
    const hidden = header.modes[coarse.mode].masked ? -Infinity : 0;
    unpacked.fine = { n: coarse.fine, Q: q, K: k, values: whole(next(causal ? (q * (q + 1)) / 2 : q * k), q, k, causal, 1, hidden) };
  }
  unpacked.edges = coarse.edges.map(edges);
  unpacked.together = coarse.together.map(edges);
  return unpacked;
}

// The end of the scale of the chosen head's finer means, which are larger than those of the small pictures.
const fineLimit = (grid, fine) => (grid.modes[grid.message.coarse.mode].kind === "probability" ? 1 : largest(fine.values));

// The same in words, and what a cell is, where the head is shown large: neither is as in the small pictures.
function fineEnd(grid, cell) {
  const { coarse } = grid.message, fine = coarse && fineOf(grid, cell), kind = coarse && grid.modes[coarse.mode].kind;
  if (!fine) return "";
  const end = kind === "probability" ? "" : kind === "signed" ? `±${format(fineLimit(grid, fine), 2)}` : phrase`to ${format(fineLimit(grid, fine), 2)}`;
  return [end, fine.n === 1 ? phrase("a cell is one pair") : phrase`a cell is ${pairs(fine.n)}`].filter(Boolean).join(" · ");
}

// How many tokens a picture's rows and columns span: those of its last blocks too.
function spanOf(grid, r) {
  const n = grid.message.coarse?.block ?? 1, [Q, K] = cellsOf(grid.message.header, r);
  return [Q * n, K * n];
}

const pairs = (n) => phrase`the mean of ${n} × ${n} pairs`;

// The sheets of the head view, see edges.js; none while another layer's weights are on their way.
function coarseSheets(grid) {
  const { coarse } = grid.message, { merge, layer } = grid, at = lit(grid);
  if (!coarse.edges.length || coarse.layer !== layer) return [];
  const aside = coarse.together.find(({ name }) => name === merge);
  if (aside) return [{ ...aside, colour: grid.accent }];
  const line = at && sameTokens(grid.rows[at.r], grid.rows[layer]) ? lineAt(grid, layer, at) : null;
  return headsOn(grid).map((cell) => {
    const length = line ? line.kinds.pattern.length / cell.row.shape[0] : 0;
    const exact = line?.kinds.pattern.subarray(cell.h * length, (cell.h + 1) * length);
    return { ...coarse.edges[cell.h], line: exact, name: cell.head.caption, colour: grid.colours[cell.h], most: 1 };
  });
}

// Shows every weight of a sheet that is there: (query, key, weight), weights as shares of what is full strength.
function eachWeight({ places, weights, line, most }, K, focus, side, see) {
  if (line) return line.forEach((weight, i) => (side === "q" ? see(focus.q, i, weight / most) : see(i, focus.k, weight / most)));
  weights.forEach((weight, i) => {
    const q = Math.floor(places[i] / K), k = places[i] % K;
    if (!side || (side === "q" ? q === focus.q : k === focus.k)) see(q, k, weight / most);
  });
}

// The exact numbers of a query, or of a key, in all heads of a row, if they are here; else they are asked for.
function lineAt(grid, r, { q, k }) {
  const { coarse, header } = grid.message;
  if (!coarse.ask) return null;
  const words = q !== null ? `q=${q}` : `k=${k}`;
  const address = `${coarse.ask}&step=${header.step}&attention=${header.rows[r].heads[0].id.replace(/\.\d+$/, "")}&${words}`;
  const asked = (grid.asked ??= { lines: new Map(), due: null, busy: false });
  if (asked.lines.has(address)) return asked.lines.get(address);
  asked.due = address;
  if (!asked.busy) askLine(grid);
  return null;
}

// One at a time; of several that are wanted meanwhile only the last.
async function askLine(grid) {
  const { asked } = grid, address = asked.due;
  asked.due = null;
  if (address === null) return;
  asked.busy = true;
  try {
    const answer = await fetch(new URL(address, document.location), { cache: "no-store", signal: grid.ears.signal });
    if (answer.status === 204) setTimeout(() => showLine(grid), RETRY); // whoever still points there asks again
    else if (answer.ok) keepLine(grid, address, new Uint8Array(await answer.arrayBuffer()));
  } catch {
    // the network, or the component has gone: the means stay
  }
  asked.busy = false;
  askLine(grid);
}

function keepLine(grid, address, bytes) {
  const { lines } = grid.asked, { header, buffer, from } = opened(bytes), kinds = {};
  header.kinds.forEach((kind, i) => (kinds[kind] = new Float32Array(buffer, from + 4 * i * header.length, header.length)));
  lines.set(address, { kinds });
  if (lines.size > LINES) lines.delete(lines.keys().next().value);
  showLine(grid);
}

function showLine(grid) {
  if (!grid.root.isConnected || !grid.message.coarse) return;
  drawView(grid);
  if (grid.hover?.cell) showTip(grid);
}

// The mean that is painted where the pointer is, and of how many pairs: finer where the chosen head is large.
function paintedAt(grid) {
  const { cell, q, k } = grid.hover, { coarse, header } = grid.message, fine = grid.open ? fineOf(grid, cell) : null;
  const [values, n, columns] = fine ? [fine.values, fine.n, fine.K] : [cell.values, coarse.block, cellsOf(header, cell.r)[1]];
  return [values[Math.floor(q / n) * columns + Math.floor(k / n)], n];
}

// A pair in the tooltip: the exact number once it is here, and the mean that is painted.
function tellPair(grid, tip) {
  const { cell, q, k } = grid.hover, { coarse } = grid.message, [mean, n] = paintedAt(grid);
  const exact = n === 1 ? mean : lineAt(grid, cell.r, { q, k: null })?.kinds[coarse.kind][cell.h * cell.row.shape[2] + k];
  const alone = n > 1 && !coarse.ask;
  make("strong", "", tip, alone ? format(mean) : exact === undefined ? "…" : format(exact));
  if (n === 1) return;
  make("span", "", tip, "painted");
  make("span", "", tip, alone ? pairs(n) : `${format(mean)}, ${pairs(n)}`);
}

const fineOf = (grid, cell) => (grid.message.coarse.head === cell.head.id ? grid.message.coarse.fine : null);

// The large picture of the chosen head, and how many pairs its pixels are wide; the small one until it is here.
function largePicture(grid, cell) {
  const { coarse } = grid.message;
  if (!coarse) return [cell.canvas, 1];
  const fine = fineOf(grid, cell);
  if (!fine) return [cell.canvas, coarse.block];
  grid.finer ??= document.createElement("canvas");
  paint(grid.finer, fine.values, fine.Q, fine.K, fineLimit(grid, fine), grid.palette, {});
  return [grid.finer, fine.n];
}

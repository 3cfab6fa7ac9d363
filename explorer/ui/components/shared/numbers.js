// The numbers of one message. They stay packed until they are shown: what a causal row hides never travels,
// and a product of two modes is multiplied here. Of a large grid there are means of one mode, see coarse.js.
function unpack(data) {
  const bytes = data.slice(), length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const message = { header, values: new Float32Array(bytes.buffer, 4 + length), starts: {}, full: {} };
  let from = 0;
  const place = (name, r, count) => {
    const [Q, K] = cellsOf(header, r);
    message.starts[`${name}/${r}`] = from;
    from += count * (header.rows[r].causal ? (Q * (Q + 1)) / 2 : Q * K);
  };
  if (header.coarse) {
    header.rows.forEach((row, r) => place(header.coarse.mode, r, row.shape[0]));
    message.coarse = unpackCoarse(header, message.values.subarray(from));
    return message;
  }
  header.modes.forEach((mode, m) => mode.product || header.rows.forEach((row, r) => place(m, r, row.shape[0])));
  header.rows.forEach((row, r) => row.aggregates.forEach((name) => place(name, r, 1)));
  return message;
}

// Rows and columns of the pictures of a row of heads: its queries and keys, or blocks of them.
function cellsOf(header, r) {
  const [, Q, K] = header.rows[r].shape, n = header.coarse?.block ?? 1;
  return [Math.ceil(Q / n), Math.ceil(K / n)];
}

function expand({ header, values, starts }, name, r, count, hidden) {
  const [Q, K] = cellsOf(header, r), from = starts[`${name}/${r}`];
  return whole(values.subarray(from), Q, K, header.rows[r].causal, count, hidden);
}

// `count` matrices of Q × K, of which causal ones travelled without what they hide.
function whole(values, Q, K, causal, count, hidden) {
  if (!causal) return values.subarray(0, count * Q * K);
  const full = new Float32Array(count * Q * K);
  if (hidden) full.fill(hidden);
  for (let row = 0, at = 0; row < count * Q; row++) {
    const end = at + (row % Q) + 1;
    full.set(values.subarray(at, end), row * K);
    at = end;
  }
  return full;
}

// All heads of a row in a mode, (H, Q, K).
function numbersOf(message, m, r) {
  const mode = message.header.modes[m], known = `${m}/${r}`;
  if (message.full[known]) return message.full[known];
  const multiplied = ([a, b]) => {
    const factor = numbersOf(message, b, r);
    return numbersOf(message, a, r).map((value, i) => value * factor[i]); // float32, as its array is
  };
  const found = mode.product && !message.coarse
    ? multiplied(mode.product)
    : expand(message, m, r, message.header.rows[r].shape[0], mode.masked ? -Infinity : 0);
  return (message.full[known] = found);
}

// A row's matrix for all heads together, (Q, K).
const aggregateOf = (message, name, r) => (message.full[`${name}/${r}`] ??= expand(message, name, r, 1, 0));

// The largest finite size.
function largest(values) {
  let most = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

// The end of the scale for every head, every row and all.
function limitsOf(message, m) {
  const cell = message.header.rows.map(({ shape: [H] }, r) => {
    const values = numbersOf(message, m, r), [Q, K] = cellsOf(message.header, r);
    return Array.from({ length: H }, (_, h) => largest(values.subarray(h * Q * K, (h + 1) * Q * K)));
  });
  const row = cell.map((limits) => Math.max(...limits));
  return { cell, row, all: Math.max(...row) };
}

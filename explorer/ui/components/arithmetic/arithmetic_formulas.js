// What a cell says: its name, its formula in words and with its operands, and the cells that it is made of.
const pairOf = (id, d) => [cellOf(id, d - (d % 2), 0), cellOf(id, d - (d % 2) + 1, 0)];

// One channel of W × input + b, for the query, a key or a value. Lit where the projection on top is this one.
function projectedChannel(data, kind, j, d, on) {
  const { arrays, sizes: { C } } = data, letter = kind[0], weight = arrays[`w_${letter}`], bias = arrays[`b_${letter}`][d];
  const input = kind === "query" ? arrays.normed ?? arrays.x : arrays.inputs.subarray(j * C, (j + 1) * C);
  const read = kind === "query" ? (arrays.normed ? phrase("normed x") : "x") : data.cross ? phrase("encoder output") : phrase("input of this key");
  const sum = dot(C, (c) => weight[d * C + c], (c) => input[c]);
  return {
    words: phrase`row ${d} of W_${letter.toUpperCase()} × ${read} + bias`,
    numbers: `${sum.text} + ${signed(bias)}`,
    value: sum.value + bias,
    sources: on ? [rowOf("weight", d), rowOf("input", 0), cellOf("bias", d, 0)] : [],
  };
}

// One channel turned with its neighbour by the position's angle (rotary positions).
function turnedChannel({ arrays, sizes: { D } }, before, position, d, on) {
  const pair = d >> 1, at = (position * D) / 2 + pair, [cos, sin] = [arrays.cos[at], arrays.sin[at]];
  const [even, odd] = [before[2 * pair], before[2 * pair + 1]], second = d % 2 === 1;
  const how = second ? phrase("even · sin + odd · cos") : phrase("even · cos − odd · sin");
  return {
    words: phrase`channels ${2 * pair} and ${2 * pair + 1} turned by the angle of position ${position}: ${how}`,
    numbers: second
      ? `${short(even)}·${signed(sin)} + ${signed(odd)}·${signed(cos)}`
      : `${short(even)}·${signed(cos)} − ${signed(odd)}·${signed(sin)}`,
    value: second ? even * sin + odd * cos : even * cos - odd * sin,
    sources: on ? pairOf("projected", d) : [],
  };
}

const learned = (name, from, to) => ({ name, words: phrase`learned: from channel ${from} to channel ${to}`, sources: [] });

// For each block (data, projection, row, column) -> name, words, sources; with a formula also the operands in
// `numbers` and in `value` what they make when put together here.
const FORMULAS = {
  x: (data, p, r, c) => ({
    name: phrase`x[${c}], the residual stream of ${p.whose}`,
    words: data.arrays.normed
      ? phrase("what the embedding and every layer before this one left in this channel")
      : phrase("the residual stream itself: this model normalises after adding the layer’s output"),
    sources: [],
  }),
  input: (data, p, r, c) => {
    const { arrays } = data;
    if (p.kind !== "query") return { name: phrase`${p.of} of ${p.whose}, channel ${c}`, words: phrase("what the head reads at this key"), sources: [] };
    if (!arrays.normed) return FORMULAS.x(data, p, r, c);
    const [mean, deviation] = [arrays.norm_mean[0], arrays.norm_deviation[0]];
    const [weight, bias] = [arrays.norm_weight[c], arrays.norm_bias[c]];
    return {
      name: phrase`normed x[${c}]`,
      words: phrase("(x − mean) / √(variance + ε) · learned weight + learned bias; mean and variance over all channels of x"),
      numbers: `(${short(arrays.x[c])} − ${signed(mean)}) / ${short(deviation)} · ${signed(weight)} + ${signed(bias)}`,
      value: ((arrays.x[c] - mean) / deviation) * weight + bias,
      sources: [rowOf("x", 0), cellOf("x", 0, c)],
    };
  },
  weight: (data, p, r, c) => {
    const kind = { query: phrase("query"), keys: phrase("key"), values: phrase("value") }[p.kind];
    return learned(`W_${p.letter.toUpperCase()}[${r}, ${c}]`, phrase`${c} of the ${p.of}`, phrase`${r} of the ${kind}`);
  },
  bias: (data, p, r) => ({ name: `b${p.letter}[${r}]`, words: phrase("learned: added to this channel whatever the input"), sources: [] }),
  projected: (data, p, r) => ({
    ...projectedChannel(data, p.kind, p.at, r, true),
    name: phrase`${p.letter}[${r}] of ${p.whose}${p.turned ? phrase(", before it is turned") : ""}`,
  }),
  turned: (data, p, r) => ({ ...turnedChannel(data, p.result, p.at, r, true), name: phrase`${p.letter}[${r}] of ${p.whose}` }),
  query: (data, p, r, d) => {
    const { arrays, queries, query } = data, on = p.kind === "query", name = phrase`q[${d}] of ${shown(queries[query])}`;
    if (arrays.unturned_q) return { ...turnedChannel(data, arrays.unturned_q, query, d, on), name };
    return { ...projectedChannel(data, "query", query, d, on), name };
  },
  keys: (data, p, j, d) => {
    const { arrays, keys, sizes: { D } } = data, on = p.kind === "keys" && p.at === j;
    const name = phrase`key of ${shown(keys[j])} (position ${j}), channel ${d}`;
    if (!arrays.unturned_keys) return { ...projectedChannel(data, "keys", j, d, on), name };
    return { ...turnedChannel(data, arrays.unturned_keys.subarray(j * D, (j + 1) * D), j, d, on), name };
  },
  values: (data, p, j, d) => ({
    ...projectedChannel(data, "values", j, d, p.kind === "values" && p.at === j),
    name: phrase`value of ${shown(data.keys[j])} (position ${j}), channel ${d}`,
  }),
  products: ({ arrays, keys, sizes: { D } }, p, j) => {
    const sum = dot(D, (d) => arrays.q[d], (d) => arrays.keys[j * D + d]);
    return {
      name: phrase`q·k${index(j)}, key ${shown(keys[j])}`,
      words: phrase("the query times this key, channel by channel, summed"),
      numbers: sum.text,
      value: sum.value,
      sources: [rowOf("query", 0), rowOf("keys", j)],
    };
  },
  mask: ({ arrays, keys, bias }, p, j) => {
    const seen = bias ? phrase`visible; ${bias} adds this head’s bias of the distance` : phrase("visible: nothing is added");
    const words = arrays.mask[j] === -Infinity ? phrase("hidden: the query may not look at this key, and exp(−∞) is 0") : seen;
    return { name: phrase`mask[${j}], key ${shown(keys[j])}`, words, sources: [] };
  },
  scores: ({ arrays, keys, scale, sizes: { D } }, p, j) => {
    const sum = dot(D, (d) => arrays.q[d], (d) => arrays.keys[j * D + d]);
    const divided = scale === 1 ? "" : ` / ${Number((1 / scale).toPrecision(3))}`, rest = `${divided} + ${signed(arrays.mask[j])}`;
    return {
      name: phrase`score[${j}], key ${shown(keys[j])}`,
      words: scale === 1 ? phrase`q·k${index(j)} + mask` : phrase`q·k${index(j)} / √${D} + mask`,
      numbers: `(${sum.text})${rest} = ${short(arrays.products[j])}${rest}`,
      value: arrays.products[j] * scale + arrays.mask[j],
      sources: [cellOf("products", j, 0), cellOf("mask", j, 0), rowOf("query", 0), rowOf("keys", j)],
    };
  },
  row_max: ({ arrays }) => ({
    name: phrase("largest score"),
    words: phrase("taken off every score before exp, so that nothing overflows; the shares stay the same"),
    value: Math.max(...arrays.scores),
    sources: [columnOf("scores", 0)],
  }),
  exponentials: ({ arrays, keys }, p, j) => ({
    name: phrase`exp[${j}], key ${shown(keys[j])}`,
    words: phrase("exp(score − largest score)"),
    numbers: `exp(${short(arrays.scores[j])} − ${signed(arrays.row_max[0])})`,
    value: Math.exp(arrays.scores[j] - arrays.row_max[0]),
    sources: [cellOf("scores", j, 0), cellOf("row_max", 0, 0)],
  }),
  row_sum: ({ arrays }) => {
    const seen = [...arrays.exponentials].filter((e) => e !== 0);
    return {
      name: phrase("sum of exp"),
      words: phrase`over the ${seen.length} key${plural(seen.length)} whose exp is not 0`,
      numbers: listed(seen.length, LISTED + 1, (i) => short(seen[i])),
      value: seen.reduce((sum, e) => sum + e, 0),
      sources: [columnOf("exponentials", 0)],
    };
  },
  pattern: ({ arrays, keys }, p, j) => {
    const sum = short(arrays.row_sum[0]);
    return {
      name: phrase`A[${j}], attention to ${shown(keys[j])}`,
      words: phrase("exp(score − largest score) / sum of exp: the share of this key"),
      numbers: `exp(${short(arrays.scores[j])} − ${signed(arrays.row_max[0])}) / ${sum} = ${short(arrays.exponentials[j])} / ${sum}`,
      value: arrays.exponentials[j] / arrays.row_sum[0],
      sources: [cellOf("exponentials", j, 0), cellOf("row_sum", 0, 0)],
    };
  },
  weighted: ({ arrays, keys, sizes: { D } }, p, j, d) => ({
    name: phrase`A${index(j)} · v${index(j)}, channel ${d}`,
    words: phrase`attention to ${shown(keys[j])} times its value`,
    numbers: `${short(arrays.pattern[j])} · ${signed(arrays.values[j * D + d])}`,
    value: arrays.pattern[j] * arrays.values[j * D + d],
    sources: [cellOf("pattern", j, 0), cellOf("values", j, d)],
  }),
  sum: ({ arrays, gain, sizes: { K, D } }, p, r, d) => {
    const seen = Array.from({ length: K }, (_, j) => j).filter((j) => arrays.pattern[j] !== 0), off = gain !== 1;
    const sum = dot(seen.length, (i) => arrays.pattern[seen[i]], (i) => arrays.values[seen[i] * D + d]);
    return {
      name: phrase`head output[${d}]`,
      words: off ? phrase("the head is switched off: the sum is multiplied by 0") : phrase("the weighted values of all keys, summed"),
      numbers: off ? `${short(gain)} · (${sum.text})` : sum.text,
      value: gain * sum.value,
      sources: [columnOf("weighted", d)],
    };
  },
  out: (data, p, d) => FORMULAS.sum(data, p, 0, d),
  w_o: (data, p, d, c) => learned(`W_O[${c}, ${d}]`, phrase`${d} of the head output`, phrase`${c} of the residual stream`),
  part: ({ arrays, transposed, sizes: { C, D } }, p, r, c) => {
    const sum = dot(D, (d) => transposed[d * C + c], (d) => arrays.out[d]);
    return {
      name: phrase`the head’s part of the output, channel ${c}`,
      words: phrase`row ${c} of W_O × head output; the other heads’ parts and a bias are added to it`,
      numbers: sum.text,
      value: sum.value,
      sources: [columnOf("w_o", c), columnOf("out", 0)],
    };
  },
};

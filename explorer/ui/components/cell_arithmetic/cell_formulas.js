// What a number of a recurrent cell says: its name, its formula in words and with its operands, and what it is made of.
const logistic = (x) => 1 / (1 + Math.exp(-x));
const RULES = {
  "σ(x + u)": ({ x, u }) => logistic(x + u),
  "tanh(x + u)": ({ x, u }) => Math.tanh(x + u),
  "tanh(x + r · u)": ({ x, r, u }) => Math.tanh(x + r * u),
  "f · c′ + i · g": ({ f, "c′": c, i, g }) => f * c + i * g,
  "o · tanh(c)": ({ o, c }) => o * Math.tanh(c),
  "(1 − z) · n + z · h′": ({ z, n, "h′": h }) => (1 - z) * n + z * h,
};
const TAPS = ["input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate", "candidate", "cell", "hidden"];
const weightOf = (letter, { gates, cell }, r, c, from) => ({ name: phrase`${letter} of the ${gates[r]}, from cell ${c} of ${from}`, words: phrase`learned: what this number adds to cell ${cell}’s ${gates[r]}`, sources: [] });
const biasOf = (letter, { gates }, r) => ({ name: phrase`bias of ${letter}, ${gates[r]}`, words: phrase("learned, the same at every token"), sources: [] });

// x or u of a gate: a row of the weights times a vector, a bias, and of a decoder what it reads of the source.
function sumOf({ arrays, sizes: { C }, gates }, letter, [vector, weight, bias], r) {
  const source = letter === "x" ? arrays.source : undefined, sum = dot(C, (c) => arrays[weight][r * C + c], (c) => arrays[vector][c]);
  return {
    name: phrase`${letter} of the ${gates[r]}`,
    words: letter === "x" ? phrase`its row of W × what is read + bias${source ? phrase(" + what is read of the source") : ""}` : phrase("its row of U × the last hidden state h′ + bias"),
    numbers: `${sum.text} + ${signed(arrays[bias][r])}${source ? ` + ${signed(source[r])}` : ""}`,
    value: sum.value + arrays[bias][r] + (source ? source[r] : 0),
    sources: [rowOf(weight, r), rowOf(vector, 0), cellOf(bias, r, 0), ...(source ? [cellOf("source", r, 0)] : [])],
  };
}

// A gate, a candidate or a state, by the formula that its line brings.
function lineOf(tap) {
  return ({ arrays, lines, sizes: { C } }) => {
    const { name, symbol, formula, terms } = lines.find((line) => line.tap === tap), operands = {};
    for (const [term, [id, r, c]] of Object.entries(terms)) operands[term] = arrays[id][id === "last" ? r * C + c : r];
    return {
      name,
      words: `${symbol} = ${formula}`,
      numbers: formula.replace(/[^\s()·+−]+/g, (word, at) => {
        if (!(word in operands)) return word;
        return at === 0 || formula[at - 1] === "(" ? short(operands[word]) : signed(operands[word]);
      }),
      value: RULES[formula](operands),
      sources: Object.values(terms).map(([id, r, c]) => cellOf(id, r, c)),
    };
  };
}

const FORMULAS = {
  read: ({ token, below }, p, r, c) => ({ name: phrase`channel ${c} of what is read`, words: below ? phrase`hidden state of cell ${c} of the layer below, at ${shown(token)}` : phrase`from the embedding of ${shown(token)}`, sources: [] }),
  w: (data, p, r, c) => weightOf("W", data, r, c, phrase("what is read")),
  b: (data, p, r) => biasOf("x", data, r),
  source: ({ gates }, p, r) => ({ name: phrase`source, ${gates[r]}`, words: phrase("what the decoder reads of the source, through a matrix of its own"), sources: [] }),
  x: (data, p, r) => sumOf(data, "x", ["read", "w", "b"], r),
  last: ({ before }, p, r, c) => ({ name: phrase`h′ of cell ${c}`, words: before === null ? phrase("the state before the first token") : phrase`hidden state of cell ${c} at ${shown(before)}, the token before`, sources: [] }),
  u_w: (data, p, r, c) => weightOf("U", data, r, c, "h′"),
  u_b: (data, p, r) => biasOf("u", data, r),
  u: (data, p, r) => sumOf(data, "u", ["last", "u_w", "u_b"], r),
  kept: ({ before, cell }) => ({ name: "c′", words: before === null ? phrase("the cell state before the first token") : phrase`cell state of cell ${cell} at ${shown(before)}, the token before`, sources: [] }),
  ...Object.fromEntries(TAPS.map((tap) => [tap, lineOf(tap)])),
};

// What each kind of operation is called, what it computes, and the rule that turns the gradient that arrives into
// the one that leaves. y is the output, g = ∂L/∂y.
const KINDS = {
  tokens: { title: phrase("tokens"), forward: phrase("the input, as numbers of tokens"), back: phrase("Tokens are given: nothing flows into them."), reads: {} },
  embedding: {
    title: phrase("embedding"),
    brief: phrase("embed"),
    forward: phrase("y = row of the table W_E for this token"),
    back: phrase("∂L/∂W_E[v] = Σ g over the positions that hold token v; a token that is not there gets none"),
  },
  positions: { title: phrase("+ position"), forward: "y = x + P[t]", back: phrase("∂L/∂x = g: a sum hands the gradient on unchanged"), reads: { x: "embedding" } },
  norm: {
    title: phrase("norm"),
    forward: phrase("y = x̂ · w + b, x̂ = (x − mean) / σ"),
    back: phrase("∂L/∂x = (ĝ − mean(ĝ) − x̂ · mean(ĝ · x̂)) / σ, ĝ = g · w: what would only shift or scale x is taken out"),
    reads: { x: "x" },
  },
  queries: { title: phrase("queries Q"), forward: phrase("y = W_Q x + b, split into heads"), back: "∂L/∂x = W_Qᵀ g, ∂L/∂W_Q = g xᵀ", reads: { x: "x" } },
  keys: { title: phrase("keys K"), forward: phrase("y = W_K x + b, split into heads"), back: "∂L/∂x = W_Kᵀ g, ∂L/∂W_K = g xᵀ", reads: { x: "x" } },
  values: { title: phrase("values V"), forward: phrase("y = W_V x + b, split into heads"), back: "∂L/∂x = W_Vᵀ g, ∂L/∂W_V = g xᵀ", reads: { x: "x" } },
  scores: {
    title: phrase("scores"),
    forward: phrase("y = Q Kᵀ / √D + mask"),
    back: phrase("∂L/∂Q = g K / √D, ∂L/∂K = gᵀ Q / √D: each is weighed by the other"),
    reads: { q: "Q", k: "K" },
  },
  pattern: {
    title: phrase("pattern A"),
    forward: phrase("y = softmax(scores), row by row"),
    back: phrase("∂L/∂score = A · (g − Σ A g): only what differs from the row’s mean, and nothing where A is 0 or 1"),
    reads: { z: "score" },
  },
  head_out: { title: phrase("head output"), brief: phrase("head out"), forward: "y = A V", back: phrase("∂L/∂A = g Vᵀ, ∂L/∂V = Aᵀ g: the values learn where they were looked at"), reads: { pattern: "A", v: "V" } },
  output: { title: phrase("output W_O"), brief: phrase("output"), forward: phrase("y = W_O · heads side by side + b"), back: phrase("∂L/∂heads = W_Oᵀ g, ∂L/∂W_O = g headsᵀ"), reads: { heads: "head" } },
  add: {
    title: phrase("add"),
    forward: phrase("y = x + what the sublayer computed"),
    back: phrase("∂L/∂x = g and ∂L/∂sublayer = g: the skip path hands the gradient on unchanged, whatever the sublayer does"),
    reads: { x: "x", y: "sublayer" },
  },
  alone: {
    title: phrase("instead of x"),
    brief: phrase("no sum"),
    forward: phrase("y = what the sublayer computed; x itself is dropped"),
    back: phrase("∂L/∂sublayer = g: without a skip path all of the gradient has to pass the sublayer"),
    reads: { y: "sublayer" },
  },
  expand: { title: phrase("expand"), forward: "y = W₁ x + b, C → 4C", back: "∂L/∂x = W₁ᵀ g, ∂L/∂W₁ = g xᵀ", reads: { x: "x" } },
  contract: { title: phrase("contract"), forward: "y = W₂ x + b, 4C → C", back: "∂L/∂x = W₂ᵀ g, ∂L/∂W₂ = g xᵀ", reads: { x: "hidden" } },
  unembedding: { title: phrase("unembedding"), brief: phrase("unembed"), forward: phrase("y = W_U x + b: a logit for each token"), back: "∂L/∂x = W_Uᵀ g, ∂L/∂W_U = g xᵀ", reads: { x: "x" } },
  activation: { title: phrase("activation"), forward: phrase("y = f(x), each channel by itself"), back: phrase("∂L/∂x = g · f′(x): where f is flat nothing passes"), reads: { x: "x" } },
  chances: {
    title: phrase("softmax"),
    forward: phrase("p = softmax(logits)"),
    back: phrase("∂L/∂logits = p · (g − Σ p g) = (p − onehot(y)) / n, with n the number of tokens asked"),
    reads: { z: "logit" },
  },
  loss: { title: phrase("cross-entropy"), brief: phrase("loss"), forward: phrase("L = mean of −ln p[right token]"), back: phrase("∂L/∂p = −1 / (n p) at the right token, 0 elsewhere"), reads: { p: "p" } },
};
const SLOPES = {
  gelu: "f = x Φ(x), f′ = Φ(x) + x φ(x)",
  relu: "f = max(0, x), f′ = 1 where x > 0, else 0",
  silu: "f = x s(x), f′ = s(x) (1 + x (1 − s(x)))",
  tanh: "f = tanh x, f′ = 1 − tanh² x",
  sigmoid: "f = s(x), f′ = s(x) (1 − s(x))",
};

const kindOf = (box) => (box.kind === "linear" ? KINDS[box.id === "logits" ? "unembedding" : box.id.endsWith(".pre") ? "expand" : "contract"] : KINDS[box.kind]);
const formulaOf = (data, text) => (data.scaled ? text : text.replaceAll(" / √D", "")); // some models do not divide
const titleOf = (data, box) => (box.kind === "activation" ? data.activation : kindOf(box).title);
const briefOf = (data, box) => kindOf(box).brief ?? titleOf(data, box); // where there is little room

// Where a box is, as people count: "layer 1 attention", "decoder layer 2 cross-attention"; "" where its title says it.
function placeOf({ row }) {
  const found = row.match(/^(?:(encoder|decoder)\.)?blocks\.(\d+)\.(\w+)$/);
  const stacks = { encoder: phrase("encoder"), decoder: phrase("decoder") };
  if (!found) return stacks[/^(encoder|decoder)\./.exec(row)?.[1]] ?? "";
  const part = { attention: phrase("attention"), cross: phrase("cross-attention"), mlp: "MLP" }[found[3]];
  const place = phrase`layer ${Number(found[2]) + 1} ${part}`;
  return found[1] ? `${stacks[found[1]]} ${place}` : place;
}

const nameOf = (data, box) => `${titleOf(data, box)}${placeOf(box) ? phrase` of ${placeOf(box)}` : ""}`;
const sizes = (shape) => (shape.length ? shape.join(" × ") : phrase("one number"));

// A number in a few characters: 0.0123, 3.2 × 10⁻⁵.
const compact = (value) => (value === null || value === undefined ? phrase("not finite") : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4 ? brief(value, 3) : brief(value, 2));

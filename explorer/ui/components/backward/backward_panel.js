// The opened box: what it computes, its first numbers, the rule of its gradient, and how that was checked.
const EXACT = { float32: 1e-4, bfloat16: 0.1 }; // a larger difference from autograd is called one

function openPanel(view) {
  const { data, panel } = view, box = view.lit, kind = kindOf(box), back = view.back;
  const before = panel.scrollTop, same = view.opened === box.id;
  view.opened = box.id;
  panel.replaceChildren();
  make("h3", "", panel, nameOf(data, box));
  if (box.kind === "tokens") {
    const read = box.id === "source" ? data.tokens.source : data.tokens.tokens;
    make("p", "", panel, phrase`${read.length} token${plural(read.length)}: ${read.join(" ")}`);
    return void make("p", "", panel, kind.back);
  }
  section(panel, phrase("Forward"), formulaOf(data, kind.forward), !back);
  if (box.kind === "activation") make("p", "formula", panel, SLOPES[data.activation]);
  make("p", "small", panel, shapesOf(view, box));
  for (const leaving of box.leaves) numbers(panel, phrase`in: ${nameOf(data, view.boxes.get(leaving.to))}, ${whereOf(view, view.boxes.get(leaving.to), leaving.place)}`, leaving.read);
  if (box.kind !== "loss") numbers(panel, phrase`out: ${whereOf(view, box, box)}`, box.out);
  else make("p", "", panel, phrase`L = ${format(data.loss ?? NaN, 5)} nats`);
  section(panel, phrase("Back"), formulaOf(data, kind.back), back);
  if (box.kind === "loss") make("p", "", panel, phrase("It begins here: ∂L/∂L = 1."));
  else numbers(panel, phrase("arrives: ∂L/∂out"), box.arrives);
  arriving(view, box);
  for (const leaving of box.leaves) left(view, box, leaving);
  for (const weight of box.weights) {
    const words = `${weight.name} (${sizes(weight.shape)}): ‖·‖ ${compact(weight.size)}, ‖∂L/∂·‖ ${compact(weight.norm)}`;
    make("p", "small", panel, words);
    if (weight.words) make("p", "worked", panel, phrase`its row for the token at position ${box.position}, entry 0: ${weight.words} = ${compact(weight.made)} · autograd: ${compact(weight.autograd)}`);
  }
  checked(view, box);
  if (["scores", "pattern", "head_out"].includes(box.kind)) maps(view, box.row);
  if (["logits", "chances", "loss"].includes(box.id)) ending(view);
  panel.scrollTop = same ? before : 0;
}

function section(panel, title, formula, lit) {
  make("h4", lit ? "lit" : "", panel, title);
  make("p", "formula", panel, formula);
}

function shapesOf({ data, boxes }, box) {
  const read = box.leaves.map(({ to }) => sizes(boxes.get(to).shape)).join(" and ");
  const of = box.shape.length === 3 ? (["scores", "pattern"].includes(box.kind) ? phrase("heads × queries × keys") : phrase("heads × positions × channels")) : box.shape.length ? phrase("positions × channels") : "";
  return `${read ? `${read} → ` : ""}${sizes(box.shape)}${of ? ` (${of})` : ""}`;
}

// "head 2, position 7 “b”, keys 0 to 5"
function whereOf({ data }, box, { position, head }) {
  if (!box.shape.length) return phrase("the loss");
  const read = onSource(box) ? data.tokens.source : data.tokens.tokens;
  const kinds = ["scores", "pattern"].includes(box.kind) ? phrase("keys") : ["logits", "chances"].includes(box.id) ? phrase("tokens") : phrase("channels");
  const last = Math.min(5, box.shape.at(-1) - 1);
  return phrase`${head ? phrase`head ${head}, ` : ""}position ${position} “${read[position]}”, ${kinds} 0 to ${last}`;
}

const onSource = ({ row, kind }) => row.startsWith("encoder.") || (row.endsWith(".cross") && ["keys", "values"].includes(kind));

function numbers(panel, label, values) {
  make("div", "label", panel, label);
  const line = make("div", "numbers", panel);
  for (const value of values) make("span", "", line, typeof value === "string" ? value : compact(value));
}

// Where several boxes read this one, its gradient is the sum of what each of them hands on.
function arriving(view, box) {
  const { parts, off } = box.sources;
  if (parts.length < 2) return;
  const listed = parts.map(([id, norm]) => `${view.boxes.get(id).kind === "add" ? phrase("the skip path") : nameOf(view.data, view.boxes.get(id))} (‖·‖ ${compact(norm)})`);
  const words = phrase`It is read ${parts.length} times, and gradients add up: ${listed.join(" + ")} = ‖·‖ ${compact(box.norm)}.`;
  make("p", "small", view.panel, phrase`${words} The sum differs from autograd’s by ${compact(off)} of the largest entry at most.`);
}

function left(view, box, leaving) {
  const role = kindOf(box).reads[leaving.role] ?? leaving.role;
  numbers(view.panel, phrase`leaves: ∂L/∂${role} to ${nameOf(view.data, view.boxes.get(leaving.to))}, ‖·‖ ${compact(leaving.norm)}`, leaving.gradient);
  const entry = ["chances", "loss"].includes(box.kind) ? phrase("for the right token") : phrase`its entry ${leaving.entry}`;
  const theirs = box.kind === "loss" ? "" : phrase` · autograd: ${compact(leaving.autograd)}`;
  make("p", "worked", view.panel, `${entry}: ${leaving.words} = ${compact(leaving.made)}${theirs}`);
}

function checked({ data, panel }, box) {
  const good = box.off !== null && box.off < EXACT[data.precision];
  const how = box.off === 0 ? phrase("gives what autograd gives") : phrase`differs from autograd (${data.precision}) by at most ${compact(box.off)} of the largest`;
  const plain = phrase`${good ? phrase("✓ verified: ") : phrase("✗ not the same: ")}the rule, recomputed in float64 for every entry, ${how}`;
  make("p", good ? "good" : "bad", panel, box.kind === "loss" ? phrase("✓ derived by hand; the model fuses it with the softmax, where both are verified") : plain);
}

// A and ∂L/∂A of each head, the gradients of a layer on one scale.
function maps({ data, panel, palette }, row) {
  const pattern = data.values.get(`${row}.A`), slope = data.values.get(`${row}.dA`), [H, Q, K] = pattern.shape;
  const largest = slope.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0), by = data.gathered[row];
  make("h4", "", panel, phrase("∂L/∂A of each head"));
  const note = by > 1 ? phrase` Each cell is the largest of ${by} × ${by}.` : "";
  make("p", "small", panel, phrase`Rows ask, columns answer. Blue: more attention there would raise the loss; orange: lower it. All heads to ${compact(largest)}.${note}`);
  const grid = make("div", "maps", panel);
  for (let h = 0; h < H; h++) {
    const cell = make("figure", "", grid), own = slope.values.subarray(h * Q * K, (h + 1) * Q * K);
    for (const [values, limit, name] of [[pattern.values.subarray(h * Q * K, (h + 1) * Q * K), 1, "pattern"], [own, largest || 1, "gradient"]]) {
      const canvas = make("canvas", "", cell);
      Object.assign(canvas, { role: "img", ariaLabel: phrase`${name} of head ${h + 1}` });
      paint(canvas, values, Q, K, limit, palette, {});
    }
    make("figcaption", "", cell, phrase`head ${h + 1}: A, ∂L/∂A · ‖·‖ ${compact(Math.hypot(...own))}`);
  }
}

// Where the gradient begins: p − onehot(y).
function ending({ data, panel }) {
  const { tail } = data, token = data.tokens.targets[tail.position];
  make("h4", "", panel, phrase`p − onehot(y) at position ${tail.position}, where “${token}” is right`);
  const table = make("table", "", panel), head = make("tr", "", table);
  for (const name of [phrase("token"), "logit", "p", "onehot", "p − onehot", "∂L/∂logit"]) make("th", "", head, name);
  for (const { token: text, right, logit, p, gradient } of tail.rows) {
    const row = make("tr", right ? "right" : "", table), hot = right ? 1 : 0;
    for (const cell of [shownToken(text), compact(logit), compact(p), String(hot), compact(p - hot), compact(gradient)]) make("td", "", row, cell);
  }
  const n = tail.count, words = n === 1 ? phrase("One token’s loss flows back, so ∂L/∂logit is p − onehot itself") : phrase`The loss is the mean over ${n} tokens, so ∂L/∂logit is (p − onehot) / ${n}`;
  make("p", "small", panel, phrase`${words}; autograd’s differs by at most ${compact(tail.off)}.`);
}

const shownToken = (token) => ({ " ": "␣", "\n": "⏎", "\t": "⇥" })[token] ?? token;

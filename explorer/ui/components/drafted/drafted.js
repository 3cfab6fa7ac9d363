// Drafted: a text in the colours of how each token came about. A click on one shows its arithmetic, and draws from it.
const SHOWN = 5, DRAWS = 10000;
const WAYS = {
  accepted: phrase("drafted and accepted"),
  replaced: phrase("drawn anew, as the draft’s token was rejected"),
  more: phrase("this model’s own, as all drafted ones were accepted"),
};

function build(parent) {
  const root = make("div", "drafted", parent), head = make("div", "head", root), view = { root, spans: [], at: null };
  view.title = make("b", "", head);
  const legend = make("div", "legend", head);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "drafted.csv", "text/csv")]]);
  view.text = make("div", "text", root);
  for (const [way, words] of Object.entries(WAYS)) make("span", way, legend, words);
  make("span", "between", legend, phrase("a pass of this model ends"));
  const below = make("div", "below", root);
  view.sum = make("div", "sum", below);
  view.sum.ariaLive = "polite";
  view.bars = make("div", "bars", below);
  const foot = make("div", "foot", root), button = (words, always) => Object.assign(make("button", "draws", foot, words), { onclick: () => prove(view, always) });
  view.draw = button(phrase`Draw ${DRAWS} tokens by the rule`, false);
  view.control = button(phrase("… and accept every draft"), true);
  view.proof = make("span", "", foot);
  return view;
}

const visibly = (token) => token.replaceAll("\n", "⏎");
const wayOf = ({ drafts, accepted: kept }, i) => (drafts[i] < 0 ? "more" : kept[i] ? "accepted" : "replaced");
const share = (x) => (x >= 1 ? "1" : x >= 0.9995 ? "0.999…" : x > 0 ? format(x, 3) : "0");
const row = (view, all, i) => Array.from(all.subarray(i * view.header.symbols.length, (i + 1) * view.header.symbols.length));

function show(view, data) {
  const { header, buffer, from } = opened(data), count = header.numbers.length * header.symbols.length;
  const numbers = new Float32Array(buffer, from);
  Object.assign(view, { header, p: numbers.subarray(0, count), q: numbers.subarray(count, 2 * count) });
  view.title.textContent = header.title;
  view.root.classList.toggle("projector", header.projector);
  view.text.replaceChildren(make("span", "prompt", null, visibly(header.prompt) + (header.apart ? " → " : "")));
  view.spans = header.numbers.map((token, i) => {
    const way = wayOf(header, i), span = make("span", way, null), word = (number) => visibly(header.symbols[number]) + header.apart;
    if (way === "replaced") make("s", "", span, word(header.drafts[i]));
    span.append(word(token));
    span.classList.toggle("ends", header.passes[i + 1] !== undefined && header.passes[i + 1] !== header.passes[i]);
    Object.assign(span, { tabIndex: 0, role: "button", title: WAYS[way], onclick: () => pick(view, i) });
    span.onkeydown = (event) => event.key === "Enter" && pick(view, i);
    return span;
  });
  view.text.append(...view.spans);
  const first = header.accepted.findIndex((kept, i) => !kept && header.drafts[i] >= 0);
  choose(view, view.picked && view.at < view.spans.length ? view.at : Math.max(0, first), view.picked);
  if (view.proved !== undefined && !view.draw.disabled) prove(view, view.proved); // anew for the new probabilities
}

function pick(view, at) {
  view.proved = undefined;
  choose(view, at, true);
}

// The token whose arithmetic is shown: the first rejected one, until another is clicked.
function choose(view, at, picked) {
  Object.assign(view, { at, picked });
  view.spans.forEach((span, i) => span.classList.toggle("on", i === at));
  const [p, q] = [row(view, view.p, at), row(view, view.q, at)], some = view.header.drafts[at] >= 0;
  view.draw.disabled = view.control.disabled = !some;
  view.proof.textContent = some ? phrase("and hold them against this model’s bars") : phrase("here nothing was drafted");
  explain(view, at, p, q);
  drawBars(view, p, some ? q : null, null);
}

function explain(view, at, p, q) {
  const { header } = view, word = (token) => `“${visibly(header.symbols[token])}”`, [token, draft] = [header.numbers[at], header.drafts[at]];
  view.sum.replaceChildren();
  const line = (words, className) => make("div", className ?? "", view.sum, words);
  if (draft < 0) {
    line(phrase("No draft stands here: all tokens that were drafted in this pass were accepted, and its last probabilities give one more."));
    line(phrase`${word(token)}, drawn from p, which gives it ${share(p[token])}`, "formula");
    return;
  }
  const ratio = accepted(p[draft], q[draft]), kept = header.accepted[at];
  line(phrase`The draft says ${word(draft)}, with q = ${share(q[draft])}. This model gives it p = ${share(p[draft])}.`);
  line(`min(1, p / q) = min(1, ${share(p[draft])} / ${share(q[draft])}) = ${share(ratio)}`, "formula");
  line(phrase`random number ${header.at[at].toFixed(3)} ${kept ? "<" : "≥"} ${share(ratio)}: ${kept ? phrase("accepted") : phrase("rejected")}`, `formula ${kept ? "yes" : "no"}`);
  const total = moreThan(p, q).reduce((a, b) => a + b, 0);
  if (kept) return line(phrase("A token that the draft says more often than this model is kept as often as it should be; all others always."));
  line(phrase`Drawn anew from (p − q)₊ / Σ (p − q)₊, where Σ = ${share(total)}:`);
  line(phrase`${word(token)}, which has (${share(p[token])} − ${share(q[token])}) / ${share(total)} = ${share((p[token] - q[token]) / total)} there`, "formula");
}

// The leading tokens at a place with both models' bars, what is left to draw anew from, and the draws if there are any.
function drawBars(view, p, q, counts) {
  const { header, at } = view, named = new Set([header.numbers[at], header.drafts[at]].filter((token) => token >= 0));
  const size = (i) => Math.max(p[i], q?.[i] ?? 0) + (named.has(i) ? 2 : 0);
  const leading = p.map((_, i) => i).sort((a, b) => size(b) - size(a)).slice(0, SHOWN).sort((a, b) => p[b] - p[a]);
  const most = Math.max(...leading.map((i) => Math.max(p[i], q?.[i] ?? 0))), rest = q && anew(p, q);
  view.bars.replaceChildren();
  for (const name of ["", phrase("draft q"), phrase("this model p"), "(p − q)₊ / Σ", counts ? phrase("drawn") : "", counts ? phrase("expected") : ""]) make("b", "", view.bars, name);
  for (const i of leading) {
    make("span", "token", view.bars, visibly(header.symbols[i]));
    bar(view.bars, "q", q?.[i], most);
    bar(view.bars, "p", p[i], most);
    bar(view.bars, "rest", rest?.[i], 1);
    make("span", "number", view.bars, counts ? counts[i].toLocaleString("en") : "");
    make("span", "number", view.bars, counts ? Math.round(DRAWS * p[i]).toLocaleString("en") : "");
  }
}

function bar(parent, kind, value, most) {
  const cell = make("div", "cell", parent), track = make("div", "track", cell);
  make("i", kind, track).style.width = `${value === undefined ? 0 : (100 * value) / most}%`;
  make("span", "number", cell, value === undefined ? "–" : share(value));
}

function prove(view, always) {
  const [p, q] = [row(view, view.p, view.at), row(view, view.q, view.at)], { counts, rejected } = drawnByRule(p, q, DRAWS, always);
  const { value, free, chance } = chiSquared(counts, p);
  view.proved = always;
  drawBars(view, p, q, counts);
  const verdict = free < 1 ? phrase("only one token is possible, and it came every time") : phrase`χ² = ${value.toFixed(1)} with ${free} degree${plural(free)} of freedom, p = ${format(chance, 2)}`;
  view.proof.textContent = `${always ? phrase("control, every draft accepted") : phrase`${rejected} of ${DRAWS} drafts rejected`} · ${verdict}`;
}

function asNumbers({ header, p, q }) {
  const { numbers, drafts, accepted: kept, at, passes, symbols } = header, V = symbols.length;
  const lines = numbers.map((token, i) => {
    const draft = drafts[i];
    return [i, passes[i], quoted(symbols[token]), draft < 0 ? "" : quoted(symbols[draft]), draft < 0 ? "" : p[i * V + draft], draft < 0 ? "" : q[i * V + draft], draft < 0 ? "" : at[i], draft < 0 ? "" : kept[i]].join();
  });
  return ["place,pass,token,draft,p,q,random,accepted", ...lines].join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data }) => {
    if (!sameBytes(view.data, data)) show(view, data);
    view.data = data.slice();
  },
});

// BPE merge by merge: a text cut as after k merges, the merge that comes next and why. All of it is here at once.
const drawn = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const SIGNS = { play: "M4 2.2v11.6L13.6 8z", pause: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z", back: "M11.5 2.5v11L3.5 8z", on: "M4.5 2.5v11l8-5.5z" };
const BEAT = 450; // ms between two merges that play

function unpack(data) {
  const { header, buffer, from } = opened(data), values = new Int32Array(buffer, from), { M, R, n } = header;
  let at = 0;
  const next = (count) => values.subarray(at, (at += count));
  return { ...header, merges: next(4 * M), runners: next(3 * M * R), sizes: next(M + 1), gone: next(n) };
}

function build(parent) {
  const root = make("div", "merges", parent), view = { root, k: 0, timer: null }, title = make("div", "title", root);
  view.title = make("b", "", title);
  const menu = make("div", "saving", title);
  buildBar(view, make("div", "bar", root));
  view.figures = make("div", "figures", root);
  const both = make("div", "both", root), left = make("div", "", both), right = make("div", "", both);
  make("h5", "", left, phrase("The text, cut as after this merge"));
  view.tip = make("div", "tip", root);
  view.tip.hidden = true;
  view.pane = tokenPane(left, root, view.tip, phrase("The text in tokens. Arrow keys go from token to token."), (token) => tooltipOf(view, token));
  make("h5", "", right, phrase("The merge that comes next"));
  view.next = make("p", "next", right);
  view.next.ariaLive = "polite";
  view.pairs = make("div", "pairs", right);
  const caption = () => phrase`BPE after ${view.k} merge${plural(view.k)}`;
  savePanes(menu, "bpe", () => [{ pane: view.pane, caption: caption() }], root, () => numbers(view));
  return view;
}

function buildBar(view, bar) {
  const button = (words, act) => {
    const element = make("button", "", bar);
    element.title = element.ariaLabel = words;
    element.onclick = act;
    return element;
  };
  view.play = button(phrase("Play the merges"), () => (view.timer ? stop(view) : start(view)));
  view.back = button(phrase("One merge back"), () => go(view, view.k - 1));
  view.on = button(phrase("One merge on"), () => go(view, view.k + 1));
  [view.back.innerHTML, view.on.innerHTML] = [drawn(SIGNS.back), drawn(SIGNS.on)];
  view.slider = make("input", "", bar);
  Object.assign(view.slider, { type: "range", min: 0, step: 1, ariaLabel: phrase("Merges made") });
  view.slider.oninput = () => go(view, Number(view.slider.value));
  view.where = make("span", "where", bar);
}

function start(view) {
  if (view.k >= view.data.M) view.k = 0;
  view.timer = setInterval(() => (view.root.isConnected && view.k < view.data.M ? show(view, view.k + 1) : stop(view)), BEAT);
  show(view, view.k);
}

function stop(view) {
  clearInterval(view.timer);
  view.timer = null;
  show(view, view.k);
}

function go(view, k) {
  if (view.timer) stop(view);
  show(view, k);
}

// The text's tokens after k merges, and whether the next merge would join each with its neighbour.
function cutAt({ data, number }, k) {
  const { text, gone, shown, merges, M } = data, tokens = [], ends = [];
  for (let i = 0, from = 0; i < text.length; i++) {
    const stays = i + 1 === text.length || gone[i + 1] === 0 || gone[i + 1] > k;
    if (!stays) continue;
    const token = number.get(text.slice(from, i + 1));
    tokens.push({ token, shown: shown[token] });
    ends.push(i + 1);
    from = i + 1;
  }
  if (k < M)
    for (let i = 0; i + 1 < tokens.length; i++)
      if (gone[ends[i]] === k + 1 && tokens[i].token === merges[4 * k] && tokens[i + 1].token === merges[4 * k + 1])
        tokens[i].marked = tokens[i + 1].marked = true;
  return tokens;
}

function tooltipOf(view, { token, shown }) {
  const { data, pane, makers } = view, here = pane.tokens.filter((other) => other.token === token).length;
  const lines = [[phrase("token"), shown], [phrase("number"), String(token)], [phrase("here"), `${here} ×`]], m = makers.get(token);
  if (m === undefined) return [...lines, phrase("one of the 256 bytes, there from the start")];
  const [first, second, , count] = data.merges.subarray(4 * m, 4 * m + 4);
  return [...lines, [phrase("made by merge"), String(m + 1)], [phrase("of"), `${data.shown[first]} + ${data.shown[second]}`], [phrase("met"), `${count.toLocaleString("en")} ×`]];
}

function show(view, k) {
  const { data } = view, { M } = data;
  view.k = k = Math.max(0, Math.min(M, k));
  view.play.innerHTML = drawn(view.timer ? SIGNS.pause : SIGNS.play);
  view.play.title = view.play.ariaLabel = view.timer ? phrase("Pause") : phrase("Play the merges");
  [view.back.disabled, view.on.disabled] = [k === 0, k === M];
  Object.assign(view.slider, { max: M, value: k });
  view.where.textContent = phrase`merge ${k} of ${M}`;
  const tokens = cutAt(view, k);
  showTokens(view.pane, tokens);
  const each = tokens.length ? data.typed / tokens.length : 0;
  const figures = [[phrase("vocabulary"), data.sizes[k].toLocaleString("en")], [phrase("tokens of this text"), tokens.length.toLocaleString("en")], [phrase("characters a token"), each.toFixed(2)], [phrase("the last merge"), k ? data.shown[data.merges[4 * k - 2]] : phrase("none yet")]];
  view.figures.replaceChildren();
  for (const [name, value] of figures) {
    const box = make("div", "", view.figures);
    make("span", "", box, name);
    make("b", "", box, value);
  }
  showNext(view, k, tokens);
}

function showNext({ data, next, pairs }, k, tokens) {
  const { M, R, shown, merges, runners } = data;
  next.replaceChildren();
  pairs.replaceChildren();
  if (k === M) return next.append(M ? phrase("None: the vocabulary is as large as was asked for, or no pair is left.") : phrase("None: no pair occurs in this text."));
  const [first, second, made, count] = merges.subarray(4 * k, 4 * k + 4), rows = [[first, second, count]];
  for (let j = 0; j < R; j++) {
    const row = runners.subarray(3 * (k * R + j), 3 * (k * R + j) + 3);
    if (row[0] >= 0) rows.push([...row]);
  }
  const tied = rows.length > 1 && rows[1][2] === count, here = tokens.filter((token) => token.marked).length;
  const why = tied ? phrase("as often as the one below; of these the lower numbers go first.") : phrase("more often than any other pair.");
  const line = (...parts) => parts.forEach((part) => next.append(part));
  const code = (token) => make("code", "", null, shown[token]);
  line(code(first), " + ", code(second), " → ", code(made), phrase`: met ${count} time${plural(count)}, ${why}`);
  line(here ? phrase(" It joins what is underlined.") : phrase(" It joins nothing in this text."));
  rows.forEach(([a, b, times], i) => {
    const row = make("div", i ? "pair" : "pair wins", pairs);
    make("span", "", row, `${shown[a]} + ${shown[b]}`);
    make("i", "", row).style.width = `${(100 * times) / count}%`;
    make("span", "", row, times.toLocaleString("en"));
  });
}

function numbers({ data }) {
  const lines = ["merge,first,second,token,number,count"], { M, merges, shown } = data;
  for (let m = 0; m < M; m++) {
    const [a, b, made, count] = merges.subarray(4 * m, 4 * m + 4);
    lines.push([m + 1, quoted(shown[a]), quoted(shown[b]), quoted(shown[made]), made, count].join());
  }
  return lines.join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data }) => {
    const message = unpack(data), known = `${message.known} ${message.projector} ${isDark(view.root)}`;
    if (known === view.known) return;
    const other = message.learned !== view.data?.learned;
    Object.assign(view, { data: message, known, number: new Map(message.pieces.map((piece, i) => [piece, i])), makers: new Map() });
    for (let m = message.M - 1; m >= 0; m--) view.makers.set(message.merges[4 * m + 2], m);
    view.title.textContent = message.title;
    view.root.classList.toggle("projector", message.projector);
    show(view, other ? Math.min(message.first, message.M) : view.k);
  },
  remove: ({ timer }) => clearInterval(timer),
});

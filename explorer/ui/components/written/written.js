// Written: a text token by token, each on the ground of its surprisal or rank. Where the pointer rests, the input that made a
// token likely is shown; a click on one offers what else could stand there.
const BITS = 8, RANKS = [10, 100, 1000], REST = 120, SPEEDS = { slow: 400, brisk: 120, fast: 30 };
const NAMED = { slow: phrase("slow"), brisk: phrase("brisk"), fast: phrase("fast"), surprisal: phrase("surprisal"), rank: phrase("rank") };

function build(parent) {
  const root = make("div", "written", parent), head = make("div", "head", root);
  const view = { root, spans: [], shown: Infinity, at: null, pointed: null };
  view.title = make("b", "", head);
  const button = (words, name, act) => Object.assign(make("button", "act", head, words), { ariaLabel: name, title: name, onclick: act });
  button("❘◀", phrase("From the start"), () => reveal(stop(view), 0));
  view.play = button("▶", phrase("Write"), () => (view.timer ? stop(view) : play(view)));
  button("▶❘", phrase("One token"), () => reveal(stop(view), view.shown + 1));
  view.speed = make("select", "", head);
  view.speed.ariaLabel = phrase("Speed of writing");
  for (const name of Object.keys(SPEEDS)) view.speed.append(new Option(NAMED[name], name));
  view.speed.value = "brisk";
  view.speed.onchange = () => view.timer && play(view);
  view.scale = make("select", "", head);
  view.scale.ariaLabel = phrase("Colour of the tokens");
  for (const name of Object.keys(SCALES)) view.scale.append(new Option(NAMED[name], name));
  view.scale.onchange = () => colour(view);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "written.csv", "text/csv")]]);
  view.text = make("div", "text", root);
  view.prompt = make("span", "prompt", view.text);
  view.earlier = make("div", "text earlier", root);
  view.why = make("div", "why", root);
  view.offer = make("div", "offer", root);
  view.offer.hidden = view.why.hidden = true;
  view.text.onpointerleave = () => point(view, null);
  const foot = make("div", "foot", root);
  view.least = make("span", "", foot);
  view.bar = make("div", "bar", foot);
  view.most = make("span", "", foot);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    offer(view, null);
    point(view, null);
  });
  return view;
}

function stop(view) {
  clearInterval(view.timer);
  view.timer = 0;
  view.play.textContent = "▶";
  return view;
}

function play(view) {
  stop(view);
  if (view.shown >= view.header.tokens.length) reveal(view, 0);
  view.play.textContent = "❚❚";
  view.timer = setInterval(() => (view.shown < view.header.tokens.length ? reveal(view, view.shown + 1) : stop(view)), SPEEDS[view.speed.value]);
}

function reveal(view, count) {
  const { length } = view.header.tokens;
  view.shown = count < length ? count : Infinity; // all, however many the next text has
  view.spans.forEach((span, i) => span.classList.toggle("later", i >= view.shown));
}

// How a token is coloured: its share of the darkest ground, and the words at both ends of the legend.
const SCALES = {
  surprisal: { of: ({ bits }, i) => bits[i] / BITS, least: phrase("0 bits"), most: phrase`${BITS} bits or more: how much each token surprises the model itself.` },
  rank: {
    of: ({ rank }, i) => RANKS.filter((most) => rank[i] > most).length / RANKS.length,
    least: phrase("1 to 10"),
    most: phrase("past 1,000: each token’s rank by the model itself; steps at 10 and 100."),
  },
};
const WITH = phrase("Point at a token for what made it likely, click it for what else could stand there.");
const ground = (palette, share) => css(between(palette.colours.sequential, Math.min(1, share) * 0.62));
const inLine = (token) => token.replaceAll("\n", "⏎");
const visibly = (token) => token.replaceAll("\n", "⏎\n");

function drawText(place, spans, tokens) {
  while (spans.length > tokens.length) spans.pop().remove();
  while (spans.length < tokens.length) spans.push(make("span", "", place));
  spans.forEach((span, i) => (span.textContent = visibly(tokens[i])));
}

// The grounds of both texts and the legend, by the scale that is chosen.
function colour(view) {
  const { header, root, scale: { value } } = view, palette = paletteOf(root), { of, least, most } = SCALES[value];
  view.spans.forEach((span, i) => (span.style.backgroundColor = ground(palette, of(header, i))));
  if (header.earlier) view.earlierSpans.forEach((span, i) => (span.style.backgroundColor = ground(palette, of(header.earlier, i))));
  view.least.textContent = least;
  view.most.textContent = `${most} ${WITH}`;
  const levels = RANKS.length + 1, steps = Array.from({ length: levels }, (_, i) => `${ground(palette, i / RANKS.length)} ${(100 * i) / levels}% ${(100 * (i + 1)) / levels}%`);
  const stops = value === "rank" ? steps : [0, 0.25, 0.5, 0.75, 1].map((t) => ground(palette, t));
  view.bar.style.background = `linear-gradient(90deg, ${stops.join()})`;
}

// The end of a prompt that is long, so that what is written after it is in sight.
const TAIL = 120; // characters
const lastOf = (prompt) => (prompt.length > TAIL ? `… ${prompt.slice(-TAIL)}` : prompt);

function show(view, data) {
  const { header } = opened(data), palette = paletteOf(view.root), before = view.header;
  if (before) goOverWords(view.text, ease());
  view.header = header;
  view.title.textContent = header.title;
  view.root.classList.toggle("projector", header.projector);
  view.text.classList.toggle("tall", header.tall);
  view.prompt.textContent = visibly(lastOf(header.prompt)) + (header.tall ? "" : " → "); // an answer is set apart from the question
  view.prompt.title = header.prompt;
  drawText(view.text, view.spans, header.tokens);
  view.spans.forEach((span, i) => {
    span.className = header.forced.includes(i) ? "forced" : "";
    span.tabIndex = 0;
    span.role = "button";
    span.title = phrase`${header.bits[i].toFixed(2)} bits · rank ${header.rank[i]} of ${header.symbols}`;
    span.onpointerenter = () => rest(view, i);
    span.onpointerleave = () => clearTimeout(view.resting);
    span.onfocus = () => point(view, i);
    span.onblur = () => point(view, null);
    span.onclick = () => offer(view, i);
    span.onkeydown = (event) => event.key === "Enter" && offer(view, i);
  });
  view.earlier.hidden = !header.earlier;
  view.earlierSpans ??= [];
  if (header.earlier) drawText(view.earlier, view.earlierSpans, header.earlier.tokens);
  colour(view);
  if (view.at !== null && before?.text !== header.text) offer(view, view.at < header.tokens.length ? view.at : null);
  reveal(view, view.shown);
  drawWhy(view, palette);
}

// The page is asked about a token where the pointer rests, and about none that it merely crosses.
function rest(view, place) {
  clearTimeout(view.resting);
  view.resting = setTimeout(() => point(view, place), REST);
}

function point(view, place) {
  clearTimeout(view.resting);
  view.pointed = place;
  const { why, place: known } = view.header;
  if (place !== null && !(why && known === place)) view.ask(place);
  drawWhy(view, paletteOf(view.root));
}

// Which input tokens made a token likely: a row for each way, both on one scale, just below the token.
function drawWhy(view, palette) {
  const { why, place } = view.header;
  view.spans.forEach((span, i) => span.classList.toggle("pointed", i === view.pointed));
  view.why.hidden = !why || place !== view.pointed;
  view.why.replaceChildren();
  if (view.why.hidden) return;
  const span = view.spans[view.pointed];
  if (span) view.why.style.top = `${span.offsetTop + span.offsetHeight - view.text.scrollTop + 4}px`;
  const ways = Object.entries(why.ways), most = Math.max(1e-12, ...ways.flatMap(([, some]) => some.map(Math.abs)));
  make("b", "", view.why, phrase`What made “${inLine(why.token)}” likely, in nats of log p: blue for it, orange against it, ${format(most, 3)} at most`);
  for (const [name, some] of ways) {
    make("span", "name", view.why, name);
    const row = make("div", "row", view.why);
    why.tokens.forEach((token, i) => {
      const span = make("span", "", row, inLine(token)), stops = some[i] < 0 ? palette.colours.negative : palette.colours.sequential;
      span.style.backgroundColor = css(between(stops, 0.62 * Math.abs(some[i] / most)));
      span.title = phrase`${inLine(token)}: ${format(some[i], 3)} nats`;
    });
  }
}

// What else could stand at a place: the likeliest tokens with their bars.
function offer(view, place) {
  view.at = place;
  view.offer.hidden = place === null;
  view.spans.forEach((span, i) => span.classList.toggle("on", i === place));
  if (place === null) return;
  const { leading, tokens } = view.header;
  view.offer.replaceChildren(make("b", "", null, phrase`Instead of “${visibly(tokens[place])}”`));
  const most = Math.max(...leading[place].map(({ p }) => p));
  for (const { token, symbol, p, sampled } of leading[place]) {
    const button = make("button", "choice", view.offer), track = make("i", "track", null);
    make("i", "", track).style.width = `${(100 * p) / most}%`;
    button.append(make("span", "token", null, visibly(symbol)), track, make("span", "number", null, `${percentOf(p, 1)}${sampled > 0 ? "" : phrase(", cut")}`));
    button.onclick = () => view.choose({ place, token });
  }
}

function asNumbers({ header: { tokens, bits, rank } }) {
  return ["place,token,bits,rank", ...tokens.map((token, i) => [i, quoted(token), bits[i], rank[i]].join())].join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.choose = (chosen) => setTriggerValue("chosen", chosen);
    view.ask = (place) => setTriggerValue("pointed", place);
    const dark = isDark(view.root);
    if (!sameBytes(view.data, data) || dark !== view.dark) show(view, data);
    [view.data, view.dark] = [data.slice(), dark];
  },
  remove: (view) => {
    clearTimeout(view.resting);
    stop(view);
  },
});

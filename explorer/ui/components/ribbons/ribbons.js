// Ribbons: the source above, the answer below; a ribbon is as wide as the attention that it stands for. Dashed: what the
// task says belongs together. Pointing at a token leaves its ribbons alone and tells their numbers.
const SVG = "http://www.w3.org/2000/svg", LEAST = 0.02, WIDEST = 34, TALL = { line: 26, gap: 2 }, EDGE = 5, LETTER = 0.61; // of its height
const visibly = (token) => token.replaceAll("\n", "⏎").replaceAll(" ", "␣"), letters = (token) => [...visibly(token)].length;

function build(parent) {
  const root = make("div", "ribbons", parent), head = make("div", "head", root), view = { root, paths: [], pointed: ["t", -1] };
  view.title = make("b", "", head);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "attention.csv", "text/csv")]]);
  view.sheet = make("div", "sheet", root);
  view.sheet.role = "group";
  view.lines = view.sheet.appendChild(document.createElementNS(SVG, "svg"));
  view.read = make("div", "line read", view.sheet);
  view.written = make("div", "line written", view.sheet);
  view.foot = make("div", "foot", root);
  for (const [side, line] of [["s", view.read], ["t", view.written]]) {
    line.onpointerover = line.onfocusin = (event) => point(view, side, [...line.children].indexOf(event.target));
    line.onpointerleave = line.onfocusout = () => point(view, side, -1);
  }
  view.written.onclick = (event) => {
    const place = [...view.written.children].indexOf(event.target);
    if (place >= 0) view.choose(place);
  };
  view.observer = onResize(view.sheet, () => view.header && lay(view));
  return view;
}

function fill(line, tag, tokens, look) {
  while (line.children.length > tokens.length) line.lastChild.remove();
  while (line.children.length < tokens.length) make(tag, "", line);
  tokens.forEach((token, i) => {
    const element = line.children[i];
    element.textContent = visibly(token);
    element.className = look(i);
  });
}

function show(view, data) {
  const { header, buffer, from } = opened(data), before = ease() ? ribbonsSeen(view) : null;
  Object.assign(view, { header, weights: new Float32Array(buffer.slice(from)) });
  view.title.textContent = view.sheet.ariaLabel = header.title;
  view.root.classList.toggle("projector", header.projector);
  const { place, forced, changed } = header;
  fill(view.read, "span", header.source, () => "");
  fill(view.written, "button", header.tokens, (i) => [["chosen", i === place], ["forced", forced.includes(i)], ["changed", changed.includes(i)]].filter(([, is]) => is).map(([name]) => name).join(" "));
  lay(view);
  if (before) moveRibbons(view, before);
}

// Every ribbon by its two ends, and how it is seen.
const nameOf = ({ s, t }) => `${s} ${t}`;

function ribbonsSeen({ paths }) {
  const ribbons = paths.filter(({ gold }) => !gold), looks = seenAs(ribbons.map(({ path }) => path), ["strokeWidth", "opacity"]);
  return new Map(ribbons.map((ribbon, i) => [nameOf(ribbon), { path: ribbon.path, look: looks[i] }]));
}

// A ribbon grows or shrinks to its new width; one that goes is seen until it is gone.
function moveRibbons({ paths, lines }, before) {
  const none = { strokeWidth: "0px", opacity: 0 }, milliseconds = ease();
  for (const ribbon of paths.filter(({ gold }) => !gold)) {
    goFrom(ribbon.path, before.get(nameOf(ribbon))?.look ?? none, milliseconds);
    before.delete(nameOf(ribbon));
  }
  for (const { path, look } of before.values()) {
    lines.prepend(path);
    Object.assign(path.style, none);
    path.classList.add("before");
    goFrom(path, look, milliseconds).onfinish = () => path.remove();
  }
}

function lay(view) {
  const { source, tokens, gold } = view.header, width = view.sheet.clientWidth, height = view.sheet.clientHeight;
  const size = view.header.projector ? 18 : 14, longest = Math.max(1, ...[...source, ...tokens].map(letters));
  const ribbon = Math.min((WIDEST * size) / 14, width / Math.max(1, source.length, tokens.length));
  const cell = Math.min(Math.max(ribbon, LETTER * size * longest + EDGE), width / Math.max(1, source.length, tokens.length)); // a word has room, where there is
  const left = (count) => (width - cell * count) / 2;
  for (const line of [view.read, view.written])
    [...line.children].forEach((element, i, all) => {
      element.style.left = `${left(all.length) + i * cell}px`;
      element.style.width = `${Math.max(1, cell - TALL.gap)}px`;
      const fits = (cell - EDGE) / LETTER / [...element.textContent].length;
      element.style.fontSize = fits < size ? `${Math.max(7, fits)}px` : "";
    });
  const middle = (count, i) => left(count) + (i + 0.5) * cell - TALL.gap / 2, [top, bottom] = [TALL.line + 3, height - TALL.line - 3];
  view.paths = [];
  const add = (t, s, kind) => {
    const mean = (count, places) => places.reduce((sum, i) => sum + middle(count, i), 0) / places.length;
    const [x, to] = [mean(source.length, s), mean(tokens.length, t)], bend = (bottom - top) / 2, path = document.createElementNS(SVG, "path");
    const bar = (count, places, y) => (places.length > 1 ? `M${middle(count, places[0]) - cell / 3} ${y}H${middle(count, places.at(-1)) + cell / 3}` : "");
    path.setAttribute("d", `M${x} ${top}C${x} ${top + bend} ${to} ${bottom - bend} ${to} ${bottom}${kind ? bar(source.length, s, top) + bar(tokens.length, t, bottom) : ""}`);
    if (kind) path.setAttribute("class", kind);
    view.paths.push({ path, t, s, gold: Boolean(kind) });
    return path;
  };
  tokens.forEach((_, t) =>
    source.forEach((_, s) => {
      const weight = view.weights[t * source.length + s];
      if (weight >= LEAST) Object.assign(add([t], [s]).style, { strokeWidth: `${Math.max(1, 0.62 * ribbon * weight)}px`, opacity: 0.12 + 0.5 * weight });
    }),
  );
  for (const [t, s] of gold) add(t, s, "gold");
  view.lines.replaceChildren(...view.paths.map(({ path }) => path));
  const [side, at] = view.pointed;
  point(view, side, at < (side === "t" ? tokens : source).length ? at : -1);
}

function point(view, side, at) {
  view.pointed = [side, at];
  const { source, tokens, gold } = view.header ?? { source: [], tokens: [], gold: [] }, on = at >= 0;
  view.root.classList.toggle("points", on);
  const touched = { s: new Set(), t: new Set() };
  for (const { path, t, s } of view.paths) {
    const is = on && { s, t }[side].includes(at);
    path.classList.toggle("on", is);
    if (is) for (const [name, places] of [["s", s], ["t", t]]) places.forEach((place) => touched[name].add(place));
  }
  for (const [name, line] of [["s", view.read], ["t", view.written]])
    [...line.children].forEach((element, i) => element.classList.toggle("on", on && (touched[name].has(i) || (name === side && i === at))));
  view.foot.textContent = on
    ? side === "t" ? reads(view, at) : phrase`“${visibly(source[at])}” is read for ${list([...tokens.keys()].map((t) => [tokens[t], view.weights[t * source.length + at]]))}`
    : phrase`A ribbon is as wide as the attention.${gold.length ? phrase(" Dashed: what the task says belongs together.") : ""} Point at a token for its numbers.`;
}

const reads = ({ header: { source, tokens }, weights }, t) => phrase`“${visibly(tokens[t])}” reads ${list(source.map((token, s) => [token, weights[t * source.length + s]]))}`;

function list(pairs) {
  const most = pairs.filter(([, weight]) => weight >= LEAST).sort(([, a], [, b]) => b - a).slice(0, 6);
  return most.map(([token, weight]) => `“${visibly(token)}” ${percentOf(weight)}`).join(", ") || phrase("nothing of it");
}

function asNumbers({ header: { source, tokens }, weights }) {
  const rows = tokens.flatMap((token, t) => source.map((read, s) => [t, quoted(token), s, quoted(read), weights[t * source.length + s]].join()));
  return ["place,token,source place,source token,attention", ...rows].join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.choose = (place) => setTriggerValue("place", place);
    if (!sameBytes(view.data, data)) show(view, data);
    view.data = data.slice();
  },
});

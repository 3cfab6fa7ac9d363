// Strips: one text under several readers, each token on the ground of its number. A click on a token sends its place.
const visibleToken = (token) => token.replaceAll("\n", "⏎\n");

function build(parent) {
  const root = make("div", "strips", parent), view = { root, rows: [] }, head = make("div", "head", root);
  view.title = make("b", "", head);
  savingMenu(make("div", "saving", head), [[phrase("Save numbers (CSV)"), () => saveText(asNumbers(view), "strips.csv", "text/csv")]]);
  view.list = make("div", "", root);
  const foot = make("div", "foot", root);
  view.low = make("span", "", foot);
  view.bar = make("div", "bar", foot);
  view.high = make("span", "", foot);
  return view;
}

function rowOf(view, i) {
  if (view.rows[i]) return view.rows[i];
  const element = make("div", "", view.list), caption = make("div", "caption", element);
  const row = { element, name: make("b", "", caption), note: make("span", "", caption), spans: [] };
  row.text = make("div", "text", element);
  return (view.rows[i] = row);
}

const groundOf = (palette, share) => css(between(palette.colours.sequential, Math.min(1, share) * 0.62));

function drawRow(view, row, { name, note, tokens }, values, palette) {
  const { unit, most, masked, chosen, mask } = view.header;
  row.name.textContent = name;
  row.note.textContent = note;
  const before = ease() ? seenAs(row.spans, ["backgroundColor"]) : [];
  while (row.spans.length > tokens.length) row.spans.pop().remove();
  while (row.spans.length < tokens.length) row.spans.push(make("span", "", row.text));
  row.spans.forEach((span, i) => {
    const hidden = masked.includes(i), there = Number.isFinite(values[i]);
    span.textContent = hidden ? mask : visibleToken(tokens[i]);
    span.style.backgroundColor = there ? groundOf(palette, values[i] / most) : "";
    goFrom(span, before[i], ease());
    span.className = [hidden && "masked", i === chosen && "on", !there && "none", !view.click && "plain"].filter(Boolean).join(" ");
    span.title = `${visibleToken(tokens[i])}: ${there ? `${format(values[i], 3)} · ${unit}` : phrase("no number: nothing is read before it")}`;
    span.dataset.place = i;
    if (!view.click) return;
    span.tabIndex = 0;
    span.role = "button";
    span.ariaPressed = String(hidden);
    span.onclick = () => view.click(i);
    span.onkeydown = (event) => event.key === "Enter" && view.click(i);
  });
}

function show(view, data) {
  const { header, buffer, from } = opened(data), palette = paletteOf(view.root);
  view.header = header;
  view.title.textContent = header.title;
  view.root.classList.toggle("projector", header.projector);
  view.values = [];
  let at = from;
  for (const { tokens } of header.strips) {
    view.values.push(new Float32Array(buffer, at, tokens.length));
    at += 4 * tokens.length;
  }
  while (view.rows.length > header.strips.length) view.rows.pop().element.remove();
  header.strips.forEach((strip, i) => drawRow(view, rowOf(view, i), strip, view.values[i], palette));
  view.low.textContent = "0";
  view.high.textContent = [`≥\u202f${header.most} · ${header.unit}`, header.foot].filter(Boolean).join(" · ");
  view.bar.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((t) => groundOf(palette, t)).join()})`;
}

function asNumbers({ header: { strips, unit }, values }) {
  const lines = [`strip,place,token,${unit}`];
  strips.forEach(({ name, tokens }, row) => tokens.forEach((token, i) => lines.push([quoted(name), i, quoted(token), values[row][i]].join())));
  return lines.join("\n") + "\n";
}

export default living({
  build,
  update: (view, { data, setTriggerValue }) => {
    view.click = (place) => setTriggerValue("clicked", place);
    const dark = isDark(view.root);
    if (!sameBytes(view.data, data) || dark !== view.dark) show(view, data);
    [view.data, view.dark] = [data.slice(), dark];
  },
});

// One text under several tokenizers, below one another. Hovering and saving need no server.

function build(parent) {
  const root = make("div", "rows", parent), view = { root, rows: [] }, title = make("div", "title", root);
  view.title = make("b", "", title);
  const menu = make("div", "saving", title);
  view.list = make("div", "", root);
  view.tip = make("div", "tip", root);
  view.tip.hidden = true;
  savePanes(menu, "tokens", () => view.rows.map(({ pane, caption }) => ({ pane, caption: caption.textContent })), root, () => numbers(view));
  return view;
}

function numbers({ rows }) {
  const lines = ["tokenizer,place,token,number,known,uses in the text learned from"];
  for (const { name: { textContent: name }, pane } of rows)
    pane.tokens.forEach(({ shown, token, unknown, uses }, i) => lines.push([quoted(name), i, quoted(shown), token, !unknown, uses ?? ""].join()));
  return lines.join("\n") + "\n";
}

function tooltipOf({ shown, token, unknown, uses }, pane) {
  const here = pane.tokens.filter((other) => other.token === token).length;
  const lines = [["token", shown], ["number", token < 0 ? "none" : String(token)], ["here", `${here} ×`]];
  if (uses !== null) lines.push([phrase("learned from"), `${uses.toLocaleString("en")} ×`]);
  return unknown ? [...lines, phrase("unknown: all unknown pieces share this number")] : lines;
}

function rowOf(view, i) {
  if (view.rows[i]) return view.rows[i];
  const element = make("div", "one", view.list), row = { element, caption: make("div", "caption", element) };
  row.name = make("b", "", row.caption);
  row.said = make("span", "", row.caption);
  row.missing = make("span", "missing", row.caption);
  row.pane = tokenPane(element, view.root, view.tip, "", (token) => tooltipOf(token, row.pane));
  return (view.rows[i] = row);
}

function showRows(view, { title, rows, typed, projector }) {
  view.title.textContent = title;
  view.root.classList.toggle("projector", projector);
  while (view.rows.length > rows.length) view.rows.pop().element.remove();
  rows.forEach(({ name, vocabulary, tokens, unknown }, i) => {
    const row = rowOf(view, i);
    row.name.textContent = row.element.dataset.name = name;
    const each = typed ? (tokens.length / typed).toFixed(2) : "–";
    row.said.textContent = phrase` ${tokens.length} token${plural(tokens.length)} · ${each} a character · vocabulary ${vocabulary} `;
    row.missing.textContent = unknown.length ? phrase`unknown: ${unknown.join("  ")}` : "";
    row.pane.ariaLabel = phrase`The text in ${tokens.length} token${plural(tokens.length)} of ${name}. Arrow keys go from token to token.`;
    showTokens(row.pane, tokens.map(([shown, token, uses, known]) => ({ shown, token, uses, unknown: !known })));
  });
}

export default living({
  build,
  update: (view, { data }) => {
    const { header } = opened(data), known = `${JSON.stringify(header)} ${isDark(view.root)}`;
    if (known !== view.known) showRows(view, header);
    view.known = known;
  },
});

// Token text: a text cut into tokens as coloured words, what each is on hover and by arrow keys, and saving it.
const HUES = ["#4c6ef5", "#e8590c", "#0a8f7d", "#c018a8", "#c07860", "#9078d8", "#f0568e"];
const LINE_END = "⏎";

// Token -> its ground: one hue a token, mixed with the page's own colour.
function shades(element) {
  const paper = paperOf(element), share = isDark(element) ? 0.42 : 0.24;
  const grounds = HUES.map((hue) => css(channels(hue, element).map((c, i) => share * c + (1 - share) * paper[i])));
  return (token) => (token < 0 ? css(paper) : grounds[token % HUES.length]);
}

// tokens: [{ shown, token, unknown }]. Elements are used again, so that a change of one boundary moves no other.
function showTokens(pane, tokens) {
  const ground = shades(pane);
  while (pane.spans.length > tokens.length) pane.spans.pop().remove();
  while (pane.spans.length < tokens.length) pane.spans.push(make("span", "", pane));
  pane.querySelectorAll("br").forEach((line) => line.remove());
  tokens.forEach(({ shown, token, unknown, marked }, i) => {
    const span = pane.spans[i];
    if (span.textContent !== shown) span.textContent = shown;
    span.style.backgroundColor = ground(token);
    span.style.boxShadow = marked ? "inset 0 -3px 0 var(--st-text-color)" : "";
    span.className = unknown ? "unknown" : "";
    if (shown.endsWith(LINE_END)) span.after(document.createElement("br"));
  });
  pane.tokens = tokens;
}

// A pane of tokens; `linesOf(token, i)` returns the lines of the tooltip, [name, value] or one text.
function tokenPane(parent, root, tip, label, linesOf) {
  const pane = make("div", "tokens-pane", parent);
  Object.assign(pane, { spans: [], tokens: [], tabIndex: 0, role: "img", ariaLabel: label });
  const leave = () => {
    tip.hidden = true;
    pane.spans[pane.at]?.classList.remove("at");
    pane.at = -1;
  };
  const reach = (i) => {
    leave();
    const span = pane.spans[i];
    if (!span) return;
    pane.at = i;
    span.classList.add("at");
    tip.replaceChildren();
    for (const line of linesOf(pane.tokens[i], i))
      if (Array.isArray(line)) {
        make("span", "", tip, line[0]);
        make("b", "", tip, line[1]);
      } else make("em", "", tip, line);
    tip.hidden = false;
    const box = span.getBoundingClientRect(), base = root.getBoundingClientRect();
    placeTip(tip, root, root, box.left - base.left, box.bottom - base.top + 4);
  };
  pane.onpointerover = (event) => reach(pane.spans.indexOf(event.target));
  pane.onpointerleave = pane.onblur = leave;
  pane.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") leave();
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    reach(Math.max(0, Math.min(pane.spans.length - 1, (pane.at ?? -1) + by)));
    pane.spans[pane.at]?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    event.stopPropagation();
  };
  pane.at = -1;
  return pane;
}

// Draws panes below one another, each under its caption, as wide as they are on the screen.
function drawPanes(panes, context, ink, width, height) {
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  let top = 8;
  for (const { pane, caption } of panes) {
    context.font = `600 14px ${ink.font}`;
    context.fillStyle = ink.text;
    context.fillText(caption, 8, top + 10);
    const base = pane.getBoundingClientRect(), down = top + 26 - base.top + pane.scrollTop;
    context.font = `15px ${getComputedStyle(pane).fontFamily}`;
    pane.spans.forEach((span) => {
      const box = span.getClientRects()[0];
      if (!box) return;
      context.fillStyle = span.style.backgroundColor;
      context.fillRect(box.left - base.left + 8, box.top + down, box.width, box.height);
      context.fillStyle = ink.text;
      context.fillText(span.textContent, box.left - base.left + 9, box.top + down + box.height / 2);
    });
    top += 26 + pane.scrollHeight + 12;
  }
}

function savePanes(place, name, panes, root, numbers) {
  const sized = (make) => {
    const all = panes(), width = Math.max(...all.map(({ pane }) => pane.clientWidth)) + 16;
    const height = all.reduce((sum, { pane }) => sum + pane.scrollHeight + 38, 8), context = make(width, height);
    const style = getComputedStyle(root), read = (word) => style.getPropertyValue(`--st-${word}`);
    drawPanes(all, context, { paper: read("background-color"), text: read("text-color"), font: read("font") }, width, height);
    return context;
  };
  savingMenu(place, [
    [phrase("Save picture (PNG)"), () => sized((w, h) => cleared(document.createElement("canvas"), w, h)).canvas.toBlob((blob) => download(blob, `${name}.png`))],
    [phrase("Save drawing (SVG)"), () => saveText(String(sized((w, h) => new Vector(w, h))), `${name}.svg`, "image/svg+xml")],
    [phrase("Save numbers (CSV)"), () => saveText(numbers(), `${name}.csv`, "text/csv")],
  ]);
}

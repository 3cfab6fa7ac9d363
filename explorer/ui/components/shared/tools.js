// Tools: what the pictures show, on which scale, in which order, and the legend under them.
const SCORED = { // what heads can be put in the order of
  entropy: phrase("entropy"), distance: phrase("distance"), "first token": phrase("first token"), importance: phrase("importance"),
};
const EXPLAINED = { nan: phrase("not a number"), plus: "+∞", minus: phrase("−∞, masked") };
const SCOPES = [["cell", phrase("this head")], ["row", phrase("this layer")], ["all", phrase("all heads")]];

function makeSelect(parent, words, pick) {
  const label = make("label", "pick", parent, words), select = make("select", "", label);
  select.onchange = () => pick(select.value);
  return select;
}

// Offers [value, words] pairs. An open list is left alone while they stay the same.
function offer(select, entries, value) {
  const known = JSON.stringify(entries);
  if (select.known !== known) select.replaceChildren(...entries.map(([value, words]) => new Option(words, value)));
  select.known = known;
  select.value = value;
}

function buildTools(grid, pane) {
  grid.tools = make("div", "tools", pane);
  const heading = make("div", "heading", grid.tools);
  make("b", "", heading, phrase("All heads"));
  grid.segments = make("div", "segments", grid.tools);
  Object.assign(grid.segments, { role: "radiogroup", ariaLabel: phrase("What the pictures show") });
  grid.segments.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = [...grid.segments.children], at = buttons.findIndex((button) => button.tabIndex === 0);
    const next = buttons[(at + by + buttons.length) % buttons.length];
    next.click();
    next.focus();
    event.preventDefault();
  };
  grid.options = make("div", "options", pane);
  grid.subject = make("span", "subject", grid.options);
  grid.orders = makeSelect(grid.options, phrase("order"), (value) => change(grid, { order: value }));
  grid.goldLabel = make("label", "pick", grid.options);
  grid.goldBox = make("input", "", grid.goldLabel);
  Object.assign(grid.goldBox, { type: "checkbox", checked: true });
  grid.goldBox.onchange = () => change(grid, { gold: grid.goldBox.checked });
  make("i", "gold-mark", grid.goldLabel);
  grid.goldLabel.append(phrase("gold alignment"));
}

function change(grid, choice) {
  Object.assign(grid, choice);
  repaint(grid);
  arrange(grid);
}

function showTools(grid, m) {
  const { modes, rows, segments } = grid, names = JSON.stringify(modes.map((mode) => [mode.label, mode.title]));
  if (segments.known !== names) {
    segments.replaceChildren();
    for (const { name, label, title } of modes) {
      const button = make("button", "", segments, label ?? name);
      Object.assign(button, { role: "radio", title });
      button.onclick = () => {
        report(grid, "mode", name);
        change(grid, {});
      };
    }
    segments.known = names;
  }
  [...segments.children].forEach((button, i) => Object.assign(button, { ariaChecked: i === m, tabIndex: i === m ? 0 : -1 }));
  const scores = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))], gold = rows.some((row) => row.gold.length);
  grid.tools.hidden = modes.length === 1 && !grid.edges;
  grid.options.hidden = !grid.edges && !scores.length && !gold;
  grid.subject.textContent = modes[m].title;
  grid.orders.parentElement.hidden = !scores.length;
  const orders = [["", phrase("as in the model")], ...scores.map((name) => [name, phrase`by ${SCORED[name] ?? name}`])];
  offer(grid.orders, orders, scores.includes(grid.order) ? grid.order : "");
  grid.goldLabel.hidden = !gold;
  grid.lines.forEach(({ line }, r) => line.classList.toggle("two-lines", rows[r].gold.length > 0));
}

// The largest score comes first; heads without one last.
function putInOrder(grid) {
  grid.lines.forEach((line, r) => {
    const cells = grid.cells.filter((cell) => cell.r === r), scores = grid.rows[r].scores[grid.order];
    const score = ({ h }) => scores?.[h] ?? -Infinity;
    if (scores) cells.sort((a, b) => (score(a) === score(b) ? a.h - b.h : score(b) - score(a)));
    cells.forEach((cell, place) => (cell.place = place));
    const order = cells.map((cell) => cell.h).join();
    if (line.order !== order) line.cells.append(...cells.map((cell) => cell.element));
    line.order = order;
  });
}

function buildFoot(grid, pane) {
  const foot = make("div", "foot", pane), scale = make("div", "scale", foot);
  grid.low = make("span", "ends", scale);
  grid.bar = make("div", "bar", scale);
  grid.high = make("span", "ends", scale);
  grid.scopes = makeSelect(foot, phrase("scale of"), (value) => change(grid, { scope: value }));
  grid.words = make("span", "words", foot);
  grid.marks = {};
  for (const [mark, words] of Object.entries(EXPLAINED)) {
    grid.marks[mark] = make("span", "mark", foot);
    make("i", "", grid.marks[mark]);
    grid.marks[mark].append(words);
  }
  buildMenu(grid, make("div", "saving", foot));
}

function explain(grid, kind, limits, marks) {
  const signed = kind === "signed", end = limits && grid.scope === "all" ? format(limits.all, 3) : "";
  const [low, high] = signed ? [`−${end}`, `+${end}`] : ["0", limits ? end || phrase("largest") : "1"];
  const scope = { cell: phrase("each head to its own end"), row: phrase("each layer to its own end"), all: phrase("one scale") }[grid.scope];
  grid.legend = {
    stops: (colours) => (signed ? [...[...colours.negative].reverse(), ...colours.sequential.slice(1)] : colours.sequential),
    words: [limits && scope, phrase("square-root brightness")].filter(Boolean).join(" · "),
  };
  [grid.low.textContent, grid.high.textContent] = [low, high];
  const n = grid.message.coarse?.block ?? 1, cells = n > 1 ? phrase`a cell is ${pairs(n)}, fewer where fewer are seen` : "";
  grid.legend.words = [grid.legend.words, cells].filter(Boolean).join(" · ");
  grid.words.textContent = grid.words.title = [cells, phrase("square-root brightness")].filter(Boolean).join(" · ");
  grid.scopes.parentElement.hidden = !limits;
  offer(grid.scopes, SCOPES, grid.scope);
  grid.bar.style.background = `linear-gradient(90deg, ${grid.legend.stops(grid.palette.colours).map(css).join()})`;
  for (const [mark, element] of Object.entries(grid.marks)) {
    element.classList.toggle("met", Boolean(marks[mark]));
    const [first, second = first] = grid.palette.colours[mark].map(css);
    element.firstChild.style.background = `repeating-conic-gradient(${first} 0 25%, ${second} 0 50%) 0 0 / 6px 6px`;
  }
}

// Outlines of gold cells, over one picture.
function outlines(frame) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "gold");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.ariaHidden = true;
  for (const name of ["halo", "core"]) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("class", name);
    svg.append(path);
  }
  frame.append(svg);
  return svg;
}

function showGold({ gold: svg, row }, on, [Q, K]) {
  const shape = on ? row.gold.map(([q, k]) => `M${k} ${q}h1v1h-1z`).join("") : "";
  const known = `${Q} ${K} ${shape}`;
  if (svg.known === known) return;
  svg.known = known;
  svg.setAttribute("viewBox", `0 0 ${K} ${Q}`);
  for (const path of svg.children) path.setAttribute("d", shape);
}

// Matrix grid: the component itself. Built once, then repainted in place at every message.

function build(parent) {
  const root = make("div", "matrix-grid", parent), pane = make("div", "pane", root);
  const grid = { root, cells: [], lines: [], rows: [], selected: null, query: null, awaited: {}, said: {} };
  Object.assign(grid, { mode: "", scope: "", order: "", gold: true, hover: null, held: null, open: false });
  buildTools(grid, pane);
  grid.stage = make("div", "stage", pane);
  Object.assign(grid.stage, { tabIndex: 0, role: "group" });
  grid.body = make("div", "body", grid.stage);
  buildLoupe(grid, grid.stage);
  buildFoot(grid, pane);
  buildView(grid, root);
  grid.tip = make("div", "tip", root);
  grid.tip.hidden = true;
  grid.sentence = make("p", "sentence", parent);
  listen(grid);
  return grid;
}

function buildLoupe(grid, parent) {
  grid.loupe = make("div", "loupe", parent);
  grid.loupe.hidden = true;
  const caption = make("div", "caption", grid.loupe);
  [grid.title, grid.note] = [make("span", "", caption), make("b", "", caption)];
  make("i", "", caption, phrase("Esc or click: all heads"));
  grid.large = make("canvas", "", grid.loupe);
  grid.large.role = "img";
}

function buildRows(grid, rows) {
  grid.body.replaceChildren();
  grid.cells = [];
  grid.lines = rows.map((row, r) => {
    const line = make("div", "row", grid.body);
    const name = make("div", "name", line), cells = make("div", "cells", line);
    row.heads.forEach((_, h) => {
      const element = make("div", "cell", cells), frame = make("div", "frame", element);
      const canvas = make("canvas", "", frame), caption = make("div", "caption", element);
      canvas.role = "img";
      const cell = { r, h, place: h, element, frame, canvas, gold: outlines(frame) };
      [cell.span, cell.score] = [make("span", "", caption), make("i", "score", caption)];
      cell.note = make("b", "", caption);
      element.onclick = () => choose(grid, cell, !grid.edges && !grid.open);
      element.ondblclick = () => grid.edges && enlarge(grid, true);
      frame.onpointermove = (event) => {
        const box = frame.getBoundingClientRect(), [, Q, K] = cell.row.shape, [down, across] = spanOf(grid, r);
        const q = Math.floor(((event.clientY - box.top) / box.height) * down);
        const k = Math.floor(((event.clientX - box.left) / box.width) * across);
        if (q >= 0 && q < Q && k >= 0 && k < K) point(grid, { cell, r, q, k, x: event.clientX, y: event.clientY });
      };
      frame.onpointerleave = () => point(grid, null);
      grid.cells.push(cell);
    });
    return { line, name, cells, order: "" };
  });
}

function listen(grid) {
  grid.large.onpointermove = (event) => {
    const box = grid.large.getBoundingClientRect(), cell = chosenCell(grid);
    const part = grid.large.offsetWidth / box.width; // where the page is enlarged
    const found = underLoupe(grid.place, (event.clientX - box.left) * part, (event.clientY - box.top) * part);
    point(grid, found && { cell, r: cell.r, ...found, x: event.clientX, y: event.clientY });
  };
  grid.large.onpointerleave = () => point(grid, null);
  grid.loupe.onclick = () => enlarge(grid, false);
  grid.stage.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !grid.cells.length) return;
    if (event.key === "Escape" && grid.open) enlarge(grid, false);
    else if (event.key === "Escape" && grid.held) hold(grid, null);
    else if (event.key === "Enter") choose(grid, chosenCell(grid) ?? grid.cells[0], !grid.open);
    else if (event.key.startsWith("Arrow")) moveChoice(grid, event.key);
    else return;
    event.preventDefault();
  };
  grid.ears = new AbortController();
  window.addEventListener("explorer-found", ({ detail }) => lightUp(grid, detail), { signal: grid.ears.signal });
  grid.observer = onResize(grid.root, () => arrange(grid));
  document.fonts.ready.then(() => arrange(grid)); // what is on a canvas keeps the type it was drawn in
}

const chosenCell = (grid) => grid.cells.find((cell) => cell.head.id === grid.selected);

function moveChoice(grid, key) {
  const cell = chosenCell(grid) ?? grid.cells[0];
  const r = cell.r + (key === "ArrowDown") - (key === "ArrowUp");
  const place = cell.place + (key === "ArrowRight") - (key === "ArrowLeft");
  const next = grid.cells.find((to) => to.r === r && to.place === Math.min(place, grid.rows[r].heads.length - 1));
  if (next) choose(grid, next, grid.open);
}

// What the visitor chose, until Python says the same. Letting go of a query waits for no answer.
function report(grid, name, value) {
  if (grid[name] === value) return;
  grid[name] = value;
  if (value === null) delete grid.awaited[name];
  else grid.awaited[name] = value;
  grid.send(name, value);
}

function choose(grid, cell, open) {
  report(grid, "selected", cell.head.id);
  isolate(grid, cell);
  outline(grid);
  enlarge(grid, open);
  showView(grid);
}

// A short light on a head that came to stand out just now.
function lightUp(grid, head) {
  const frame = grid.cells.find((cell) => cell.head.id === head)?.frame;
  frame?.classList.add("found");
  setTimeout(() => frame?.classList.remove("found"), 1500);
}

function outline(grid) {
  for (const cell of grid.cells) cell.element.classList.toggle("selected", cell.head.id === grid.selected);
}

function enlarge(grid, open) {
  const tall = grid.body.offsetHeight;
  if (open && !grid.open) grid.most = Math.max(tall - 26, 460);
  grid.open = open && Boolean(chosenCell(grid));
  grid.body.hidden = grid.open;
  grid.loupe.hidden = !grid.open;
  point(grid, null);
  arrange(grid);
}

const TALLEST = 240; // pixels of one head’s picture
const STACKED = 120; // pixels less of all where the edges stand below them: both fit a screen

function arrange(grid) {
  const { root, stage, rows } = grid, most = Math.max(1, ...rows.map((row) => row.heads.length));
  root.classList.toggle("beside", grid.edges && root.clientWidth >= 900);
  root.classList.toggle("many", most > 4);
  const width = stage.clientWidth - 26;
  if (width <= 0) return;
  const fit = Math.max(1, Math.min(most, Math.floor((width + 12) / (56 + 12))));
  const columns = Math.ceil(most / Math.ceil(most / fit)), each = (width - 12 * (columns - 1)) / columns;
  const folded = (row) => Math.ceil(row.heads.length / columns);
  const lines = rows.reduce((sum, row) => sum + folded(row), 0);
  const flat = Boolean(grid.height) && lines > 5 && each >= 120 && !rows.some((row) => row.gold.length); // words beside
  const under = rows.reduce((sum, row) => sum + folded(row) * (flat ? 8 : row.gold.length ? 47 : 29), 0);
  const stacked = grid.edges && !root.classList.contains("beside") ? STACKED : 0;
  const room = grid.height ? Math.max(34, (grid.height - stacked - 34 - under) / lines) : TALLEST;
  const side = Math.min(room, TALLEST, each);
  const column = Math.min(each, Math.max(side, 160)); // words need more room than a small picture
  grid.body.style.setProperty("--columns", columns);
  grid.body.style.setProperty("--side", `${side}px`);
  grid.body.style.setProperty("--column", `${column}px`);
  stage.classList.toggle("tight", column < 128);
  stage.classList.toggle("narrow", column < 104);
  stage.classList.toggle("flat", flat);
  stage.classList.toggle("loose", column > side + 1);
  root.classList.toggle("roomy", width > 520);
  drawOpen(grid);
  drawView(grid);
}

function drawOpen(grid) {
  if (!grid.open) return;
  const cell = chosenCell(grid), gold = grid.gold ? cell.row.gold : [], at = lit(grid);
  const same = at && sameTokens(grid.rows[at.r], cell.row);
  grid.place = loupePlace(cell, grid.stage.clientWidth, grid.most);
  drawLoupe(grid.large, cell, grid.place, same ? at : null, gold, getComputedStyle(grid.root), largePicture(grid, cell));
  grid.title.textContent = [cell.head.caption, cell.row.name, fineEnd(grid, cell)].filter(Boolean).join(" · ");
  grid.note.textContent = cell.head.note;
  grid.note.className = cell.head.good ? "good" : "";
  grid.large.ariaLabel = cell.canvas.ariaLabel;
}

function update(grid, message) {
  const { rows, modes, scope, colours, height, step } = message.header;
  const heads = JSON.stringify(rows.map((row) => row.heads.map((head) => head.id)));
  const sizes = JSON.stringify(rows.map((row) => row.shape)), fading = heads === grid.heads && step !== grid.step && ease();
  if (heads !== grid.heads) buildRows(grid, rows);
  if (heads !== grid.heads || sizes !== grid.sizes) grid.hover = null;
  Object.assign(grid, { message, rows, modes, heads, sizes, colours, height, step, palette: paletteOf(grid.root) });
  grid.edges = colours.length > 0;
  grid.scope ||= scope;
  for (const cell of grid.cells) [cell.row, cell.head] = [rows[cell.r], rows[cell.r].heads[cell.h]];
  grid.root.classList.toggle("with-view", grid.edges);
  for (const canvas of [...grid.cells.map((cell) => cell.canvas), grid.large, grid.edgeCanvas]) goOver(canvas, fading);
  repaint(grid);
  sayLookFor(grid.sentence, message.header.sentence ?? null);
  grid.stage.ariaLabel = phrase`${grid.cells.length} heads in ${rows.length} layers${step === null ? "" : phrase`, step ${step}`}. ` +
    phrase("Rows are queries, columns are keys. Arrow keys choose a head, Enter enlarges it.");
}

// Paints every head in the mode, scope and order that are chosen.
function repaint(grid) {
  const { coarse } = grid.message, marks = {}; // another kind of a large grid's numbers comes with the next message
  const m = coarse ? coarse.mode : Math.max(0, grid.modes.findIndex((mode) => mode.name === grid.mode));
  const { kind } = grid.modes[m], limits = kind === "probability" ? null : limitsOf(grid.message, m);
  const limitOf = ({ r, h }) => (limits ? { cell: limits.cell[r][h], row: limits.row[r], all: limits.all }[grid.scope] : 1);
  for (const cell of grid.cells) {
    const { row, head, h } = cell, [Q, K] = cellsOf(grid.message.header, cell.r), limit = limitOf(cell);
    cell.values = numbersOf(grid.message, m, cell.r).subarray(h * Q * K, (h + 1) * Q * K);
    paint(cell.canvas, cell.values, Q, K, limit, grid.palette, marks);
    const end = limits && grid.scope === "cell", score = row.scores[grid.order]?.[h];
    cell.score.textContent = score === undefined ? "" : score === null ? "–" : score.toFixed(2);
    cell.note.textContent = end ? (kind === "signed" ? `±${format(limit, 2)}` : phrase`to ${format(limit, 2)}`) : head.note;
    cell.note.className = head.good && !end ? "good" : "";
    cell.span.textContent = head.caption;
    const label = [`${head.caption}, ${row.name}`, head.note, phrase`${row.shape[1]} queries by ${row.shape[2]} keys`];
    cell.canvas.ariaLabel = label.filter(Boolean).join(", ");
    showGold(cell, grid.gold, spanOf(grid, cell.r));
  }
  grid.lines.forEach(({ name }, r) => {
    const end = limits && grid.scope === "row" ? ` · ${kind === "signed" ? `±${format(limits.row[r], 2)}` : phrase`to ${format(limits.row[r], 2)}`}` : "";
    name.textContent = grid.rows[r].name + end;
  });
  putInOrder(grid);
  showTools(grid, m);
  explain(grid, kind, limits, marks);
  drawOpen(grid);
}

// Takes what Python newly says is chosen, unless it has yet to hear of something newer.
function settle(grid, name, value) {
  if (name in grid.awaited && grid.awaited[name] !== value) return false;
  const news = value !== grid.said[name] && value !== grid[name];
  delete grid.awaited[name];
  grid.said[name] = value;
  if (news) grid[name] = value;
  return news;
}

// What follows from what is shown and chosen.
function settleDown(grid) {
  outline(grid);
  if (grid.open && !chosenCell(grid)) enlarge(grid, false);
  updateView(grid);
  arrange(grid);
  light(grid);
  grid.hover?.cell ? showTip(grid) : (grid.tip.hidden = true);
}

function take(grid, { data, setStateValue }) {
  const start = performance.now(), message = unpack(data), { moment } = message.header;
  grid.send = setStateValue;
  if (!grid.message || !moment || !late(moment)) update(grid, message);
  if (settle(grid, "mode", message.header.mode ?? grid.mode)) repaint(grid);
  if (settle(grid, "selected", message.header.selected) && chosenCell(grid)) isolate(grid, chosenCell(grid));
  if (settle(grid, "query", message.header.query)) grid.held = grid.query === null ? null : { q: grid.query, k: null };
  settleDown(grid);
  if (moment) {
    grid.take ??= (bytes) => {
      update(grid, unpack(bytes)); // what is chosen comes from the page alone
      settleDown(grid);
    };
    hear("heads", grid.take);
  }
  window.__matrixGridPaintMs = performance.now() - start;
}

export default living({
  build,
  update: take,
  remove: (grid) => {
    grid.ears.abort();
    grid.sentence.remove();
    unhear("heads", grid.take);
  },
});

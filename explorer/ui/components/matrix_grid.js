// Matrix grid: the component itself. Built once, then repainted in place at every message.
const grids = new WeakMap();
const EXPLAINED = { nan: "not a number", plus: "+∞", minus: "−∞, masked" };

function unpack(data) {
  const bytes = data.slice(), length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, values: new Float32Array(bytes.buffer, 4 + length) };
}

function make(tag, className, parent, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

function build(parent) {
  const root = make("div", "matrix-grid", parent);
  Object.assign(root, { tabIndex: 0, role: "group" });
  const grid = { root, rows: [], cells: [], palette: null, hover: null, open: false, chosen: null, awaited: null };
  grid.body = make("div", "body", root);
  grid.loupe = make("div", "loupe", root);
  grid.loupe.hidden = true;
  const caption = make("div", "caption", grid.loupe);
  [grid.title, grid.note] = [make("span", "", caption), make("b", "", caption)];
  make("i", "", caption, "Esc or click: all heads");
  grid.large = make("canvas", "", grid.loupe);
  grid.large.role = "img";
  const foot = make("div", "foot", root), scale = make("div", "scale", foot);
  grid.low = make("span", "ends", scale);
  grid.bar = make("div", "bar", scale);
  grid.high = make("span", "ends", scale);
  grid.words = make("span", "words", foot);
  grid.marks = {};
  for (const [mark, words] of Object.entries(EXPLAINED)) {
    grid.marks[mark] = make("span", "mark", foot);
    make("i", "", grid.marks[mark]);
    grid.marks[mark].append(words);
  }
  buildMenu(grid, make("div", "saving", foot));
  grid.tip = make("div", "tip", root);
  grid.tip.hidden = true;
  listen(grid);
  return grid;
}

function buildRows(grid, rows) {
  grid.body.replaceChildren();
  grid.cells = [];
  grid.lines = rows.map((row, r) => {
    const line = make("div", "row", grid.body);
    const name = make("div", "name", line), cells = make("div", "cells", line);
    row.heads.forEach((head, h) => {
      const element = make("div", "cell", cells), frame = make("div", "frame", element);
      const canvas = make("canvas", "", frame), caption = make("div", "caption", element);
      canvas.role = "img";
      const cell = { r, h, element, frame, canvas, span: make("span", "", caption), note: make("b", "", caption) };
      element.onclick = () => choose(grid, cell, !grid.open);
      frame.onpointermove = (event) => {
        const box = frame.getBoundingClientRect(), [, Q, K] = cell.row.shape;
        const q = Math.floor(((event.clientY - box.top) / box.height) * Q);
        const k = Math.floor(((event.clientX - box.left) / box.width) * K);
        if (q >= 0 && q < Q && k >= 0 && k < K) point(grid, { cell, q, k, x: event.clientX, y: event.clientY });
      };
      frame.onpointerleave = () => point(grid, null);
      grid.cells.push(cell);
    });
    return { line, name };
  });
}

function listen(grid) {
  grid.large.onpointermove = (event) => {
    const box = grid.large.getBoundingClientRect();
    const found = underLoupe(grid.place, event.clientX - box.left, event.clientY - box.top);
    point(grid, found && { cell: chosenCell(grid), ...found, x: event.clientX, y: event.clientY });
  };
  grid.large.onpointerleave = () => point(grid, null);
  grid.loupe.onclick = () => enlarge(grid, false);
  grid.root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !grid.cells.length) return;
    if (event.key === "Escape" && grid.open) enlarge(grid, false);
    else if (event.key === "Enter") choose(grid, chosenCell(grid) ?? grid.cells[0], !grid.open);
    else if (event.key.startsWith("Arrow")) moveChoice(grid, event.key);
    else return;
    event.preventDefault();
  };
  grid.observer = new ResizeObserver(() => arrange(grid));
  grid.observer.observe(grid.root);
}

const chosenCell = (grid) => grid.cells.find((cell) => cell.head.id === grid.chosen);

function moveChoice(grid, key) {
  const cell = chosenCell(grid) ?? grid.cells[0];
  const r = cell.r + (key === "ArrowDown") - (key === "ArrowUp");
  const h = cell.h + (key === "ArrowRight") - (key === "ArrowLeft");
  const next = grid.cells.find((other) => other.r === r && other.h === Math.min(h, grid.rows[r]?.heads.length - 1));
  if (next) choose(grid, next, grid.open);
}

function choose(grid, cell, open) {
  if (grid.chosen !== cell.head.id) {
    grid.chosen = grid.awaited = cell.head.id;
    grid.report(cell.head.id);
  }
  outline(grid);
  enlarge(grid, open);
}

function outline(grid) {
  for (const cell of grid.cells) cell.element.classList.toggle("selected", cell.head.id === grid.chosen);
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

function arrange(grid) {
  const width = grid.root.clientWidth - 26, most = Math.max(1, ...grid.rows.map((row) => row.heads.length));
  if (width <= 0) return;
  const fit = Math.max(1, Math.min(most, Math.floor((width + 12) / (56 + 12))));
  const columns = Math.ceil(most / Math.ceil(most / fit));
  const lines = grid.rows.reduce((sum, row) => sum + Math.ceil(row.heads.length / columns), 0);
  const tallest = grid.height ? Math.max(56, (grid.height - 34) / lines - 29) : 240;
  const side = Math.min(tallest, (width - 12 * (columns - 1)) / columns);
  grid.body.style.setProperty("--columns", columns);
  grid.body.style.setProperty("--side", `${side}px`);
  grid.root.classList.toggle("narrow", side < 104);
  drawOpen(grid);
}

function drawOpen(grid) {
  if (!grid.open) return;
  const cell = chosenCell(grid);
  grid.place = loupePlace(cell, grid.root.clientWidth, grid.most);
  drawLoupe(grid.large, cell, grid.place, grid.hover, getComputedStyle(grid.root));
  grid.title.textContent = [cell.head.caption, cell.row.name].join(" · ");
  grid.note.textContent = cell.head.note;
  grid.note.className = cell.head.good ? "good" : "";
  grid.large.ariaLabel = cell.canvas.ariaLabel;
}

// Light over the same query and key in every head that has the same tokens.
function point(grid, hover) {
  grid.hover = hover;
  grid.tip.hidden = !hover;
  grid.lines?.forEach(({ line }, r) => {
    const row = grid.rows[r], same = hover && String(row.q) === String(hover.cell.row.q) && String(row.k) === String(hover.cell.row.k);
    line.classList.toggle("hovering", Boolean(same));
    if (!same) return;
    const [, Q, K] = row.shape, percent = { x: hover.k / K, w: 1 / K, y: hover.q / Q, h: 1 / Q };
    for (const [name, part] of Object.entries(percent)) line.style.setProperty(`--${name}`, `${part * 100}%`);
  });
  if (hover) showTip(grid);
  drawOpen(grid);
}

function showTip(grid) {
  const { cell, q, k, x, y } = grid.hover, { tip, root } = grid;
  tip.replaceChildren();
  make("b", "", tip, cell.head.caption);
  make("strong", "", tip, format(cell.values[cell.from + q * cell.row.shape[2] + k]));
  for (const [axis, token, position] of [["query", cell.row.q[q], q], ["key", cell.row.k[k], k]]) {
    make("span", "", tip, axis);
    const words = make("span", "", tip);
    make("q", "", words, visible(token));
    words.append(` position ${position}`);
  }
  const box = root.getBoundingClientRect(), wide = tip.offsetWidth, tall = tip.offsetHeight;
  const right = x - box.left + 16, below = y - box.top + 18;
  tip.style.left = `${right + wide > box.width ? Math.max(0, right - wide - 32) : right}px`;
  tip.style.top = `${below + tall > box.height ? below - tall - 32 : below}px`;
}

function explain(grid, scale, marks) {
  const signed = scale.kind === "signed", shared = signed && scale.scope === "all";
  const [low, high] = shared ? ["−", "+"].map((sign) => sign + format(grid.limits.all, 3)) : signed ? ["−", "+"] : ["0", "1"];
  const scope = { cell: "each head to its own end", row: "each layer to its own end", all: "one scale" }[scale.scope];
  grid.legend = {
    stops: (colours) => (signed ? [...[...colours.negative].reverse(), ...colours.sequential.slice(1)] : colours.sequential),
    words: [signed && scope, "square-root brightness"].filter(Boolean).join(" · "),
  };
  [grid.low.textContent, grid.high.textContent, grid.words.textContent] = [low, high, grid.legend.words];
  grid.bar.style.background = `linear-gradient(90deg, ${grid.legend.stops(grid.palette.colours).map(css).join()})`;
  for (const [mark, element] of Object.entries(grid.marks)) {
    element.classList.toggle("met", Boolean(marks[mark]));
    const [first, second = first] = grid.palette.colours[mark].map(css);
    element.firstChild.style.background = `repeating-conic-gradient(${first} 0 25%, ${second} 0 50%) 0 0 / 6px 6px`;
  }
}

function update(grid, header, values) {
  const { rows, scale } = header, heads = JSON.stringify(rows.map((row) => row.heads.map((head) => head.id)));
  const sizes = JSON.stringify(rows.map((row) => row.shape));
  if (heads !== grid.heads) buildRows(grid, rows);
  if (heads !== grid.heads || sizes !== grid.sizes) grid.hover = null;
  Object.assign(grid, { rows, heads, sizes, height: header.height, step: header.step, palette: paletteOf(grid.root) });
  grid.limits = limitsOf(rows, values);
  const signed = scale.kind === "signed", marks = {};
  const bound = (r, h) => ({ cell: grid.limits.cell[r][h], row: grid.limits.row[r], all: grid.limits.all })[scale.scope];
  let from = 0;
  for (const cell of grid.cells) {
    const row = rows[cell.r], [, Q, K] = row.shape, head = row.heads[cell.h];
    Object.assign(cell, { row, head, from, values });
    paint(cell.canvas, values, from, Q, K, signed ? bound(cell.r, cell.h) : 1, grid.palette, marks);
    cell.span.textContent = head.caption;
    cell.note.textContent = signed && scale.scope === "cell" ? `±${format(bound(cell.r, cell.h), 2)}` : head.note;
    cell.note.className = head.good && cell.note.textContent === head.note ? "good" : "";
    cell.canvas.ariaLabel = [`${head.caption}, ${row.name}`, head.note, `${Q} queries by ${K} keys`].filter(Boolean).join(", ");
    from += Q * K;
  }
  grid.lines.forEach(({ name }, r) => {
    name.textContent = signed && scale.scope === "row" ? `${rows[r].name} · ±${format(grid.limits.row[r], 2)}` : rows[r].name;
  });
  explain(grid, scale, marks);
  grid.root.ariaLabel = `${grid.cells.length} heads in ${rows.length} layers${header.step === null ? "" : `, step ${header.step}`}. ` +
    "Rows are queries, columns are keys. Arrow keys choose a head, Enter enlarges it.";
}

export default function ({ data, parentElement, setStateValue }) {
  const start = performance.now(), { header, values } = unpack(data);
  const grid = grids.get(parentElement) ?? build(parentElement);
  grids.set(parentElement, grid);
  grid.report = (id) => setStateValue("selected", id);
  update(grid, header, values);
  if (grid.awaited === null || grid.awaited === header.selected) [grid.chosen, grid.awaited] = [header.selected, null];
  outline(grid);
  if (grid.open && !chosenCell(grid)) enlarge(grid, false);
  arrange(grid);
  grid.hover ? showTip(grid) : (grid.tip.hidden = true);
  window.__matrixGridPaintMs = performance.now() - start;
  return () => {
    if (parentElement.host.isConnected) return; // Streamlit also calls this for an update that came too late
    grid.observer.disconnect();
    grid.root.remove();
    grids.delete(parentElement);
  };
}

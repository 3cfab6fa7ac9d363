// Head view: the edges of one layer beside the grid, and which of its heads are on.
const TOGETHER = { rollout: phrase("rollout"), "gradient relevance": phrase("gradient relevance") }; // of the heads of a layer
const MERGED = { mean: phrase("mean of heads on"), max: phrase("largest of heads on") };

function buildView(grid, root) {
  Object.assign(grid, { layer: 0, merge: "heads", off: new Set() });
  grid.view = make("div", "view", root);
  const tools = make("div", "tools", grid.view), heading = make("div", "heading", tools);
  heading.ariaLive = "polite";
  [grid.who, grid.seen] = [make("b", "", heading), make("span", "", heading)];
  grid.merges = makeSelect(tools, "", (value) => showView(Object.assign(grid, { merge: value })));
  grid.merges.ariaLabel = phrase("Heads taken together");
  const options = make("div", "options", grid.view);
  grid.layers = makeSelect(options, "", (value) => showLayer(grid, Number(value)));
  grid.layers.ariaLabel = phrase("Layer");
  grid.chips = make("div", "chips", options);
  Object.assign(grid.chips, { role: "group", ariaLabel: phrase("Heads that are on. Shift and a click: only this one") });
  grid.scroll = make("div", "scroll", grid.view);
  grid.edgeCanvas = make("canvas", "edges", grid.scroll);
  Object.assign(grid.edgeCanvas, { tabIndex: 0, role: "application" });
  const foot = make("div", "foot", grid.view);
  grid.fewer = make("span", "", foot);
  make("span", "", foot, phrase("Point at a token; a click holds it, Esc lets go."));
  listenView(grid, grid.edgeCanvas);
}

function listenView(grid, canvas) {
  const under = (event) => {
    const box = canvas.getBoundingClientRect(), { left, right, top, pitch, Q, K } = grid.edgePlace;
    const part = canvas.offsetWidth / box.width; // where the page is enlarged
    const x = (event.clientX - box.left) * part, i = Math.floor(((event.clientY - box.top) * part - top) / pitch);
    if (i < 0) return null;
    if (x < left + 24) return i < Q ? { q: i, k: null } : null;
    return x > right - 24 && i < K ? { q: null, k: i } : null;
  };
  canvas.onpointermove = (event) => {
    const at = under(event);
    canvas.classList.toggle("at-token", Boolean(at));
    point(grid, at && { r: grid.layer, ...at });
  };
  canvas.onpointerleave = canvas.onblur = () => point(grid, null);
  canvas.onclick = (event) => {
    const at = under(event);
    if (at) hold(grid, grid.held?.q === at.q && grid.held?.k === at.k ? null : at);
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const now = grid.hover ?? grid.held ?? { q: -1, k: null }, { Q, K } = grid.edgePlace;
    const i = now.q ?? now.k, by = (event.key === "ArrowDown") - (event.key === "ArrowUp");
    const onKeys = event.key === "ArrowRight" || (event.key !== "ArrowLeft" && now.q === null);
    const next = Math.min(Math.max(0, i + by), (onKeys ? K : Q) - 1);
    if (event.key.startsWith("Arrow")) {
      point(grid, { r: grid.layer, q: onKeys ? null : next, k: onKeys ? next : null });
      canvas.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && grid.hover) hold(grid, { q: grid.hover.q, k: grid.hover.k });
    else if (event.key === "Escape") {
      point(grid, null);
      hold(grid, null);
    } else return;
    event.preventDefault();
  };
}

// Keeps a token's edges in view, or none's. A query is what Python hears of.
function hold(grid, at) {
  grid.held = at;
  if (!at || at.q !== null) report(grid, "query", at ? at.q : null);
  light(grid);
  drawOpen(grid);
  drawView(grid);
}

const headsOn = (grid) => grid.cells.filter((cell) => cell.r === grid.layer && !grid.off.has(cell.head.id));

// Shows one head alone.
function isolate(grid, cell) {
  if (cell.r !== grid.layer) moveTo(grid, cell.r);
  for (const { r, head } of grid.cells) if (r === cell.r) grid.off[head.id === cell.head.id ? "delete" : "add"](head.id);
}

function moveTo(grid, r) {
  const [before, after] = [grid.rows[grid.layer], grid.rows[r]];
  grid.layer = r;
  if (before && grid.held && !sameTokens(before, after)) hold(grid, null);
}

function showLayer(grid, r) {
  const beside = chosenCell(grid)?.h ?? 0, cells = grid.cells.filter((cell) => cell.r === r);
  moveTo(grid, r);
  report(grid, "selected", cells[Math.min(beside, cells.length - 1)].head.id);
  outline(grid);
  drawOpen(grid);
  showView(grid);
}

function toggle(grid, cell, alone) {
  if (alone) choose(grid, cell, grid.open);
  else if (!grid.off.delete(cell.head.id)) grid.off.add(cell.head.id);
  showView(grid);
}

// What a message changes: layers, heads and aggregates to choose among.
function updateView(grid) {
  grid.view.hidden = !grid.edges;
  if (!grid.edges) return;
  if (grid.layer >= grid.rows.length) grid.layer = 0;
  const style = getComputedStyle(grid.root);
  grid.accent = style.getPropertyValue("--st-primary-color");
  offer(grid.layers, grid.rows.map((row, r) => [String(r), row.name]), String(grid.layer));
  const { aggregates, q, k } = grid.rows[grid.layer];
  const { coarse } = grid.message, named = coarse ? coarse.together.map(({ name }) => name) : aggregates;
  const merges = [["heads", phrase("heads on, each")], ...Object.entries(coarse ? {} : MERGED), ...named.map((name) => [name, TOGETHER[name] ?? name])];
  offer(grid.merges, merges, merges.some(([name]) => name === grid.merge) ? grid.merge : "heads");
  showChips(grid);
  if (grid.held && (grid.held.q >= q.length || grid.held.k >= k.length)) grid.held = null;
}

function showView(grid) {
  updateView(grid);
  light(grid);
  drawView(grid);
}

function showChips(grid) {
  const cells = grid.cells.filter((cell) => cell.r === grid.layer).sort((a, b) => a.h - b.h);
  const known = cells.map((cell) => cell.head.id).join();
  if (grid.chips.known !== known) {
    grid.chips.replaceChildren();
    for (const { head, h } of cells) {
      const chip = make("button", "chip", grid.chips, String(h + 1));
      const cell = () => grid.cells.find((cell) => cell.head.id === head.id);
      chip.title = phrase("Click: on or off. Double click: only this head.");
      chip.onclick = (event) => toggle(grid, cell(), event.shiftKey);
      chip.ondblclick = () => restore(grid, cell());
      chip.style.setProperty("--head", grid.colours[h]);
    }
  }
  grid.chips.known = known;
  [...grid.chips.children].forEach((chip, i) => {
    chip.ariaPressed = String(!grid.off.has(cells[i].head.id));
    chip.ariaLabel = cells[i].head.caption;
  });
  const together = grid.message.coarse?.together.map(({ name }) => name) ?? grid.rows[grid.layer].aggregates;
  grid.chips.classList.toggle("apart", together.includes(grid.merges.value));
}

// A double click isolates; on a head that is alone already it brings all back.
function restore(grid, cell) {
  const on = headsOn(grid);
  if (on.length !== 1 || on[0] !== cell) return toggle(grid, cell, true);
  for (const { r, head } of grid.cells) if (r === cell.r) grid.off.delete(head.id);
  showView(grid);
}

// Edges as they are to be drawn now.
function drawing(grid) {
  const row = grid.rows[grid.layer], sheets = sheetsOf(grid), at = lit(grid);
  const focus = at && sameTokens(grid.rows[at.r], row) ? at : null;
  return { row, sheets, focus, drawn: layOut(row, sheets, grid.edgePlace, focus) };
}

function drawView(grid) {
  if (!grid.edges || !grid.scroll.clientWidth) return;
  const beside = grid.root.classList.contains("beside"), row = grid.rows[grid.layer];
  grid.edgePlace = edgePlace(row, grid.scroll.clientWidth, beside ? Math.max(grid.stage.offsetHeight, 380) : 300);
  const { sheets, focus, drawn } = drawing(grid), style = getComputedStyle(grid.root);
  paintEdges(grid.edgeCanvas, drawn, grid.edgePlace, style);
  const side = focus && (focus.q !== null ? "q" : "k"), name = sheets.length === 1 ? sheets[0].name : "";
  const who = name || (sheets.length ? phrase`${sheets.length} heads` : phrase("no head on"));
  grid.who.textContent = who[0].toUpperCase() + who.slice(1);
  const token = side && `${side === "q" ? phrase("query") : phrase("key")} ${focus[side]} “${visible(row[side][focus[side]])}”`;
  grid.seen.textContent = ` · ${token ?? row.name}`;
  const from = sheets.some(({ most }) => most > 1) ? phrase("1 % of the largest") : "1 %";
  const { coarse } = grid.message, partly = coarse && focus && sheets.some((sheet) => !sheet.line && sheet.count > sheet.weights.length);
  if (coarse && coarse.layer !== grid.layer) grid.fewer.textContent = phrase("The weights of this layer are on their way.");
  else if (partly) grid.fewer.textContent = phrase`Of the ${MOST} strongest weights of each.`;
  else grid.fewer.textContent = drawn.count > MOST
    ? phrase`The ${MOST} strongest of ${drawn.count} weights from ${from}.`
    : phrase`Weights from ${from}; width and strength show the size.`;
  grid.edgeCanvas.ariaLabel = phrase`Edges: ${who}, ${row.name}. Up and down move through the tokens, left and right change sides, Enter holds, Escape releases.`;
}

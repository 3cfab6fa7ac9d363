// Pointing: the query and key under the pointer, or held, are lit wherever the same tokens are shown.
const sameTokens = (a, b) => a === b || (String(a.q) === String(b.q) && String(a.k) === String(b.k));

// What is lit: {r, q, k}, where q or k may be null. A pointer goes before what is held.
const lit = (grid) => grid.hover ?? (grid.held && { r: grid.layer, ...grid.held });

function point(grid, hover) {
  const before = grid.hover;
  grid.hover = hover;
  if (hover?.cell) showTip(grid);
  grid.tip.hidden = !hover?.cell;
  if (before?.cell === hover?.cell && before?.r === hover?.r && before?.q === hover?.q && before?.k === hover?.k) return;
  light(grid);
  drawOpen(grid);
  drawView(grid);
}

function light(grid) {
  const at = lit(grid);
  grid.lines.forEach(({ line }, r) => {
    const row = grid.rows[r], same = Boolean(at) && sameTokens(row, grid.rows[at.r]), [, Q, K] = row.shape, [down, across] = spanOf(grid, r);
    const on = { q: same && at.q !== null && at.q < Q, k: same && at.k !== null && at.k < K };
    line.classList.toggle("hovering", on.q || on.k);
    for (const side of ["q", "k"]) line.classList.toggle(`at-${side}`, on[side]);
    if (!same) return;
    const percent = { x: at.k / across, w: 1 / across, y: at.q / down, h: 1 / down };
    for (const [name, part] of Object.entries(percent)) line.style.setProperty(`--${name}`, `${part * 100}%`);
  });
}

function showTip(grid) {
  const { cell, q, k, x, y } = grid.hover, { tip, root } = grid;
  tip.hidden = false;
  tip.replaceChildren();
  make("b", "", tip, cell.head.caption);
  if (grid.message.coarse) tellPair(grid, tip);
  else make("strong", "", tip, format(cell.values[q * cell.row.shape[2] + k]));
  for (const [axis, token, position] of [["query", cell.row.q[q], q], ["key", cell.row.k[k], k]]) {
    make("span", "", tip, axis);
    const words = make("span", "", tip);
    make("q", "", words, visible(token));
    words.append(phrase` position ${position}`);
  }
  const box = root.getBoundingClientRect(), wide = tip.offsetWidth, tall = tip.offsetHeight;
  const right = x - box.left + 16, below = y - box.top + 18;
  tip.style.left = `${right + wide > box.width ? Math.max(0, right - wide - 32) : right}px`;
  tip.style.top = `${below + tall > box.height ? below - tall - 32 : below}px`;
}

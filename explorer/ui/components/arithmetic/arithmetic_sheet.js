// Sheet: where the numbers of an arithmetic stand, as blocks of equal cells, in CSS pixels.
const shown = (token) => `“${token === " " ? "␣" : token === "\n" ? "⏎" : token === "\t" ? "⇥" : token}”`;
const greatest = (values) => values.reduce((most, value) => (Math.abs(value) < Infinity ? Math.max(most, Math.abs(value)) : most), 0) || 1;
const clamp = (low, x, high) => Math.min(high, Math.max(low, x));

// A sheet to place blocks and words on. blocks: {id, x, y, rows, columns, wide, tall, values, limit, numbers};
// words: {text, x, y, bold, strong, align, most}; veils: rows that are hidden.
function emptySheet(room, margin) {
  const sheet = { blocks: [], words: [], veils: [], room, margin, width: room };
  sheet.block = (id, x, y, rows, columns, wide, tall, values, limit = greatest(values)) => {
    sheet.blocks.push({ id, x, y, rows, columns, wide, tall, values, limit, numbers: wide >= 25 && tall >= 11 });
    sheet.width = Math.max(sheet.width, x + wide * columns + 2);
  };
  sheet.say = (text, x, y, more = {}) => sheet.words.push({ text, x, y, ...more });
  sheet.title = (bold, gray, x, y, most) => {
    sheet.say(bold, x, y, { bold: true, most });
    sheet.say(gray, x, y + 16, { most });
  };
  sheet.name = (text, y, tall, strong) =>
    sheet.say(text, sheet.margin - 10, y + tall / 2 + 4, { align: "right", most: sheet.margin - 12, strong });
  return sheet;
}

// The cell under a point, or null.
function cellAt({ blocks }, x, y) {
  for (const { id, x: left, y: top, wide, tall, rows, columns } of blocks) {
    const r = Math.floor((y - top) / tall), c = Math.floor((x - left) / wide);
    if (r >= 0 && r < rows && c >= 0 && c < columns) return { id, r, c };
  }
  return null;
}

// The cell that an arrow key leads to: the next of its block, else the nearest of another that way.
function neighbour({ blocks }, { id, r, c }, key) {
  const down = (key === "ArrowDown") - (key === "ArrowUp"), along = (key === "ArrowRight") - (key === "ArrowLeft");
  const here = blocks.find((block) => block.id === id);
  if (r + down >= 0 && r + down < here.rows && c + along >= 0 && c + along < here.columns) return { id, r: r + down, c: c + along };
  const x = here.x + (c + 0.5) * here.wide, y = here.y + (r + 0.5) * here.tall;
  let best = null, least = Infinity;
  for (const block of blocks) {
    if (block === here) continue;
    const row = clamp(0, Math.floor((y - block.y) / block.tall), block.rows - 1);
    const column = clamp(0, Math.floor((x - block.x) / block.wide), block.columns - 1);
    const dx = block.x + (column + 0.5) * block.wide - x, dy = block.y + (row + 0.5) * block.tall - y;
    const ahead = dx * along + dy * down, aside = Math.abs(down ? dx : dy);
    const past = down ? (down > 0 ? block.y >= here.y + here.rows * here.tall : block.y + block.rows * block.tall <= here.y)
      : along > 0 ? block.x >= here.x + here.columns * here.wide : block.x + block.columns * block.wide <= here.x;
    if (past && ahead + 3 * aside < least) [best, least] = [{ id: block.id, r: row, c: column }, ahead + 3 * aside];
  }
  return best;
}

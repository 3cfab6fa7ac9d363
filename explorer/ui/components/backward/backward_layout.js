// Where the boxes of the diagram stand, and how its wires run. The residual stream goes down on the left; each
// sublayer leaves it to the right and comes back to it where it is added.
const TALL = 46, GAP = 16, AIR = 8; // pixels: a box, between two rows, within a row
const COLUMNS = { norm: 1, queries: 2, keys: 2, values: 2, scores: 3, pattern: 4, head_out: 5, output: 6, linear: 2, activation: 3 };

function columnOf(box) {
  if (box.id.endsWith(".mlp.out")) return 4;
  return COLUMNS[box.kind];
}

// Everything in its place, for a diagram of this width.
function layOut(boxes, width) {
  const pitch = Math.min(118, Math.floor((width - 10) / 7)), wide = pitch - 13, places = new Map(), labels = [];
  const put = (box, column, y) => places.set(box.id, { x: 4 + column * pitch, y, wide, tall: TALL, column });
  let y = 4;
  const rows = new Map();
  for (const box of boxes) rows.set(box.row, [...(rows.get(box.row) ?? []), box]);
  for (const [row, own] of rows) {
    if (row === "answer") y = putAnswer(own, boxes, put, places, y, pitch);
    else if (/\.(attention|cross|mlp)$/.test(row)) y = putSublayer(row, own, put, labels, y, pitch);
    else {
      if (row === "encoder.embedding" || row === "decoder.embedding") labels.push({ text: row.split(".")[0], x: 4, y: (y += 14) - 3 });
      for (const box of own) {
        put(box, 0, y);
        y += TALL + GAP;
      }
    }
  }
  return { places, labels, width: 10 + 7 * pitch, height: y, wires: wiresOf(boxes, places, pitch) };
}

// The end of the model stands in one row: final norm, or the last of the stream, then logits, chances, loss.
function putAnswer(own, boxes, put, places, y, pitch) {
  const before = places.get(own[0].reads.x);
  own.forEach((box, i) => put(box, i + 1, before.column ? y : before.y));
  return before.y + TALL + GAP;
}

function putSublayer(row, own, put, labels, y, pitch) {
  const attention = !row.endsWith(".mlp"), post = own.at(-1).kind === "norm";
  const top = y + 12, stack = attention ? 3 * TALL + 2 * AIR : TALL, middle = top + (stack - TALL) / 2;
  labels.push({ text: placeOf(own[0]), x: 4 + pitch, y: y + 6 });
  const end = top + stack + AIR;
  for (const box of own) {
    if (box.kind === "add" || box.kind === "alone") put(box, 0, end);
    else if (box.kind === "norm" && post) put(box, 0, end + TALL + GAP);
    else if (box.kind === "norm" && row.endsWith(".cross")) put(box, 1, top);
    else if (["queries", "keys", "values"].includes(box.kind)) put(box, 2, top + ["queries", "keys", "values"].indexOf(box.kind) * (TALL + AIR));
    else put(box, columnOf(box), middle);
  }
  return end + TALL + GAP + (post ? TALL + GAP : 0);
}

// One wire for each thing that a box reads: its path, and whose gradient it carries back.
function wiresOf(boxes, places, pitch) {
  const wires = [], byId = new Map(boxes.map((box) => [box.id, box]));
  for (const box of boxes) {
    const to = places.get(box.id);
    for (const [role, id] of Object.entries(box.reads)) {
      const from = places.get(id), away = byId.get(id).row.startsWith("encoder.") && box.row.endsWith(".cross");
      wires.push({ box: box.id, from: id, role, away, path: pathOf(from, to, box, role, away, pitch) });
    }
  }
  return wires;
}

function pathOf(from, to, box, role, away, pitch) {
  const centre = (place) => place.x + place.wide / 2, middle = (place) => place.y + place.tall / 2;
  if (away) return `M${to.x - pitch + 60} ${middle(to)}H${to.x - 2}`;
  if (box.kind === "head_out" && role === "v") return `M${from.x + from.wide} ${middle(from)}H${centre(to)}V${to.y + to.tall + 2}`;
  if (to.column === 0 && from.column) return `M${centre(from)} ${from.y + from.tall}V${middle(to)}H${to.x + to.wide + 2}`;
  if (to.column === from.column) return `M${centre(from)} ${from.y + from.tall}V${to.y - 2}`;
  if (from.column === 0 && to.y > from.y) return `M${centre(from)} ${from.y + from.tall}V${middle(to)}H${to.x - 2}`;
  const turn = to.x - 8;
  return `M${from.x + from.wide} ${middle(from)}H${turn}V${middle(to)}H${to.x - 2}`;
}

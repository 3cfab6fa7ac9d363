// Where the numbers stand: every stage of the way as blocks of equal cells, in CSS pixels.

// What the foot says of the two scales, and what the arithmetic begins with where a key asks for a number.
const SCALES = [phrase("+ each block to its own largest, 5 and 6 alike"), phrase("1 exp and softmax")];
const strongest = ({ data: { arrays: { pattern } } }) => ({ id: "pattern", r: pattern.indexOf(Math.max(...pattern)), c: 0 });

// The arrays in the order in which they are drawn.
function prepared(data) {
  const { arrays, sizes: { C, D } } = data, transposed = new Float32Array(C * D);
  for (let c = 0; c < C; c++) for (let d = 0; d < D; d++) transposed[d * C + c] = arrays.w_o[c * D + d];
  return { ...data, transposed };
}

// Whether a cell stays what the projection on top shows, or another has its way shown there.
const keepsProjection = (cell) => ["input", "weight", "bias", "projected", "turned"].includes(cell.id);
const shownElsewhere = (cell) => ["keys", "values"].includes(cell.id);

// What the projection on top shows: the query's, or that of the key or value that is held.
function projectionOf(data, held) {
  const { arrays, query, sizes: { C, D }, queries, keys } = data;
  if (held?.id === "keys" || held?.id === "values") {
    const kind = held.id, letter = kind[0], j = held.r, row = (name) => arrays[name]?.subarray(j * D, (j + 1) * D);
    const turn = kind === "keys" && arrays.unturned_keys;
    return {
      kind, letter, at: j, whose: shown(keys[j]), of: data.cross ? phrase("encoder output") : phrase("input"),
      input: arrays.inputs.subarray(j * C, (j + 1) * C), result: row(turn ? "unturned_keys" : kind), turned: turn && row("keys"),
    };
  }
  return {
    kind: "query", letter: "q", at: query, whose: shown(queries[query]), of: arrays.normed ? phrase("normed x") : "x",
    input: arrays.normed ?? arrays.x, result: arrays.unturned_q ?? arrays.q, turned: arrays.unturned_q && arrays.q,
  };
}

// The sheet of a head.
function sheetOf(room, { sizes: { C, D }, arrays }) {
  const sheet = emptySheet(room, clamp(64, Math.floor(room / 10), 96));
  const beside = arrays.unturned_q ? 112 : 72; // b, the result, and with rotary positions the result turned
  sheet.across = clamp(4, Math.floor((room - sheet.margin - beside) / C), 22); // a channel of x
  sheet.tall = clamp(5, Math.floor(120 / D), 18); // a channel of the head, downwards
  sheet.most = greatest(arrays.values); // values, their shares and the output have one scale
  return sheet;
}

// 1: from the residual stream to the query, or to the key or value that is held.
function placeProjection(sheet, { arrays, sizes: { C, D } }, projection, y) {
  const { margin, across, tall, block, say, name } = sheet, right = margin + across * C;
  const { letter, whose, at, of, turned } = projection;
  const what = { query: phrase("Query"), keys: phrase("Key"), values: phrase("Value") }[projection.kind];
  const formula = `${letter} = W_${letter.toUpperCase()} × ${of} + b${turned ? phrase(", then turned by its position") : ""}`;
  sheet.title(phrase`1  ${what} of ${whose}`,
    phrase`position ${at} · ${formula} · ${C} → ${D} channels`, margin, y, sheet.room - margin);
  y += 26;
  if (arrays.normed) {
    if (projection.kind === "query") {
      block("x", margin, y, 1, C, across, 14, arrays.x);
      name("x", y, 14);
    }
    y += 18; // kept free for a key: nothing moves
  }
  block("input", margin, y, 1, C, across, 14, projection.input);
  name(of, y, 14);
  say("b", right + 14, y + 11, { align: "center" });
  say(letter, right + 44, y + 11, { align: "center" });
  if (turned) say(phrase("turned"), right + 84, y + 11, { align: "center" });
  y += 18;
  block("weight", margin, y, D, C, across, tall, arrays[`w_${letter}`]);
  name(`W_${letter.toUpperCase()}`, y, tall * D);
  block("bias", right + 6, y, D, 1, 16, tall, arrays[`b_${letter}`]);
  block("projected", right + 28, y, D, 1, 32, tall, projection.result);
  if (turned) block("turned", right + 68, y, D, 1, 32, tall, turned);
  return y + tall * D + 34;
}

// 2 to 6: a row for each key, from its vector to its weighted value.
function placeKeys(sheet, data, y) {
  const { arrays, keys, sizes: { D, K } } = data, { margin, block, say, title, name, most } = sheet;
  const gap = clamp(8, Math.floor(sheet.room / 66), 14), number = clamp(36, Math.floor((sheet.room - 400) / 10), 54);
  const cell = clamp(4, Math.floor((sheet.room - margin - 5 * number - 5 * gap - 4) / (3 * D)), 40), vector = cell * D;
  const row = K <= 16 ? 20 : K <= 40 ? 16 : 14, narrow = vector < 110;
  const products = margin + vector + gap, mask = products + number + gap, scores = mask + number;
  const exponentials = scores + number + gap, pattern = exponentials + number;
  const values = pattern + number + gap, weighted = values + vector + gap;
  title(phrase("2  Keys × query"), phrase`${K} keys × ${D} channels`, margin, y, mask - margin - gap);
  title(phrase("3  Scores"), data.scale === 1 ? phrase("q·k + mask") : phrase`÷ √${D}, + mask`, mask, y, 2 * number + 6);
  title(phrase("4  Softmax"), phrase("0 to 1, sum 1"), exponentials, y, 2 * number + 6);
  title(phrase("5  Values"), `${K} × ${D}`, values, y, vector);
  title(narrow ? "6  A · v" : phrase("6  Weighted values"), narrow ? phrase("summed below") : phrase("A · v, summed below"), weighted, y, vector);
  y += 26;
  block("query", margin, y, 1, D, cell, row, arrays.q);
  name("q", y, row);
  const heads = [["q·k", products], [phrase("mask"), mask], [phrase("score"), scores], ["exp", exponentials], ["A", pattern]];
  for (const [text, x] of heads) say(text, x + number / 2, y + row - 4, { align: "center" });
  y += row + 6;
  keys.forEach((token, j) => {
    name(`${shown(token)} ${j}`, y + j * row, row, !data.cross && j === data.query);
    if (arrays.mask[j] === -Infinity) sheet.veils.push({ x: margin, y: y + j * row, wide: weighted + vector - margin, tall: row });
  });
  block("keys", margin, y, K, D, cell, row, arrays.keys);
  for (const [id, x] of Object.entries({ products, mask, scores })) block(id, x, y, K, 1, number, row, arrays[id]);
  for (const [id, x] of Object.entries({ exponentials, pattern })) block(id, x, y, K, 1, number, row, arrays[id], 1);
  block("values", values, y, K, D, cell, row, arrays.values, most);
  block("weighted", weighted, y, K, D, cell, row, arrays.weighted, most);
  y += K * row + 6;
  block("row_max", scores, y, 1, 1, number, row, arrays.row_max, greatest(arrays.scores));
  say(phrase("max"), scores - 6, y + row / 2 + 4, { align: "right" });
  block("row_sum", exponentials, y, 1, 1, number, row, arrays.row_sum);
  say(phrase("sum"), pattern + 6, y + row / 2 + 4);
  block("sum", weighted, y, 1, D, cell, row, arrays.out, most);
  say(phrase("head output"), weighted - 8, y + row / 2 + 4, { align: "right" });
  return y + row + 34;
}

// 7: from the head's output to its part of the layer's, channel under channel of x.
function placeOutput(sheet, { arrays, transposed, sizes: { C, D } }, y) {
  const { margin, across, tall, block } = sheet;
  const words = phrase`W_O × head output · ${D} → ${C} channels · the other heads’ parts and a bias are added to it`;
  sheet.title(phrase("7  The head’s part of the layer’s output"), words, margin, y, sheet.room - margin);
  y += 26;
  block("out", margin - 22, y, D, 1, 16, tall, arrays.out, sheet.most);
  sheet.say(phrase("out"), margin - 28, y + (tall * D) / 2 + 4, { align: "right" });
  block("w_o", margin, y, D, C, across, tall, transposed);
  y += tall * D + 4;
  block("part", margin, y, 1, C, across, 14, arrays.part);
  sheet.name(phrase("its part"), y, 14);
  return y + 24;
}

// Everything in its place, for a window of this width.
function stagesOf(data, projection, width) {
  const sheet = sheetOf(width, data);
  const keysFrom = placeProjection(sheet, data, projection, 14);
  sheet.begins = keysFrom - 14; // what is attended to comes first
  sheet.height = placeOutput(sheet, data, placeKeys(sheet, data, keysFrom));
  return sheet;
}

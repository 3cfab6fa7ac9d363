// Where the numbers of one recurrent cell stand: what is read, what is heard of the last state, and what is made of both.
const SCALES = [phrase("+ each block to its own largest"), phrase("1 gates")];
const GATES = ["input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate"]; // in (0, 1)
const prepared = (data) => data;
const projectionOf = () => null;
const keepsProjection = () => false;
const shownElsewhere = () => false;
const strongest = () => ({ id: "hidden", r: 0, c: 0 });

// A vector of C, under it the rows of its weights, and right of these their bias and the sums.
function placeSums(sheet, { arrays, sizes: { C, G }, gates }, [vector, weight, bias, sum], [of, letter, more], y) {
  const { margin, across, block, say, name } = sheet, right = margin + across * C, result = right + (more ? 92 : 48);
  block(vector, margin, y, 1, C, across, 14, arrays[vector]);
  name(of, y, 14);
  say(phrase("bias"), right + 24, y + 11, { align: "center" });
  if (more) say(phrase("source"), right + 68, y + 11, { align: "center" });
  say(letter, result + 24, y + 11, { align: "center" });
  y += 18;
  block(weight, margin, y, G, C, across, 18, arrays[weight]);
  gates.forEach((gate, r) => name(gate, y + 18 * r, 18));
  block(bias, right + 6, y, G, 1, 36, 18, arrays[bias]);
  if (more) block("source", right + 50, y, G, 1, 36, 18, arrays.source);
  block(sum, result, y, G, 1, 48, 18, arrays[sum]);
  return y + 18 * G + 34;
}

function placeState(sheet, { arrays, lines, cell, before }, y) {
  const { margin, block, say } = sheet, wide = 64;
  let x = margin;
  const one = (id, words, values, limit) => {
    say(words, x, y, { most: wide + 40 });
    block(id, x, y + 8, 1, 1, wide, 22, values, limit);
    x += wide + 46;
  };
  if (arrays.kept) one("kept", phrase`c′ at ${before === null ? phrase("the start") : shown(before)}`, arrays.kept);
  for (const { tap, symbol, name } of lines) one(tap, name.endsWith(` ${symbol}`) ? name : `${name} ${symbol}`, arrays[tap], GATES.includes(tap) ? 1 : undefined);
  return y + 40;
}

function stagesOf(data, projection, width) {
  const { arrays, sizes: { C }, token, before, below, cell } = data, sheet = emptySheet(width, clamp(84, Math.floor(width / 9), 112));
  const { margin, room } = sheet, last = before === null ? phrase("before the first token") : phrase`at ${shown(before)}`;
  sheet.across = clamp(3, Math.floor((room - margin - (arrays.source ? 150 : 106)) / C), 22);
  const read = below ? phrase("state below") : phrase("embedding");
  sheet.title(phrase`1  What cell ${cell} reads at ${shown(token)}`, phrase`x = W × ${below ? phrase("the hidden state of the layer below") : phrase("the token’s embedding")} + bias${arrays.source ? phrase(" + what it reads of the source") : ""}, a row a gate`, margin, 14, room - margin);
  let y = placeSums(sheet, data, ["read", "w", "b", "x"], [read, "x", arrays.source !== undefined], 40);
  sheet.title(phrase("2  What it hears of all cells"), phrase`u = U × the hidden state h′ ${last} + bias, a row a gate`, margin, y, room - margin);
  y = placeSums(sheet, data, ["last", "u_w", "u_b", "u"], ["h′", "u", false], y + 26);
  sheet.title(phrase("3  What it makes of both"), phrase("σ squeezes into 0 to 1, tanh into −1 to 1"), margin, y, room - margin);
  sheet.height = placeState(sheet, data, y + 40);
  return sheet;
}

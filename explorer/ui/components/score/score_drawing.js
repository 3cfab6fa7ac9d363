// Engraving: a tune on staves of five lines with a treble clef, as SVG. Every note is a group with its number in `data-note`.
const GAP = 9, SYSTEM = 92, TOP = 34, NOTE = 26, LEAST = 15; // pixels: between lines, of a system, above it, of a quarter, of any note
const SHARPS_AT = [10, 7, 11, 8, 5, 9, 6], FLATS_AT = [6, 9, 5, 8, 4, 7, 3]; // places of a key signature's signs
const SIGNS = { "^": "♯", _: "♭", "=": "♮", "^^": "𝄪", __: "𝄫" };
const CLEF = "M9 8c6-1 9 7 4 10-6 3-13-2-11-10 2-8 12-11 12-22 0-5-2-8-4-8-4 0-7 7-6 15l6 38c1 6-7 8-8 3 0-3 4-4 4-1";

function part(parent, tag, attributes = {}, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

// Which kind of note a length in quarters is: its head is hollow from a half on, flags below a quarter, a dot for half as much again.
function kindOf(length) {
  const base = [4, 2, 1, 0.5, 0.25, 0.125].find((size) => length >= size - 1e-6) ?? 0.125;
  return { hollow: base >= 2, stem: base < 4, flags: base < 1 ? Math.round(-Math.log2(base)) : 0, dot: length / base >= 1.5 - 1e-6, base };
}

const widthOf = (length) => Math.max(LEAST, NOTE * Math.sqrt(length) + 4);

// The bars of a tune, each with the numbers of its notes and the width it wants.
function measures({ start, length, bars, accidental }) {
  const ends = [...bars, Infinity], found = [];
  let at = 0;
  for (const end of ends) {
    const notes = [];
    while (at < start.length && start[at] < end - 1e-6) notes.push(at++);
    if (notes.length) found.push({ notes, closed: end < Infinity, width: 14 + notes.reduce((sum, i) => sum + widthOf(length[i]) + (accidental[i] ? 9 : 0), 0) });
  }
  return found;
}

// Bars one after the other on as many systems as they need.
function systems(score, width) {
  const rows = [], head = (first) => 34 + 9 * Math.abs(score.fifths) + (first ? 22 : 0);
  for (const bar of measures(score)) {
    const row = rows.at(-1);
    if (!row || row.width + bar.width > width - 8) rows.push({ bars: [bar], head: head(!rows.length), width: head(!rows.length) + bar.width });
    else {
      row.bars.push(bar);
      row.width += bar.width;
    }
  }
  return rows;
}

function engrave(svg, score, width) {
  const rows = systems(score, width);
  svg.replaceChildren();
  svg.setAttribute("width", width);
  svg.setAttribute("height", Math.max(1, rows.length) * SYSTEM + 16);
  rows.forEach((row, number) => {
    const base = TOP + number * SYSTEM + 4 * GAP, stretch = Math.min(1.5, (width - 8 - row.head) / (row.width - row.head));
    const y = (place) => base - ((place - 2) * GAP) / 2;
    const end = row.head + (row.width - row.head) * stretch;
    for (let line = 0; line < 5; line++) part(svg, "line", { class: "staff", x1: 2, x2: end, y1: base - line * GAP, y2: base - line * GAP });
    part(svg, "path", { class: "clef", d: CLEF, transform: `translate(6 ${base - 2.1 * GAP})` });
    const signs = score.fifths > 0 ? SHARPS_AT : FLATS_AT;
    signs.slice(0, Math.abs(score.fifths)).forEach((place, i) => part(svg, "text", { class: "sign", x: 32 + 9 * i, y: y(place) + 5 }, score.fifths > 0 ? "♯" : "♭"));
    if (!number) score.metre.forEach((count, i) => part(svg, "text", { class: "metre", x: row.head - 15, y: base - (i ? 0.2 : 2.2) * GAP }, count));
    let x = row.head;
    for (const bar of row.bars) {
      x += 6 * stretch;
      for (const i of bar.notes) {
        if (score.accidental[i]) x += 9 * stretch;
        drawNote(svg, score, i, x + 5, y);
        x += widthOf(score.length[i]) * stretch;
      }
      x += 8 * stretch;
      if (bar.closed) part(svg, "line", { class: "barline", x1: x, x2: x, y1: base - 4 * GAP, y2: base });
    }
  });
}

function drawNote(svg, { length, pitch, place, accidental }, i, x, y) {
  const kind = kindOf(length[i]), group = part(svg, "g", { class: "note", "data-note": i });
  if (pitch[i] < 0) return part(group, "text", { class: "rest", x: x - 4, y: y(5) }, { 4: "𝄻", 2: "𝄼", 1: "𝄽", 0.5: "𝄾" }[kind.base] ?? "𝄿");
  const at = y(place[i]), up = place[i] < 6, side = up ? 5 : -5, tip = at + (up ? -31 : 31);
  for (let line = 0; line >= place[i]; line -= 2) part(group, "line", { class: "staff", x1: x - 9, x2: x + 9, y1: y(line), y2: y(line) });
  for (let line = 12; line <= place[i]; line += 2) part(group, "line", { class: "staff", x1: x - 9, x2: x + 9, y1: y(line), y2: y(line) });
  if (accidental[i]) part(group, "text", { class: "sign", x: x - 15, y: at + 5 }, SIGNS[accidental[i]]);
  part(group, "ellipse", { class: kind.hollow ? "head hollow" : "head", cx: x, cy: at, rx: 5.4, ry: 4, transform: `rotate(-18 ${x} ${at})` });
  if (kind.stem) part(group, "line", { class: "stem", x1: x + side, x2: x + side, y1: at, y2: tip });
  for (let flag = 0; flag < kind.flags; flag++) {
    const from = tip + (up ? 7 : -7) * flag, d = up ? 1 : -1;
    part(group, "path", { class: "flag", d: `M${x + side} ${from}q2 ${7 * d} 7 ${10 * d}q2 ${4 * d} 0 ${9 * d}q1 ${-7 * d} -7 ${-10 * d}z` });
  }
  if (kind.dot) part(group, "circle", { class: "dot", cx: x + 10, cy: at - (place[i] % 2 ? 0 : 3), r: 1.8 });
  return group;
}

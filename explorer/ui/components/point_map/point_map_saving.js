// Point map, saving: as a picture of dots, as a drawing, as numbers.
const ABOVE = 34, BELOW = 34; // pixels over the map for its title, and under it for its colours

function wholeMap(map, context) {
  const ink = inkOf(map.root), [width, height] = map.size, shade = map.shades[map.shade];
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height + ABOVE + BELOW);
  context.textAlign = "left";
  context.textBaseline = "top";
  words(context, phrase`${map.header.title} · step ${map.header.step} · coloured by ${shade.name}`, 8, 8, ink.text, ink, 600, 14);
  drawColours(context, map, shade, height + ABOVE + BELOW / 2, ink);
  drawMap(moved(context, ABOVE), map, map.places, map.room, ink);
}

// What the colours mean, in a line at a height.
function drawColours(context, map, shade, y, ink) {
  let x = 14;
  const say = (text) => {
    words(context, text, x, y, ink.dim, ink);
    map.ruler.font = `400 12px ${ink.font}`;
    x += map.ruler.measureText(text).width + 18;
  };
  context.textBaseline = "middle";
  shade.categories.forEach(([name, colour], c) => {
    mark(context, x, y, 5, colour, shade.square.includes(c));
    x += 11;
    say(name);
  });
  if (shade.categories.length) return;
  say(valueText(shade, shade.ends[0]));
  for (let i = 0; i < 75; i++) {
    context.fillStyle = css(between(map.palette.colours.sequential.slice(1), i / 74));
    context.fillRect(x - 8 + 2 * i, y - 5, 2.5, 10);
  }
  x += 152;
  say([valueText(shade, shade.ends[1]), shade.unit, shade.scale === "log" && phrase("log scale")].filter(Boolean).join(", "));
}

// The same context, everything a little lower: a canvas by its transform, Vector by a group.
function moved(context, down) {
  if (context instanceof Vector) context.parts.push(`<g transform="translate(0 ${down})">`);
  else context.translate(0, down);
  return context;
}

function asNumbers({ header: { labels, notes, dims, neighbours }, points, shades, near, distances, moved: changed, selected }) {
  const axes = ["x", "y", "z"].slice(0, dims);
  const lines = [["point", "label", "note", "chosen", ...axes, ...shades.map(({ name }) => name), "changed_neighbours", ...Array.from({ length: neighbours.count }, (_, k) => [`neighbour_${k + 1}`, `distance_${k + 1}`]).flat()].map(quoted).join()];
  labels.forEach((label, i) => {
    const values = shades.map((shade) => (shade.categories.length ? quoted(shade.categories[shade.values[i]]?.[0] ?? "") : shade.values[i]));
    const others = Array.from({ length: neighbours.count }, (_, k) => [quoted(labels[near[i * neighbours.count + k]] ?? ""), distances[i * neighbours.count + k]]).flat();
    lines.push([i, quoted(label), quoted(notes[i]), selected.includes(i) ? 1 : 0, ...axes.map((_, d) => points[i * dims + d]), ...values, changed[i], ...others].join());
  });
  return lines.join("\n") + "\n";
}

function buildSaving(map) {
  const name = () => `${map.header.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/-$/, "")}-step-${map.header.step}`;
  savingMenu(map.menu, [
    [phrase("Save picture (PNG)"), () => {
      const context = cleared(document.createElement("canvas"), map.size[0], map.size[1] + ABOVE + BELOW);
      wholeMap(map, context);
      context.canvas.toBlob((blob) => download(blob, `${name()}.png`));
    }],
    [phrase("Save drawing (SVG)"), () => {
      const drawing = new Vector(map.size[0], map.size[1] + ABOVE + BELOW);
      wholeMap(map, drawing);
      drawing.parts.push("</g>");
      saveText(String(drawing), `${name()}.svg`, "image/svg+xml");
    }],
    [phrase("Save numbers (CSV)"), () => saveText(asNumbers(map), `${name()}.csv`, "text/csv")],
  ]);
}

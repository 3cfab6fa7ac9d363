// Point map, saving: as a picture of dots, as a drawing, as numbers.
const ABOVE = 34; // pixels over the map for its title

function wholeMap(map, context) {
  const ink = inkOf(map.root), [width, height] = map.size, shade = map.shades[map.shade];
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height + ABOVE);
  context.textAlign = "left";
  context.textBaseline = "top";
  words(context, `${map.header.title} · step ${map.header.step} · coloured by ${shade.name}`, 8, 8, ink.text, ink, 600, 14);
  drawMap(moved(context, ABOVE), map, map.places, map.room, ink);
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
    ["Save picture (PNG)", () => {
      const context = cleared(document.createElement("canvas"), map.size[0], map.size[1] + ABOVE);
      wholeMap(map, context);
      context.canvas.toBlob((blob) => download(blob, `${name()}.png`));
    }],
    ["Save drawing (SVG)", () => {
      const drawing = new Vector(map.size[0], map.size[1] + ABOVE);
      wholeMap(map, drawing);
      drawing.parts.push("</g>");
      saveText(String(drawing), `${name()}.svg`, "image/svg+xml");
    }],
    ["Save numbers (CSV)", () => saveText(asNumbers(map), `${name()}.csv`, "text/csv")],
  ]);
}

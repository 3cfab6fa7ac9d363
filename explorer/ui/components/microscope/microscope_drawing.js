// Microscope, drawn: names of the rows, the scale of the colours, one step as bars.
function drawNames(context, { place, header }, ink) {
  const { box, unit, x } = place, every = Math.max(1, Math.ceil(12 / unit)), size = Math.min(12, Math.max(9, unit * every));
  context.textBaseline = "middle";
  header.rows.forEach(({ name, color }, r) => {
    const y = box.top + (r + 0.5) * unit;
    context.fillStyle = color;
    context.fillRect(box.left - 7, y - unit / 2, 4, unit);
    if (r % every) return;
    context.textAlign = "right";
    context.font = `400 ${size}px ${ink.font}`;
    context.fillStyle = ink.dim;
    context.fillText(name, box.left - 12, y, box.left - 14);
  });
  context.textBaseline = "top";
  context.textAlign = "center";
  const until = box.right - 7 * letters(phrase("step")); // the axis's own name ends it
  for (const { value, label } of x.ticks) if (x.at(value) + 3.3 * label.length < until) words(context, label, x.at(value), box.bottom + 6, ink.dim, ink);
  context.textAlign = "right";
  words(context, phrase("step"), box.right, box.bottom + 6, ink.dim, ink, 600);
}

function showLegend({ legend, ends, kind, header, quantity }, { colours }) {
  const [low, high] = kind === "all" ? ends[0] ?? [-1, 0] : [NaN, NaN], { unit } = header.quantities[quantity];
  const near = (size) => (Number.isNaN(size) ? "" : format(10 ** size, 2));
  legend.replaceChildren(make("span", "", null, near(low) || phrase("low")), make("i", "", null), make("span", "", null, near(high) || phrase("high")), make("span", "unit", null, phrase`${unit}, log scale`));
  legend.children[1].style.background = `linear-gradient(90deg, ${colours.sequential.map(css).join()})`;
}

function drawBars(context, { place, header, quantity, found }, c, ink) {
  if (c < 0) return;
  const { box, unit, bars: [from, to] } = place, values = header.values[quantity], guide = header.quantities[quantity].guide;
  const own = header.rows.map((_, r) => values[r * header.columns + c]), good = own.filter((v) => v > 0 && v < Infinity).map(Math.log10);
  const low = Math.floor(Math.min(...good, guide ? Math.log10(guide) : Infinity) - 0.2), high = Math.ceil(Math.max(...good, guide ? Math.log10(guide) : -Infinity));
  const at = (size) => from + ((size - low) / Math.max(1, high - low)) * (to - from), every = Math.max(1, Math.ceil(12 / unit));
  context.textBaseline = "middle";
  own.forEach((value, r) => {
    const y = box.top + (r + 0.5) * unit, thick = Math.max(1.5, Math.min(11, unit - 3));
    if (value > 0 && value < Infinity) {
      context.fillStyle = header.rows[r].color;
      context.fillRect(from, y - thick / 2, Math.max(1, at(Math.log10(value)) - from), thick);
    }
    if (r % every && found?.r !== r) return;
    context.textAlign = "left";
    const words = brief(value, 2);
    context.font = `${found?.r === r ? 700 : 400} ${Math.min(11.5, Math.max(9, unit * every))}px ${ink.font}`;
    context.fillStyle = Number.isFinite(value) ? ink.dim : header.colors.bad;
    context.fillText(words, to + 6, y);
  });
  if (guide) stroke(context, ink.dim, 1.25, [5, 4], [[at(Math.log10(guide)), box.top], [at(Math.log10(guide)), box.bottom]]);
  context.textBaseline = "top";
  const stretch = stretchOf(header, c), step = header.steps[c].toLocaleString("en");
  context.textAlign = "left";
  if (!stretch) words(context, phrase("at one step"), from, box.bottom + 6, ink.dim, ink, 600);
  const label = stretch ? phrase`step ${step}, of ${numbered(stretch)} the largest` : phrase`step ${step}`;
  context.textAlign = "right";
  words(context, label, place.width - 2, box.bottom + 6, ink.text, ink, 600);
}

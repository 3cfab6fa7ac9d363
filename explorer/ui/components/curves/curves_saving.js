// Saving curves: as a picture of dots, as a drawing, as numbers.
const CAPTION = 44; // pixels above the plot for title and legend

function curvesAsNumbers({ header }) {
  const lines = [header.look.across === "step" ? "series,name,step,value,low,high" : `series,name,${header.look.across},value,low,high,step`];
  for (const curve of header.curves)
    for (let i = 0; i < curve.n; i++)
      lines.push([quoted(curve.series), quoted(curve.name), curve.step[i], curve.value[i], curve.low[i], curve.high[i], ...(curve.going ? [curve.go[i]] : [])].join());
  return lines.join("\n") + "\n";
}

// The plot with its title and legend, into a context of its size.
function wholePlot(panel, context) {
  const { place, header, root } = panel, ink = inkOf(root), curves = shownCurves(panel);
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, place.width, place.height + CAPTION);
  const lower = { ...place, box: { ...place.box, top: place.box.top + CAPTION, bottom: place.box.bottom + CAPTION } };
  const { low, high } = reach(panel);
  lower.y = valueAxis(scaleOf(panel), low, high, lower.box.bottom, lower.box.top);
  context.textAlign = "left";
  context.textBaseline = "top";
  words(context, header.look.title, 0, 4, ink.text, ink, 600, 15);
  let x = 0;
  for (const { series, color } of new Map(curves.map((curve) => [curve.series, curve])).values()) {
    if (!header.look.legend) break;
    stroke(context, color, 2.5, [], [[x, 33], [x + 20, 33]]);
    words(context, series, x + 26, 27, ink.text, ink);
    x += 46 + 7 * letters(series);
  }
  context.textBaseline = "top";
  const unit = { ...header, look: { ...header.look, unit: "" }, curves };
  drawPlot(context, lower, unit, ink);
  context.textAlign = "left";
  context.textBaseline = "top";
  words(context, header.look.unit, 0, CAPTION + 4, ink.dim, ink, 600, 12);
}

function buildSaving(panel) {
  const name = () => panel.header.look.title.toLowerCase().replaceAll(" ", "-");
  savingMenu(panel.menu, [
    [phrase("Save picture (PNG)"), () => {
      const { width, height } = panel.place, context = cleared(document.createElement("canvas"), width, height + CAPTION);
      wholePlot(panel, context);
      context.canvas.toBlob((blob) => download(blob, `${name()}.png`));
    }],
    [phrase("Save drawing (SVG)"), () => {
      const drawing = new Vector(panel.place.width, panel.place.height + CAPTION);
      wholePlot(panel, drawing);
      saveText(String(drawing), `${name()}.svg`, "image/svg+xml");
    }],
    [phrase("Save numbers (CSV)"), () => saveText(curvesAsNumbers(panel), `${name()}.csv`, "text/csv")],
  ]);
}

// Saving a landscape: as a picture of dots, as a drawing, as numbers.
const TITLE = 52; // pixels above the map for its title and the paths' names

function landscapeAsNumbers({ header, values }) {
  const lines = ["kind,name,step,x,y,value,outside_the_plane"], [[left, right], [low, high]] = header.window, [rows, columns] = header.shape;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const x = left + ((i % columns) / (columns - 1)) * (right - left), y = low + (Math.floor(i / columns) / (rows - 1)) * (high - low);
    lines.push(["surface", "", "", x, y, values[i], ""].join());
  }
  for (const track of header.tracks)
    for (let i = 0; i < track.n; i++) lines.push(["path", quoted(track.name), track.step[i], track.x[i], track.y[i], track.value[i], track.off[i]].join());
  return lines.join("\n") + "\n";
}

function wholeLandscape(land, context, place) {
  const ink = inkOf(land.root);
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, place.width, place.height);
  context.textAlign = "left";
  context.textBaseline = "top";
  words(context, land.header.title, 8, 8, ink.text, ink, 600, 15);
  let x = 8;
  for (const { name, color } of land.header.tracks.filter((track) => !land.hidden.has(track.name))) {
    stroke(context, color, 3, [], [[x, 40], [x + 18, 40]]);
    words(context, name, x + 24, 33, ink.text, ink);
    x += 44 + 6.5 * letters(name);
  }
  drawLandscape(context, land, place);
}

function landscapeMenu(land) {
  const name = () => land.header.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const place = () => placed(land, land.stage.clientWidth, land.stage.clientHeight, TITLE);
  savingMenu(land.menu, [
    [phrase("Save picture (PNG)"), () => {
      const at = place(), context = cleared(document.createElement("canvas"), at.width, at.height);
      wholeLandscape(land, context, at);
      context.canvas.toBlob((blob) => download(blob, `${name()}.png`));
    }],
    [phrase("Save drawing (SVG)"), () => {
      const at = place(), drawing = new Vector(at.width, at.height);
      wholeLandscape(land, drawing, at);
      saveText(String(drawing), `${name()}.svg`, "image/svg+xml");
    }],
    [phrase("Save numbers (CSV)"), () => saveText(landscapeAsNumbers(land), `${name()}.csv`, "text/csv")],
  ]);
}

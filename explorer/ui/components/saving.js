// Saving what is shown: a picture of the whole grid, or its numbers.
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;

function saveNumbers({ cells }, name) {
  const lines = ["head,query,query_position,key,key_position,value"];
  for (const { head, row, from, values } of cells) {
    const [, Q, K] = row.shape;
    for (let q = 0; q < Q; q++)
      for (let k = 0; k < K; k++)
        lines.push([quoted(head.id), quoted(row.q[q]), q, quoted(row.k[k]), k, values[from + q * K + k]].join());
  }
  download(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }), `${name}.csv`);
}

function savePicture({ rows, cells, legend, palette, low, high }, style, name) {
  const side = 192, gap = 16, left = 40, line = 26;
  const columns = Math.max(...rows.map((row) => row.heads.length));
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = left + columns * (side + gap) + gap;
  canvas.height = gap + rows.length * (side + line + gap) + line + gap;
  context.fillStyle = style.getPropertyValue("--st-background-color");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  context.fillStyle = style.getPropertyValue("--st-text-color");
  context.font = `15px ${style.getPropertyValue("--st-font")}`;
  for (const { head, r, h, canvas: small } of cells) {
    const x = left + h * (side + gap), y = gap + r * (side + line + gap);
    context.drawImage(small, x, y, side, side);
    context.fillText([head.caption, head.note].filter(Boolean).join(" · "), x, y + side + 18, side);
  }
  context.textAlign = "center";
  rows.forEach((row, r) => {
    context.save();
    context.translate(24, gap + r * (side + line + gap) + side / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(row.name, 0, 0);
    context.restore();
  });
  const top = canvas.height - gap - 14, stops = legend.stops(palette.colours);
  const blend = context.createLinearGradient(left, 0, left + 160, 0);
  stops.forEach((stop, i) => blend.addColorStop(i / (stops.length - 1), css(stop)));
  context.fillStyle = blend;
  context.fillRect(left, top, 160, 12);
  context.fillStyle = style.getPropertyValue("--st-text-color");
  context.textAlign = "left";
  context.fillText(`${low.textContent} to ${high.textContent} · ${legend.words}`, left + 172, top + 12);
  canvas.toBlob((blob) => download(blob, `${name}.png`));
}

function buildMenu(grid, place) {
  const opener = make("button", "", place, "⋯"), menu = make("div", "menu", place);
  opener.title = opener.ariaLabel = "Save";
  menu.hidden = true;
  opener.onclick = () => (menu.hidden = !menu.hidden);
  const name = () => ["heads", grid.step === null ? "" : `step-${grid.step}`].filter(Boolean).join("-");
  const entry = (words, save) => {
    make("button", "", menu, words).onclick = () => {
      menu.hidden = true;
      save();
    };
  };
  entry("Save picture (PNG)", () => savePicture(grid, getComputedStyle(grid.root), name()));
  entry("Save numbers (CSV)", () => saveNumbers(grid, name()));
  place.onkeydown = (event) => {
    if (event.key === "Escape") menu.hidden = true;
    event.stopPropagation();
  };
  place.addEventListener("focusout", (event) => {
    if (!place.contains(event.relatedTarget)) menu.hidden = true;
  });
}

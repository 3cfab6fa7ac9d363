// Saving what is shown: a picture of the whole grid, or its numbers.
function saveNumbers({ cells, message }, name) {
  if (message.coarse) return saveMeans({ cells, message }, name);
  const lines = ["head,query,query_position,key,key_position,value"];
  for (const { head, row, values } of cells) {
    const [, Q, K] = row.shape;
    for (let q = 0; q < Q; q++)
      for (let k = 0; k < K; k++)
        lines.push([quoted(head.id), quoted(row.q[q]), q, quoted(row.k[k]), k, values[q * K + k]].join());
  }
  download(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }), `${name}.csv`);
}

// Of a large grid the means: of which queries and keys, both ends among them.
function saveMeans({ cells, message }, name) {
  const n = message.coarse.block, lines = ["head,first_query,last_query,first_key,last_key,mean"];
  for (const { head, row, r, values } of cells) {
    const [, Q, K] = row.shape, [down, across] = cellsOf(message.header, r);
    for (let q = 0; q < down; q++)
      for (let k = 0; k < (row.causal ? q + 1 : across); k++) {
        const ends = [q * n, Math.min(Q, q * n + n) - 1, k * n, Math.min(K, k * n + n) - 1];
        lines.push([quoted(head.id), ...ends, values[q * across + k]].join());
      }
  }
  download(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }), `${name}.csv`);
}

function savePicture(grid, style, name) {
  const { rows, cells, gold, legend, palette, subject, low, high } = grid;
  const side = 192, gap = 16, left = 40, line = 26, above = subject.textContent ? line : 0;
  const columns = Math.max(...rows.map((row) => row.heads.length));
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = left + columns * (side + gap) + gap;
  canvas.height = above + gap + rows.length * (side + line + gap) + line + gap;
  const down = (r) => above + gap + r * (side + line + gap);
  context.fillStyle = style.getPropertyValue("--st-background-color");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  context.fillStyle = style.getPropertyValue("--st-text-color");
  context.font = `15px ${style.getPropertyValue("--st-font")}`;
  if (above) context.fillText(phrase`All heads · ${subject.textContent}`, left, gap + 12);
  for (const { head, row, r, place, canvas: small, score } of cells) {
    const x = left + place * (side + gap), y = down(r), [Q, K] = spanOf(grid, r);
    context.drawImage(small, x, y, side, side);
    for (const [colour, wide] of gold ? [[GOLD.halo, 3], [GOLD.core, 1.5]] : []) {
      [context.strokeStyle, context.lineWidth] = [colour, wide];
      for (const [q, k] of row.gold) context.strokeRect(x + (k * side) / K, y + (q * side) / Q, side / K, side / Q);
    }
    context.fillText([head.caption, score.textContent, head.note].filter(Boolean).join(" · "), x, y + side + 18, side);
  }
  context.textAlign = "center";
  rows.forEach((row, r) => {
    context.save();
    context.translate(24, down(r) + side / 2);
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
  context.fillText(phrase`${low.textContent} to ${high.textContent} · ${legend.words}`, left + 172, top + 12);
  canvas.toBlob((blob) => download(blob, `${name}.png`));
}

function saveEdges(grid, name) {
  const svg = edgesSvg(drawing(grid).drawn, grid.edgePlace, getComputedStyle(grid.root));
  download(new Blob([svg], { type: "image/svg+xml" }), `${name}.svg`);
}

function buildMenu(grid, place) {
  const opener = make("button", "", place, "⋯"), menu = make("div", "menu", place);
  opener.title = opener.ariaLabel = phrase("Save");
  menu.hidden = true;
  opener.onclick = () => (menu.hidden = !menu.hidden);
  const name = (what) => [what, grid.step === null ? "" : `step-${grid.step}`].filter(Boolean).join("-");
  const entry = (words, save, className = "") => {
    make("button", className, menu, words).onclick = () => {
      menu.hidden = true;
      save();
    };
  };
  entry(phrase("Save picture of the heads (PNG)"), () => savePicture(grid, getComputedStyle(grid.root), name("heads")));
  entry(phrase("Save numbers of the heads (CSV)"), () => saveNumbers(grid, name("heads")));
  entry(phrase("Save head view (SVG)"), () => saveEdges(grid, name("head-view")), "of-view");
  place.onkeydown = (event) => {
    if (event.key === "Escape") menu.hidden = true;
    event.stopPropagation();
  };
  place.addEventListener("focusout", (event) => {
    if (!place.contains(event.relatedTarget)) menu.hidden = true;
  });
}

// The loupe: one head large, with its tokens on both axes. Drawn at the screen's own resolution.
const visible = (token) => (token === " " ? "␣" : token === "\n" ? "⏎" : token === "\t" ? "⇥" : token);

// Where the matrix lies in a loupe of this width (CSS pixels).
function loupePlace(cell, width, most) {
  const [, Q, K] = cell.row.shape;
  const longest = Math.min(7, Math.max(...cell.row.q.map((token) => visible(token).length)));
  const left = 36 + longest * 8, top = 30;
  const unit = Math.min((width - left - 4) / K, (most - top) / Q);
  return { left, top, unit, width, height: top + unit * Q + 8, Q, K };
}

// picture: the head's canvas, and how many pairs one of its pixels is wide.
function drawLoupe(canvas, cell, place, hover, gold, style, [picture, n]) {
  const { left, top, unit, width, height, Q, K } = place, ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, K / n, Q / n, left, top, unit * K, unit * Q);
  const accent = style.getPropertyValue("--st-primary-color");
  context.strokeStyle = style.getPropertyValue("--st-border-color");
  context.strokeRect(left - 0.5, top - 0.5, unit * K + 1, unit * Q + 1);
  const every = Math.max(1, Math.ceil(13 / unit));
  const label = (token, x, y, strong) => {
    context.font = `${strong ? "700 " : ""}13px ${style.getPropertyValue("--st-font")}`;
    context.fillStyle = strong ? accent : style.getPropertyValue("--st-gray-text-color");
    context.fillText(visible(token).slice(0, 7), x, y);
  };
  context.textBaseline = "middle";
  context.textAlign = "center";
  const wide = Math.max(every, Math.ceil((8 * Math.min(7, Math.max(...cell.row.k.map((t) => t.length)))) / unit));
  cell.row.k.forEach((token, k) => {
    const near = hover && hover.k !== null && Math.abs(hover.k - k) < wide;
    if (hover?.k === k || (k % wide === 0 && !near)) label(token, left + (k + 0.5) * unit, top - 12, hover?.k === k);
  });
  context.textAlign = "right";
  cell.row.q.forEach((token, q) => {
    const near = hover && hover.q !== null && Math.abs(hover.q - q) < every;
    if (hover?.q === q || (q % every === 0 && !near)) label(token, left - 8, top + (q + 0.5) * unit, hover?.q === q);
  });
  context.save();
  context.translate(12, top + (unit * Q) / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  label("query", 0, 0, false);
  context.restore();
  for (const [colour, wide] of [[GOLD.halo, 3], [GOLD.core, 1.5]]) {
    [context.strokeStyle, context.lineWidth] = [colour, wide];
    for (const [q, k] of gold) context.strokeRect(left + k * unit, top + q * unit, unit, unit);
  }
  if (!hover) return;
  context.strokeStyle = accent;
  context.lineWidth = 1;
  if (hover.q !== null) context.strokeRect(left, top + hover.q * unit, unit * K, unit);
  if (hover.k !== null) context.strokeRect(left + hover.k * unit, top, unit, unit * Q);
}

// The query and key under a point of the loupe (CSS pixels), or null.
function underLoupe(place, x, y) {
  const q = Math.floor((y - place.top) / place.unit), k = Math.floor((x - place.left) / place.unit);
  return q >= 0 && q < place.Q && k >= 0 && k < place.K ? { q, k } : null;
}

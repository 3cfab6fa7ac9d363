// Contours: where a surface known on a grid crosses a level (marching squares), and which levels are drawn.

// Segments [[x1, y1], [x2, y2]] in units of cells; values (rows, columns), row after row.
function contour(values, rows, columns, level) {
  const found = [], at = (r, c) => values[r * columns + c] - level;
  for (let r = 0; r + 1 < rows; r++)
    for (let c = 0; c + 1 < columns; c++) {
      const [a, b, d, e] = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)];
      if (!Number.isFinite(a + b + d + e)) continue;
      const crossings = [];
      if (a < 0 !== b < 0) crossings.push([c + a / (a - b), r]);
      if (b < 0 !== d < 0) crossings.push([c + 1, r + b / (b - d)]);
      if (e < 0 !== d < 0) crossings.push([c + e / (e - d), r + 1]);
      if (a < 0 !== e < 0) crossings.push([c, r + a / (a - e)]);
      if (crossings.length === 2) found.push(crossings);
      else if (crossings.length === 4) {
        const middle = (a + b + d + e) / 4 < 0 === a < 0; // a saddle: the middle tells which corners belong together
        const [top, right, bottom, left] = crossings;
        found.push(...(middle ? [[top, right], [bottom, left]] : [[top, left], [right, bottom]]));
      }
    }
  return found;
}

// Levels of 1, 2 and 5 times powers of ten, or evenly spaced where the surface does not span one; at most `most`.
function levels(low, high, scale, most) {
  if (scale === "log" && !(low > 0)) return [];
  if (scale !== "log" || high / low < 10) return evenly(low, high, most).ticks;
  for (const digits of [[1, 2, 5], [1, 3], [1]]) {
    const found = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
      for (const digit of digits) if (digit * 10 ** e >= low && digit * 10 ** e <= high) found.push(digit * 10 ** e);
    if (found.length <= most || digits.length === 1) return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
  }
}

// The ends of the colours: round numbers, so that they hardly move while more of the surface becomes known. From low
// to a higher high, above 0 on a log scale, however few values there are.
function ends(values, { scale, floor }) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) // a log scale has no place for 0
    if (Number.isFinite(value) && (scale !== "log" || value > 0)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return scale === "log" ? [floor || 0.1, 10 * (floor || 0.1)] : scale === "signed" ? [-1, 1] : [0, 1];
  if (scale === "signed") {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return [-most, most];
  }
  if (scale === "log") low = Math.max(low, floor);
  if (high <= low) {
    const around = 0.1 * Math.abs(low) || 1;
    return [low - around, low + around];
  }
  if (scale === "log" && high / low >= 10) {
    const round = (value, way) => {
      const power = 10 ** Math.floor(Math.log10(value) + 1e-9), steps = [1, 2, 5, 10].map((d) => d * power);
      return way < 0 ? steps.filter((s) => s <= value * (1 + 1e-9)).at(-1) : steps.find((s) => s >= value * (1 - 1e-9));
    };
    return [round(low, -1), round(high, 1)];
  }
  const { step } = evenly(low, high, 10), bottom = Math.floor(low / step) * step;
  return [scale === "log" && bottom <= 0 ? low : bottom, Math.ceil(high / step) * step];
}

// Axes: from numbers to places, and where a line of the grid stands.

// Steps of 1, 2 or 5 times a power of ten, about `count` of them between low and high; of a single value, itself.
function evenly(low, high, count) {
  if (!(high > low) || !Number.isFinite(high - low)) return { step: 1, ticks: low === high && Number.isFinite(low) ? [low] : [] };
  const rough = (high - low) / Math.max(1, count), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.8);
  return { step, ticks: Array.from({ length: Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1 }, (_, i) => (Math.ceil(low / step - 1e-9) + i) * step) };
}

const RAISE = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = (exponent) => `10${[...String(exponent)].map((c) => RAISE[c]).join("")}`;

// 1200 is 1,200 as in sentences; where that is too long beside an axis, 1.2M and 1.2G.
function short(value) {
  const size = Math.abs(value), sign = value < 0 ? "−" : "";
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"]])
    if (size >= unit) return `${sign}${Number((size / unit).toPrecision(3))}${name}`;
  return sign + (size >= 1000 ? Math.round(size).toLocaleString("en") : Number(size.toPrecision(3)));
}

function decimals(step, value) {
  if (Math.abs(value) < step / 2) return "0";
  if (Math.abs(step) < 1e-3) {
    const size = (x) => Math.floor(Math.log10(Math.abs(x)) + 1e-9); // as many digits as tell two ticks apart
    const [digits, exponent] = value.toExponential(Math.min(4, Math.max(0, size(value) - size(step)))).split("e");
    return `${digits.replace("-", "−")}·${power(Number(exponent))}`;
  }
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (step >= 1000) return short(value);
  return value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places }).replace("-", "−");
}

// The x axis: steps from 0 to the newest.
function stepAxis(newest, from, to) {
  const high = Math.max(1, newest), { ticks } = evenly(0, high, Math.max(2, (to - from) / 80));
  return { at: (step) => from + (step / high) * (to - from), back: (x) => ((x - from) / (to - from)) * high, ticks: ticks.filter(Number.isInteger).map((value) => ({ value, label: short(value) })) };
}

// The y axis of a panel whose values reach from low to high; `from` is the lower edge.
function valueAxis(scale, low, high, from, to) {
  const room = Math.abs(to - from);
  if (scale === "share")
    return { at: (v) => from + v * (to - from), ticks: [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, label: `${value * 100}\u202f%` })) };
  if (scale === "log") {
    const first = Math.floor(Math.log10(low) + 1e-9), last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9));
    const every = Math.max(1, Math.ceil(((last - first) * 24) / room)), ticks = [];
    for (let e = first; e <= last; e++) {
      if ((e - first) % every === 0) ticks.push({ value: 10 ** e, label: power(e) });
      if (e < last && last - first <= 6) for (let m = 2; m < 10; m++) ticks.push({ value: m * 10 ** e, faint: true });
    }
    return { at: (v) => from + ((Math.log10(v) - first) / (last - first)) * (to - from), ticks };
  }
  const { step } = evenly(low, high, Math.max(2, Math.floor(room / 45)));
  const bottom = Math.floor(low / step + 1e-9) * step, top = Math.max(bottom + step, Math.ceil(high / step - 1e-9) * step);
  const { ticks } = evenly(bottom, top, Math.round((top - bottom) / step));
  return { at: (v) => from + ((v - bottom) / (top - bottom)) * (to - from), ticks: ticks.map((value) => ({ value, label: decimals(step, value) })) };
}

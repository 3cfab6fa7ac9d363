// Colours of numbers. Light theme: dark is more. Dark theme: bright is more. Blue and orange hold for
// the colour-blind. Brightness follows the square root, so that 0.05 can still be seen beside 1.
const STEPS = 512;
const LIGHT = {
  sequential: [[247, 247, 250], [200, 214, 247], [120, 150, 235], [59, 91, 219], [22, 36, 110]],
  negative: [[247, 247, 248], [251, 213, 180], [242, 148, 68], [196, 86, 10], [104, 40, 0]],
  nan: [[178, 92, 152], [226, 180, 212]], plus: [[0, 122, 108]], minus: [[228, 227, 225]],
};
const DARK = {
  sequential: [[29, 33, 44], [38, 54, 112], [66, 98, 216], [140, 167, 255], [234, 240, 255]],
  negative: [[29, 33, 44], [96, 48, 14], [190, 96, 24], [246, 160, 84], [255, 232, 208]],
  nan: [[206, 118, 178], [104, 60, 92]], plus: [[64, 200, 180]], minus: [[52, 57, 69]],
};

const GOLD = { halo: "rgb(64 44 0)", core: "rgb(255 212 59)" }; // seen over light cells and over dark ones

const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // little-endian RGBA
const css = ([r, g, b]) => `rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)})`;

function between(stops, t) {
  const x = Math.min(0.99999, Math.max(0, t)) * (stops.length - 1), i = Math.floor(x);
  return stops[i].map((a, c) => a + (stops[i + 1][c] - a) * (x - i));
}

function ramp(stops) {
  return Uint32Array.from({ length: STEPS }, (_, i) => pixel(between(stops, i / (STEPS - 1))));
}

// The red, green and blue, 0 to 255, of a colour as CSS writes it, at an element that is on the page.
function channels(color, element) {
  const probe = document.createElement("i");
  probe.style.color = color;
  element.append(probe);
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return rgb;
}

const paperOf = (element) => channels(getComputedStyle(element).getPropertyValue("--st-background-color"), element);

function isDark(element) {
  const [r, g, b] = paperOf(element);
  return 0.3 * r + 0.59 * g + 0.11 * b < 128;
}

function paletteOf(element) {
  const colours = isDark(element) ? DARK : LIGHT;
  return { colours, up: ramp(colours.sequential), down: ramp(colours.negative) };
}

// Paints one matrix (Q rows of K) at one pixel a number; adds what it met to `marks`.
function paint(canvas, values, Q, K, limit, palette, marks) {
  if (canvas.width !== K || canvas.height !== Q) [canvas.width, canvas.height] = [K, Q];
  const context = canvas.getContext("2d"), image = context.createImageData(K, Q);
  const pixels = new Uint32Array(image.data.buffer), { up, down, colours } = palette;
  const nan = colours.nan.map(pixel), plus = pixel(colours.plus[0]), minus = pixel(colours.minus[0]);
  for (let i = 0; i < pixels.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) {
      pixels[i] = nan[(i + Math.floor(i / K)) % 2];
      marks.nan = true;
    } else if (value === Infinity) {
      pixels[i] = plus;
      marks.plus = true;
    } else if (value === -Infinity) {
      pixels[i] = minus;
      marks.minus = true;
    } else {
      const t = Math.min(1, Math.sqrt(Math.abs(value) / limit)) * (STEPS - 1);
      pixels[i] = value < 0 ? down[t | 0] : up[t | 0];
    }
  }
  context.putImageData(image, 0, 0);
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// A number to `digits` significant digits: 0.9431, −2.310, 3.214 × 10⁻⁵.
function format(value, digits = 4) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  const size = Math.abs(value), sign = value < 0 ? "−" : "";
  if (size === 0) return "0";
  if (size >= 1000 && size < Math.min(1e5, 10 ** digits)) return sign + size.toLocaleString("en", { minimumSignificantDigits: digits, maximumSignificantDigits: digits });
  if (size >= 1e-3 && size < Math.min(1e5, 10 ** digits)) return sign + size.toPrecision(digits); // beyond, that would write 1e+5
  const [digitsOf, power] = size.toExponential(digits - 1).split("e");
  return `${sign}${digitsOf} × 10${[...power.replace("+", "")].map((c) => RAISED[c]).join("")}`;
}

// A number as Python's `number` writes it in sentences: 0.94, 2,417, 3.2 × 10⁻⁵.
function brief(value, digits = 3) {
  const size = Math.abs(value);
  if (size < 1e5 && Number(size.toPrecision(digits)) >= 10 ** digits) return (value < 0 ? "−" : "") + Math.round(size).toLocaleString("en");
  return format(value, digits).replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, ""); // no zeros at the end
}

// A share in percent, as `percent` of names.py writes it: 0 % is nothing and 100 % is all, whatever is rounded.
function percentOf(share, decimals = 0) {
  const text = (100 * share).toFixed(decimals);
  if (share > 0 && Number(text) === 0) return `${brief(100 * share, 2)}\u202f%`;
  if (share < 1 - 5e-7 && Number(text) === 100) return decimals < 3 ? percentOf(share, decimals + 1) : ">\u00a099.999\u202f%";
  return `${text}\u202f%`;
}

// A share in percent to `digits` significant digits.
function percentTo(share, digits) {
  const value = Number((share * 100).toPrecision(digits));
  return value === 100 ? percentOf(share) : `${value}\u202f%`;
}

// Stages: the arithmetic of a sampler, as in explorer/measure/sampling.py, in float64.
const COLD = 1e-30; // a temperature that is 0 in effect

function softmaxOf(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity), powers = logits.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

const APPLY = {
  repetition: (logits, penalty, seen) => logits.map((x, i) => (!seen.has(i) ? x : x < 0 ? x * penalty : x / penalty)),
  temperature: (logits, degree) => {
    if (degree > COLD) return logits.map((x) => x / degree);
    const best = logits.indexOf(logits.reduce((a, b) => Math.max(a, b), -Infinity));
    return logits.map((_, i) => (i === best ? 0 : -Infinity));
  },
  top_k: (logits, k) => {
    if (k <= 0 || k >= logits.length) return logits;
    const least = [...logits].sort((a, b) => b - a)[k - 1];
    return logits.map((x) => (x < least ? -Infinity : x));
  },
  top_p: (logits, share) => {
    if (share >= 1) return logits;
    const order = logits.map((_, i) => i).sort((a, b) => logits[a] - logits[b] || a - b), p = softmaxOf(logits), out = [...logits];
    let sum = 0;
    for (const i of order.slice(0, -1)) {
      sum += p[i];
      if (sum <= 1 - share) out[i] = -Infinity;
    }
    return out;
  },
  min_p: (logits, share) => {
    const p = softmaxOf(logits), least = share * p.reduce((a, b) => Math.max(a, b), 0);
    return logits.map((x, i) => (p[i] < least ? -Infinity : x));
  },
};

const bitsOf = (p) => p.reduce((sum, x) => (x > 0 ? sum - x * Math.log2(x) : sum), 0);

// What leaves each stage, after "logits" for what comes in.
function passed(logits, settings, order, seen) {
  let left = logits, p = softmaxOf(left);
  const found = [{ stage: "logits", p, survivors: p.length, cut: 0, bits: bitsOf(p) }];
  for (const stage of order) {
    left = APPLY[stage](left, settings[stage], seen);
    const cut = left.reduce((sum, x, i) => (x === -Infinity ? sum + p[i] : sum), 0);
    p = softmaxOf(left);
    found.push({ stage, p, survivors: p.filter((x) => x > 0).length, cut, bits: bitsOf(p) });
  }
  return found;
}

// Draws from p, `times` of them: how often each token came.
function drawnFrom(p, times) {
  const ends = [], counts = p.map(() => 0), last = p.findLastIndex((x) => x > 0);
  p.reduce((sum, x, i) => (ends[i] = sum + x), 0);
  for (let n = 0; n < times; n++) {
    const at = Math.random() * ends.at(-1);
    let low = 0, high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > at) high = middle;
      else low = middle + 1;
    }
    counts[low]++;
  }
  return counts;
}

// Pearson's χ² of counts against p, its degrees of freedom and the chance of one as large; tokens that are expected less
// than five times are counted together.
function chiSquared(counts, p) {
  const times = counts.reduce((a, b) => a + b, 0), rare = { seen: 0, expected: 0 }, cells = [];
  p.forEach((x, i) => {
    if (x * times >= 5) cells.push({ seen: counts[i], expected: x * times });
    else [rare.seen, rare.expected] = [rare.seen + counts[i], rare.expected + x * times];
  });
  if (rare.expected > 0) cells.push(rare);
  const value = cells.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0), free = cells.length - 1;
  return { value, free, chance: free > 0 ? gammaAbove(free / 2, value / 2) : 1 };
}

// The upper regularised incomplete gamma function Q(a, x): its series below a + 1, else its continued fraction
// (Numerical Recipes, §6.2).
function gammaAbove(a, x) {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a, sum = term;
    for (let n = 1; n < 500 && term > sum * 1e-15; n++) sum += term *= x / (a + n);
    return Math.max(0, 1 - front * sum);
  }
  let b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (let n = 1; n < 500; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  return front * h;
}

// ln Γ(x) by Stirling's series, from x + 8 down.
function logGamma(x) {
  let shift = 0;
  for (; x < 8; x++) shift += Math.log(x);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5) - shift;
}

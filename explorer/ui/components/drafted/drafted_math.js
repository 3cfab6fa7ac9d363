// Drafted: the rule of speculative sampling, as in explorer/measure/speculative.py, many times over.
const accepted = (p, q) => Math.min(1, p / q);
const moreThan = (p, q) => p.map((x, i) => Math.max(0, x - q[i]));
const ROUNDING = 1e-6; // what p and q of the same weights may differ by in all, in float32

// The probabilities from which a token is drawn anew; null where p and q are the same but for rounding.
function anew(p, q) {
  const rest = moreThan(p, q), total = rest.reduce((a, b) => a + b, 0);
  return total > ROUNDING ? rest.map((x) => x / total) : null;
}

// Draws `times` tokens by the rule: how often each was written, and how many drafts were rejected. always: the control,
// in which every draft is accepted.
function drawnByRule(p, q, times, always = false) {
  const drafts = drawnFrom(q, times), counts = p.map(() => 0);
  let rejected = 0;
  drafts.forEach((number, i) => {
    for (let n = 0; n < number; n++) always || Math.random() < accepted(p[i], q[i]) ? counts[i]++ : rejected++;
  });
  const rest = moreThan(p, q);
  if (rejected) drawnFrom(rest.some((x) => x > 0) ? rest : p, rejected).forEach((number, i) => (counts[i] += number));
  return { counts, rejected };
}

// Drafted: the rule of speculative sampling, as in explorer/measure/speculative.py, many times over.
const accepted = (p, q) => Math.min(1, p / q);
const moreThan = (p, q) => p.map((x, i) => Math.max(0, x - q[i]));

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

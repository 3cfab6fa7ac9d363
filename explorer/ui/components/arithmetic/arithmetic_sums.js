// Sums: how a formula is written with its numbers, and which cells a number is made of.
const LISTED = 3; // operands of a long sum that are written out
const BELOW = { 0: "₀", 1: "₁", 2: "₂", 3: "₃", 4: "₄", 5: "₅", 6: "₆", 7: "₇", 8: "₈", 9: "₉" };
const index = (i) => [...String(i)].map((digit) => BELOW[digit]).join("");
const short = (value) => format(value, 3);
const signed = (value) => (value < 0 ? `(${short(value)})` : short(value)); // after an operator

// The first terms of a sum, a minus in place of "+ −".
function listed(length, most, term) {
  const terms = Array.from({ length: Math.min(length, most) }, (_, i) => term(i)), more = length - terms.length;
  return (terms.join(" + ") + (more > 0 ? phrase` + … ${more} more` : "")).replaceAll("+ −", "− ");
}

// Σ a·b of vectors of which term i is a(i) · b(i).
function dot(length, a, b) {
  let value = 0;
  for (let i = 0; i < length; i++) value += a(i) * b(i);
  return { value, text: listed(length, LISTED, (i) => `${short(a(i))}·${signed(b(i))}`) };
}

const cellOf = (id, r, c) => ({ id, r, c });
const rowOf = (id, r) => ({ id, r });
const columnOf = (id, c) => ({ id, c });

// Everything about a cell. `again` is the value of the operands where it is not the run's to 5 digits, else null.
function explain(data, stages, projection, { id, r, c }) {
  const block = stages.blocks.find((one) => one.id === id), explained = FORMULAS[id](data, projection, r, c);
  const value = block.values[r * block.columns + c], again = explained.value;
  const off = again !== undefined && Number.isFinite(value) && Math.abs(again - value) > 1e-5 * block.limit;
  return { ...explained, exact: value, again: off ? again : null };
}

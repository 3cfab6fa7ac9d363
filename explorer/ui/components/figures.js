// Figures: numbers with their names, built once; then only their words change.
const rows = new WeakMap();

function say(row, { header: { numbers } }) {
  const names = JSON.stringify(numbers.map(([name]) => name));
  if (names !== row.names) {
    row.names = names;
    row.cells = numbers.map(([name]) => {
      const cell = make("div", "", null);
      make("dt", "", cell, name);
      return cell.appendChild(make("dd", ""));
    });
    row.list.replaceChildren(...row.cells.map((cell) => cell.parentElement));
  }
  numbers.forEach(([, words], i) => {
    if (row.cells[i].textContent !== words) row.cells[i].textContent = words;
  });
}

export default function ({ data, parentElement }) {
  const message = opened(data), { name, moment } = message.header;
  const row = rows.get(parentElement) ?? { list: make("dl", "figures", parentElement) };
  rows.set(parentElement, row);
  if (!row.names || !late(moment)) say(row, message);
  hear(name, (row.take ??= (bytes) => say(row, opened(bytes))));
  return () => {
    if (parentElement.isConnected) return; // Streamlit also calls this for an update that came too late
    unhear(name, row.take);
    row.list.remove();
    rows.delete(parentElement);
  };
}

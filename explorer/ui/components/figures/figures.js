// Figures: numbers with their names, built once; then only their words change.

function say(row, { header: { numbers } }) {
  const names = JSON.stringify(numbers.map(([name]) => name));
  if (names !== row.names) {
    row.names = names;
    row.cells = numbers.map(([name]) => {
      const cell = make("div", "", null);
      make("dt", "", cell, name);
      return cell.appendChild(make("dd", ""));
    });
    row.root.replaceChildren(...row.cells.map((cell) => cell.parentElement));
  }
  numbers.forEach(([, words], i) => {
    if (row.cells[i].textContent !== words) row.cells[i].textContent = words;
  });
}

export default living({
  build: (parent) => ({ root: make("dl", "figures", parent) }),
  update: (row, { data }) => {
    const message = opened(data), { name, moment } = message.header;
    if (!row.names || !late(moment)) say(row, message);
    if (name !== row.name) unhear(row.name, row.take);
    hear((row.name = name), (row.take ??= (bytes) => say(row, opened(bytes))));
  },
  remove: ({ name, take }) => unhear(name, take),
});

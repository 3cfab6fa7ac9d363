// Addresses: puts what is chosen into the address in English, see addresses.py.
(() => {
  const english = new Map(); // "name=value" -> the value in English
  const key = (name, value) => `${name}=${value}`;
  const neutral = (url) => {
    const address = new URL(url ?? location.href, location.href), pairs = [...address.searchParams];
    const words = pairs.map(([name, value]) => [name, english.get(key(name, value)) ?? value]);
    if (words.every(([, word], i) => word === pairs[i][1])) return url;
    address.search = new URLSearchParams(words);
    return address.href;
  };
  const replace = history.replaceState.bind(history);
  const ask = async () => {
    const pairs = [...new URLSearchParams(location.search)];
    const unknown = pairs.filter(([name, value]) => /[^ -~]/.test(value) && !english.has(key(name, value)));
    if (!unknown.length) return;
    for (const [name, value] of unknown) english.set(key(name, value), value); // asked once
    const asked = new URL(`address?${new URLSearchParams(unknown)}`, window.__streamlit.BACKEND_BASE_URL);
    const answer = await fetch(asked).catch(() => null);
    if (!answer?.ok) {
      for (const [name, value] of unknown) english.delete(key(name, value));
      return;
    }
    const words = [...new URLSearchParams(await answer.text())];
    unknown.forEach(([name, value], i) => english.set(key(name, value), words[i][1]));
    const address = neutral(location.href);
    if (address !== location.href) replace(history.state, "", address);
  };
  for (const kind of ["pushState", "replaceState"]) {
    const write = history[kind].bind(history);
    history[kind] = (state, title, url) => {
      write(state, title, neutral(url));
      ask();
    };
  }
  ask();
})();

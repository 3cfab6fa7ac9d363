// Frame words: says Streamlit's own few words in the language of the page, see frame_words.py.
(() => {
  const page = document.documentElement, NAMES = ["aria-label", "aria-roledescription", "title", "placeholder"];
  const NAMED = NAMES.map((name) => `[${name}]`).join();
  const PLACES = [ // test ids of what Streamlit itself writes texts into
    "stFileUploader", "stFileChip", "InputInstructions", "stNumberInput", "stSpinner", "stToastViewButton",
    "stSidebarNavViewButton", "stSkipToContent", "stStatusWidget", "stConnectionStatus", "stMainMenuPopover",
    "stDialog", "stSelectbox", "stSelectboxVirtualDropdown", "stMultiSelect", "stTooltipContent",
  ].map((name) => `[data-testid="${name}"]`).join();
  const before = new WeakMap(); // node -> what it said of each kind, and says now
  let words = null, chinese = false;

  // the words of a table; those with {places} by a pattern
  function read(pairs) {
    const exact = new Map(pairs), filled = pairs.filter(([text]) => text.includes("{")).map(([text, to]) => {
      const form = text.replace(/[.*+?^$()|]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)");
      return [new RegExp(`^${form}$`), to.replace(/\{(\w+)\}/g, "$<$1>")];
    });
    return (text) => {
      const [form, to] = exact.has(text) ? [] : (filled.find(([pattern]) => pattern.test(text)) ?? []);
      return form ? text.replace(form, to) : exact.get(text);
    };
  }

  // one text of a node, in the language of the page
  function turn(node, kind, said, say) {
    const kept = before.get(node) ?? {};
    if (!chinese) {
      if (kept[kind]?.[1] === said) say(kept[kind][0]);
      return;
    }
    const to = words(said.trim());
    if (to === undefined) return;
    before.set(node, { ...kept, [kind]: [said, to] });
    say(to);
  }

  function named(element) {
    for (const name of NAMES) {
      const said = element.getAttribute(name);
      if (said) turn(element, name, said, (to) => element.setAttribute(name, to));
    }
  }

  const written = (text) => turn(text, "text", text.nodeValue, (to) => (text.nodeValue = to));

  function texts(place) {
    const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) written(walk.currentNode);
  }

  function all(node) {
    if (node.nodeType === Node.TEXT_NODE && node.parentElement?.closest(PLACES)) written(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    named(node);
    node.querySelectorAll(NAMED).forEach(named);
    if (node.closest(PLACES)) texts(node);
    else node.querySelectorAll(PLACES).forEach(texts);
  }

  const changes = new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === "attributes") named(target);
      else if (type === "characterData") all(target);
      else addedNodes.forEach(all);
    }
  });

  async function follow() {
    const now = () => page.lang.startsWith("zh");
    if (now() && !words) {
      const answer = await fetch(new URL("frame-words", window.__streamlit.BACKEND_BASE_URL)).catch(() => null);
      if (!answer?.ok) return;
      words = read(Object.entries(await answer.json()));
    }
    if (now() === chinese) return;
    chinese = now();
    changes.disconnect();
    all(document.body);
    if (chinese) changes.observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: NAMES });
  }

  new MutationObserver(follow).observe(page, { attributeFilter: ["lang"] });
  follow();
})();

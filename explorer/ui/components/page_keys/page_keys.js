// Page keys: those that mean something on a page without a player bar.
function build(parent) {
  const root = make("div", "page-keys", parent), keys = { root, means: [], outbox: [], stopping: new AbortController() };
  keys.scene = sceneIn(parent, () => send(keys, { kind: "scene", by: 0 }));
  hearKeys(keys, (event) => press(keys, event), keys.stopping.signal);
  return keys;
}

function press(keys, event) {
  const meaning = meaningOf(event, null);
  if (!keys.means.includes(meaning?.kind)) return;
  event.preventDefault();
  if (event.repeat) return;
  if (meaning.kind === "fill") fill();
  else send(keys, meaning);
}

export default living({
  build,
  update: (keys, { data, setTriggerValue }) => {
    Object.assign(keys, { setTriggerValue, means: [...data.means] });
    answered(keys, data.seen);
    hearEarly(keys, (event) => press(keys, event));
    showScene(keys.scene, data.scene, document.querySelector('[data-testid="stMainBlockContainer"]') ?? document.body);
  },
  remove: (keys) => {
    keys.scene.remove();
    keys.stopping.abort();
  },
});

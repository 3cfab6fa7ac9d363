// Life: what all components of ours have in common. Each is built once at its element, updated by every message, and
// removed with its element. build(parent) returns a view, whose `root` is the element that it added and whose `observer`,
// if it has one, watches sizes. update(view, component) shows a message. remove(view) ends what is neither: timers,
// listeners of the document, names in the feed.
function living({ build, update, remove }) {
  const views = new WeakMap();
  return (component) => {
    const parent = component.parentElement, there = () => (parent.host ?? parent).isConnected;
    const end = () => {
      const view = views.get(parent);
      if (!view) return;
      views.delete(parent);
      view.observer?.disconnect();
      remove?.(view);
      view.root.remove();
    };
    if (!there()) return end; // an update that came after its page: nothing has a size or a colour any more
    if (!views.has(parent)) {
      parent.ended?.(); // what the same script in another language has built there
      views.set(parent, build(parent));
      parent.ended = end;
    }
    try {
      update(views.get(parent), component);
    } catch (error) {
      end(); // nothing half drawn is left for the next message
      throw error;
    }
    return () => there() || end(); // Streamlit also calls this for an update that came too late
  };
}

// Draws again when an element changes its size, but not when it leaves the page, which changes its size too.
function onResize(element, draw) {
  const observer = new ResizeObserver(() => element.isConnected && draw());
  observer.observe(element);
  return observer;
}

// Whether two messages are the same bytes: what is drawn then stands.
const sameBytes = (a, b) => a?.length === b.length && a.every((byte, i) => byte === b[i]);

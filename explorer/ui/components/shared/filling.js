// Filling: one picture fills the screen, and Escape gives the page back. The picture is the one under the pointer, else the
// one that has the focus, else the largest on the page.
const PICTURE = ".stVegaLiteChart, [data-testid^=stBidiComponent], .stImage";
const PANEL = ".curves.card";
const ASIDE = ".st-key-player, .st-key-title-row, .st-key-numbers, .st-key-preload";
const WORDED = ".st-key-samples, .st-key-ask-written"; // no pictures, but words
const CARD = "[class*=st-key-card-], [class*=st-key-panels-], .stElementContainer";

function fill() {
  if (document.fullscreenElement) return document.exitFullscreen();
  const place = [deepest(":hover"), document.activeElement].map(pictureAt).find(Boolean) ?? mainPicture();
  if (!place) return undefined;
  const { width, height } = place.getBoundingClientRect(), wide = place.offsetWidth; // in its own pixels, where it is enlarged
  place.classList.add("filled");
  const fit = () => {
    if (!place.matches(":fullscreen")) return;
    const scale = Math.min((innerWidth * 0.97) / width, (innerHeight * 0.95) / height);
    place.style.setProperty("--fill", Math.max(1, scale));
    place.style.setProperty("--wide", `${wide}px`);
  };
  const over = new AbortController();
  const leave = () => {
    place.classList.remove("filled");
    over.abort();
  };
  document.addEventListener("fullscreenchange", () => {
    if (place.matches(":fullscreen")) fit();
    else leave();
  }, { signal: over.signal });
  window.addEventListener("resize", fit, { signal: over.signal });
  return place.requestFullscreen().catch(leave);
}

// The card of the picture at an element, or the picture's own place; null where there is none.
function pictureAt(element) {
  const panel = element?.closest?.(PANEL); // one of several that a component draws
  if (panel) return panel;
  const card = (element?.getRootNode?.().host ?? element)?.closest?.(CARD);
  if (!card || card.closest(ASIDE)) return null;
  return card.matches(PICTURE) || card.querySelector(PICTURE) ? card : null;
}

// The last element that matches, in what components draw too.
function deepest(selector, root = document) {
  const found = [...root.querySelectorAll(selector)].at(-1);
  return (found?.shadowRoot && deepest(selector, found.shadowRoot)) || found;
}

// The largest picture in sight, the first of several.
function mainPicture() {
  let main = null, most = 0;
  for (const place of document.querySelectorAll(`[data-testid=stMain] :is(${PICTURE})`)) {
    const inside = [place, ...place.querySelectorAll("*")].flatMap((element) => [...(element.shadowRoot?.querySelectorAll(PANEL) ?? [])]);
    if (place.closest(WORDED)) continue;
    for (const picture of inside.length ? inside : [pictureAt(place)]) {
      const { width = 0, height = 0, top = 0, bottom = 0 } = picture?.getBoundingClientRect() ?? {};
      if (width * height > most && bottom > 0 && top < innerHeight) [main, most] = [picture, width * height];
    }
  }
  return main;
}

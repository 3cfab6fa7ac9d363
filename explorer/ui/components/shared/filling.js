// Filling: one picture fills the screen, and Escape gives the page back. The picture is the one under the pointer, else the
// one that has the focus.
const PICTURE = ".stVegaLiteChart, [data-testid^=stBidiComponent], .stImage";
const CARD = "[class*=st-key-card-], [class*=st-key-panels-], .stElementContainer";

function fill() {
  if (document.fullscreenElement) return document.exitFullscreen();
  const under = [...document.querySelectorAll(":hover")].at(-1);
  const place = [under, document.activeElement].map(pictureAt).find(Boolean);
  if (!place) return undefined;
  const { width, height } = place.getBoundingClientRect(), wide = place.offsetWidth; // in its own pixels, where it is enlarged
  place.classList.add("filled");
  const fit = () => {
    if (document.fullscreenElement !== place) return;
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
    if (document.fullscreenElement === place) fit();
    else leave();
  }, { signal: over.signal });
  window.addEventListener("resize", fit, { signal: over.signal });
  return place.requestFullscreen().catch(leave);
}

// The card of the picture at an element, or the picture's own place; null where there is none.
function pictureAt(element) {
  const card = element?.closest?.(CARD);
  if (!card || card.classList.contains("st-key-player")) return null;
  return card.matches(PICTURE) || card.querySelector(PICTURE) ? card : null;
}

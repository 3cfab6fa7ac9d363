"""The live map as a visitor sees it: the real server, a real browser on the same machine.

- *frames*: frames of another step that the map is given a second, and paintings of it, while a run trains; UMAP of
  100 contextual states, loaded before, on a task that needs no text.
- *scrubber*: from the press on the player bar's track until the map sets out for that step, and until it is at rest
  there, for steps whose frames have been computed before.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Locator, Page

from benchmarks.dashboard import leave, new_home, server, window
from benchmarks.figure import Figure, Figures

SPANS, SPAN, MOVES = 5, 3, 20
ADDRESS = "embeddings?preset=reverse&train.steps=1000000&optimizer.schedule=constant&map-of=states"
THERE = "([map, name, step]) => map.dataset[name] === step"


def figures() -> Figures:
    """All of them."""
    with new_home(), window(eye=False) as page, server() as address:
        page.goto(f"{address}/{ADDRESS}")
        found = page.locator(".point-map")
        found.get_by_text("radii").wait_for(timeout=300_000)  # UMAP is compiled, which a new home takes minutes for
        frames, paintings = counted(page, found)
        yield Figure("frames of the live map", "≥ 2", "/s", frames)
        yield Figure("paintings of the live map", None, "/s", paintings)
        page.locator(".player-bar .play").click()
        scrubs(page, found)  # every frame is computed once
        begun, rested = scrubs(page, found)
        yield Figure("scrubber moved → the map sets out for that step", "≤ 250", "ms", begun, 0.95)
        yield Figure("scrubber moved → that step's map at rest", None, "ms", rested, 0.95)
        leave(page)


def counted(page: Page, found: Locator) -> tuple[list[float], list[float]]:
    """Frames and paintings a second, in spans of some seconds."""
    counts = []
    for _ in range(SPANS + 1):
        counts.append(found.evaluate("map => [performance.now(), +map.dataset.frames, +map.dataset.painted]"))
        page.wait_for_timeout(1000 * SPAN)
    moments = np.array(counts)
    rates = 1000 * np.diff(moments[:, 1:], axis=0) / np.diff(moments[:, :1], axis=0)
    return rates[:, 0].tolist(), rates[:, 1].tolist()


def scrubs(page: Page, found: Locator) -> list[list[float]]:
    """Milliseconds from a press on the scrubber until the map sets out, and until it is at rest."""
    box = page.locator(".player-bar .track").bounding_box()
    handle = found.element_handle()
    assert box is not None
    page.evaluate("addEventListener('pointerdown', () => (window.pressed = performance.now()), true)")
    times: list[list[float]] = [[], []]
    for place in np.random.default_rng(0).uniform(0.05, 0.95, MOVES):
        page.mouse.click(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
        wanted = page.locator(".player-bar .where .step").inner_text().replace(",", "").lstrip("≈ ")
        for name, milliseconds in zip(("step", "shown"), times, strict=True):
            page.wait_for_function(THERE, arg=[handle, name, wanted], timeout=60_000)
            milliseconds.append(page.evaluate("performance.now() - pressed"))
        page.wait_for_timeout(100 + 250 * place)
    return times

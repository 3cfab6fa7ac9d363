"""The page of a race of eight contenders at 10⁵ steps, with made-up numbers and real weights, in a real browser.

The models are small, so that training is always ahead of the page, at 20 steps a second each, and leaves it a core.

- *opening*: from the start of the navigation to the frame with all contenders' losses and their places; each time
  in a new visit of a server that has shown the race before.
- *scrubber*: from the press on the scrubber to the frame whose curves are marked at that step; the race is paused.
- *update*: while the race trains on, from the browser's last asking to the frame with new places, and how many such
  frames there are a second.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

from benchmarks.dashboard import new_home, seen, server, wait_for, window
from benchmarks.figure import Figure, Figures
from benchmarks.long_run import CONFIG, fill
from explorer.config.optimizers import OPTIMIZERS
from explorer.runs import race

STEPS = 100_000
OPENINGS, MOVES = 6, 30
SPANS, SPAN = 5, 3  # of counting updates; seconds


def figures() -> Figures:
    """All of them, on the same eight files."""
    with new_home():
        small = CONFIG.replace({"model.width": 16, "train.batch": 4})
        configs = race.named([small.replace({"optimizer.name": name}) for name in OPTIMIZERS])
        paths = race.begin(configs, "race")
        for path, config in zip(paths, configs.values(), strict=True):
            fill(path, config, STEPS)
        with server() as address, window() as page:
            place = f"{address}/optimizers?run={paths[0].stem}"
            yield Figure("race of 8 at 10⁵ steps: opening → painted", None, "ms", openings(page, place)[1:])
            yield Figure("race of 8 at 10⁵ steps: scrubber → painted", "≤ 250", "ms", scrubs(page), 0.95)
            times, rates = updates(page)
            yield Figure("race of 8 at 10⁵ steps: update asked → painted", "≤ 250", "ms", times, 0.95)
            yield Figure("race of 8 at 10⁵ steps: updates of the places", None, "/s", rates)


def openings(page: Page, place: str) -> list[float]:
    """Milliseconds until the curves and the places are there."""
    times = []
    for _ in range(OPENINGS):
        page.goto("about:blank")
        page.goto(place)
        curves = wait_for(page, "raced")
        times.append(max(curves, wait_for(page, "standings", test="value?.split(' ').length === 8")))
    return times


def scrubs(page: Page) -> list[float]:
    """Milliseconds from a press on the scrubber to curves that are marked there."""
    page.wait_for_timeout(1500)
    box = page.locator(".player-bar .track").bounding_box()
    assert box is not None
    times = []
    for place in np.random.default_rng(0).uniform(0.05, 0.95, MOVES):
        before = page.evaluate("eye.length")
        page.mouse.click(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
        wanted = page.locator(".player-bar .where .step").inner_text().replace(",", "")
        painted = wait_for(page, "cursor", before, f"value === '{wanted}'")
        times.append(painted - next(ms for ms, sign, _ in reversed(seen(page)) if sign == "press"))
        page.wait_for_timeout(100 + 250 * place)  # at any moment of the page's rhythm
    return times


def updates(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from the last asking to new places, and how many times a second there are some, in training."""
    page.locator(".player-bar .play").click()
    page.wait_for_timeout(1000 * (SPAN * SPANS + 2))
    paints = seen(page)
    page.locator(".player-bar .play").click()
    begun = next(ms for ms, sign, _ in reversed(paints) if sign == "click") + 2000
    painted = [ms for ms, sign, _ in paints if sign == "standings" and ms > begun]
    requests = np.array([ms for ms, sign, _ in paints if sign == "ask"])
    edges = begun + 1000 * SPAN * np.arange(SPANS + 1)
    times = [ms - requests[requests < ms].max() for ms in painted]
    return times, (np.histogram(painted, edges)[0] / SPAN).tolist()

"""Pages as a visitor sees them: the real server, a real browser on the same machine, times from the eye.

- *start*: from starting the server process (its second start in a home) to the first Train button enabled.
- *first point*: from the click event on a preset card to the frame that has a loss line in it. Every click
  is made by a new visit that has looked at the cards for READING ms, with no other run training; the host
  has trained a run before.
- *aha*: from the click on play, of a reverse run opened at step 0, to the frame in which the share of right
  tokens has been 99 % once and a head's mirror line is as clear as the attention page asks for a name.
- *slider*, *scrubber*: from the key or press event to the frame that has the learning rate's event mark in the
  player bar, or that step's attention patterns, while the run trains.
- *updates*: new numbers, new loss lines and new attention patterns painted a second while a run trains.
"""

from __future__ import annotations

import time

import numpy as np
from playwright.sync_api import Page

from benchmarks.dashboard import leave, new_home, seen, server, wait_for, window
from benchmarks.figure import Figure, Figures
from explorer import Run, observe
from explorer.measure.attention import line
from explorer.measure.heads import CLEAR
from explorer.runs import catalogue

STARTS, CLICKS, SEEDS, MOVES = 3, 9, 5, 40
READING = 1500  # ms that a visitor looks at the cards
SPANS, SPAN = 5, 3  # of counting updates; seconds
LONG = "preset=reverse&train.steps=1000000&optimizer.schedule=constant"


def figures() -> Figures:
    """All of them, in one home."""
    with new_home(), window() as page:
        yield Figure("server start → Train button usable", "≤ 4", "s", starts(page))
        with server() as address:
            yield Figure("click on a card → first loss line painted", "≤ 0.5", "s", first_points(page, address))
            yield Figure("click → 99 % right and the anti-diagonal there", "≤ 5", "s", ahas(page, address))
            yield Figure("learning rate moved → marked on the page", "≤ 250", "ms", slides(page, address), 0.95)
            leave(page)
            yield Figure("scrubber moved → that step's heads painted", "≤ 250", "ms", scrubs(page, address), 0.95)
            leave(page)
            numbers, lines = updates(page, f"{address}/train", "nats", "loss")
            yield Figure("updates of the numbers on Train", "≥ 4", "/s", numbers)
            yield Figure("updates of the loss line on Train", None, "/s", lines)
            leave(page)
            (heads,) = updates(page, f"{address}/attention", "heads")
            yield Figure("updates of the heads on Attention", "≥ 4", "/s", heads)


def starts(page: Page) -> list[float]:
    """Seconds from the server's start to a usable page, after a first start that fills the caches."""
    times = []
    for _ in range(STARTS + 1):
        begun = time.perf_counter()
        with server() as address:
            page.goto(address)
            wait_for(page, "card")
            times.append(time.perf_counter() - begun)
            page.goto("about:blank")
    return times[1:]


def first_points(page: Page, address: str) -> list[float]:
    """Seconds from the click to the loss line; the first, on which the host warms up, is left out."""
    times = []
    for _ in range(CLICKS + 1):
        page.goto(address)
        wait_for(page, "card")
        page.wait_for_timeout(READING)
        page.locator(".st-key-train-reverse button").click()
        painted = wait_for(page, "loss")
        times.append((painted - last(page, "click")) / 1000)
        leave(page)
    return times[1:]


def ahas(page: Page, address: str) -> list[float]:
    """Seconds from play to 99 % and a clear mirror line, for each seed."""
    times = []
    for seed in range(1, SEEDS + 1):
        page.goto(f"{address}/train?preset=reverse&train.seed={seed}&paused=1")
        page.locator(".player-bar .play").click()
        wait_for(page, "right", test="value >= 99")
        page.wait_for_timeout(1500)
        told, clicked = seen(page), last(page, "click")
        leave(page)
        run = Run.open(catalogue.newest(1)[0])
        line_at = next((s for s in run.snapshot_steps if mirror(run, s) > CLEAR), np.inf)
        run.close()
        right = next(ms for ms, sign, value in told if sign == "right" and value and float(value) >= 99)
        there = [ms for ms, sign, value in told if sign == "step" and value and int(value) >= line_at]
        times.append((max(right, there[0] if there else np.inf) - clicked) / 1000)
    return times


def mirror(run: Run, step: int) -> float:
    """The clearest anti-diagonal of any head at a step: mean probability on it."""
    trace = observe(run.model_at(step), run.task.probe(), gradients=False, wanted=lambda n: n.endswith(".pattern"))
    lines = [line(pattern) for patterns in trace.values.values() for pattern in patterns[0]]
    return max((found.score for found in lines if found.kind == "mirror"), default=0.0)


def last(page: Page, sign: str) -> float:
    """The ms of a sign's newest entry."""
    return next(ms for ms, name, _ in reversed(seen(page)) if name == sign)


def slides(page: Page, address: str) -> list[float]:
    """Milliseconds from a key on the learning rate's slider to the mark of its event in the player bar."""
    page.goto(f"{address}/train?{LONG}")
    wait_for(page, "loss")
    thumb = page.locator('[class*="optimizer-lr"] input')
    times = []
    for move in range(MOVES):
        before = page.evaluate("eye.length")
        thumb.press("ArrowLeft" if move % 2 else "ArrowRight")
        value = page.locator('[class*="optimizer-lr"]').first.inner_text().split()[2]
        times.append(wait_for(page, "mark", before, f"value?.includes('lr {value},')") - last(page, "key"))
        page.wait_for_timeout(100 + 37 * move % 250)  # at any moment of the page's rhythm
    return times


def scrubs(page: Page, address: str) -> list[float]:
    """Milliseconds from a press on the scrubber to that step's patterns."""
    page.goto(f"{address}/attention?{LONG}")
    wait_for(page, "heads", test="value >= 200")
    box = page.locator(".player-bar .track").bounding_box()
    assert box is not None
    times, there = [], None
    for place in np.random.default_rng(0).uniform(0.05, 0.95, MOVES):
        before = page.evaluate("eye.length")
        page.mouse.click(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
        wanted = page.locator(".player-bar .where .step").inner_text().replace(",", "")
        if wanted != there:  # two presses may lead to one snapshot: then nothing has to be painted
            times.append(wait_for(page, "heads", before, f"value === '{wanted}'") - last(page, "press"))
        there = wanted
        page.wait_for_timeout(100 + 250 * place)
    return times


def updates(page: Page, address: str, *signs: str) -> list[list[float]]:
    """How many times a second each sign was painted anew, in spans of some seconds."""
    page.goto(f"{address}?{LONG}")
    for sign in signs:
        wait_for(page, sign)
    page.wait_for_timeout(2000)
    begun = page.evaluate("performance.now()")
    page.wait_for_timeout(1000 * SPAN * SPANS)
    told = seen(page)
    edges = begun + 1000 * SPAN * np.arange(SPANS + 1)
    return [(np.histogram([ms for ms, name, _ in told if name == sign], edges)[0] / SPAN).tolist() for sign in signs]

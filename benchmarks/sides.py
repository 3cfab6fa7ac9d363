"""Sides: the gestures of a visitor on our pages and on a bare Streamlit page, each timed by the eye.

Both servers run with the same settings; a training runs on the side only whose gesture is timed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.dashboard import leave, seen, server, wait_for
from explorer import RunConfig, observe
from explorer.training.loop import Training

READING = 1500  # ms that a visitor looks at a page before the first press
LONG = "preset=reverse&train.steps=1000000&optimizer.schedule=constant"
GRIDS = 40  # states of the heads that the bare page holds ready
BARE = "benchmarks/bare/app.py"


def last(page: Page, sign: str) -> float:
    """The ms of a sign's newest entry."""
    return next(ms for ms, name, _ in reversed(seen(page)) if name == sign)


def updates(page: Page, sign: str, seconds: float) -> float:
    """How many times a second a sign is painted anew."""
    begun = page.evaluate("performance.now()")
    page.wait_for_timeout(1000 * seconds)
    return sum(name == sign and begun <= ms < begun + 1000 * seconds for ms, name, _ in seen(page)) / seconds


def resting(move: int) -> float:
    """Milliseconds between two moves, so that they come at any moment of a page's rhythm."""
    return 100 + 37 * move % 250


@dataclass(eq=False)
class Ours:
    """The dashboard. address: of its server."""

    address: str = ""

    def server(self) -> AbstractContextManager[str]:
        return server()

    def usable(self, page: Page) -> None:
        page.goto(self.address)
        wait_for(page, "card")

    def first_line(self, page: Page) -> float:
        """Milliseconds from the click on a card to the loss line."""
        self.usable(page)
        page.wait_for_timeout(READING)
        page.locator(".st-key-train-reverse button").click()
        return wait_for(page, "loss") - last(page, "click")

    def train(self, page: Page, name: str) -> None:
        """A page with a training beside it that does not end."""
        page.goto(f"{self.address}/{name}?{LONG}")
        wait_for(page, "heads" if name == "attention" else "loss")

    def slide(self, page: Page, move: int) -> float:
        """Milliseconds from a key on the learning rate's slider to the mark of its event in the player bar."""
        before = page.evaluate("eye.length")
        page.locator('[class*="optimizer-lr"] input').press("ArrowLeft" if move % 2 else "ArrowRight")
        value = page.locator('[class*="optimizer-lr"]').first.inner_text().split()[2]
        return wait_for(page, "mark", before, f"value?.includes('lr {value},')") - last(page, "key")

    def scrub(self, page: Page, move: int) -> float:
        """Milliseconds from a press on the scrubber to that step's patterns."""
        box = page.locator(".player-bar .track").bounding_box()
        assert box is not None
        before = page.evaluate("eye.length")
        page.mouse.click(box["x"] + (0.05 + 0.9 * 0.618 * move % 0.9) * box["width"], box["y"] + box["height"] / 2)
        wanted = page.locator(".player-bar .where .step").inner_text().replace(",", "")
        return wait_for(page, "heads", before, f"value === '{wanted}'") - last(page, "press")

    def leave(self, page: Page) -> None:
        leave(page)


@dataclass(eq=False)
class Bare:
    """The bare page. grids: the file of patterns that its canvas shows."""

    grids: Path
    address: str = ""

    @contextmanager
    def server(self) -> Iterator[str]:
        if not self.grids.exists():
            np.save(self.grids, patterns())
        os.environ["BARE_GRIDS"] = str(self.grids)
        with server(script=BARE) as address:
            yield address

    def usable(self, page: Page) -> None:
        page.goto(self.address)
        wait_for(page, "bareTrain")

    def first_line(self, page: Page) -> float:
        self.usable(page)
        page.wait_for_timeout(READING)
        page.locator(".st-key-bare-train button").click()
        return wait_for(page, "bareLoss") - last(page, "click")

    def train(self, page: Page, name: str) -> None:
        self.usable(page)
        page.locator(".st-key-bare-train button").click()
        wait_for(page, "bareLoss")

    def slide(self, page: Page, move: int) -> float:
        before = page.evaluate("eye.length")
        thumb = page.locator(".st-key-bare-rate input")
        thumb.press("ArrowLeft" if move % 2 else "ArrowRight")
        return wait_for(page, "bareMark", before) - last(page, "key")

    def scrub(self, page: Page, move: int) -> float:
        before = page.evaluate("eye.length")
        page.locator(".st-key-bare-scrub input").press("ArrowLeft" if move >= GRIDS - 1 else "ArrowRight")
        return wait_for(page, "bareGrid", before) - last(page, "key")

    def leave(self, page: Page) -> None:
        """Ends the training."""
        page.locator(".st-key-bare-stop button").click()
        page.wait_for_timeout(500)
        page.goto("about:blank")


def patterns() -> np.ndarray:
    """The attention patterns of a training's first steps, each as the dashboard's message has them."""
    training = Training(RunConfig.preset("reverse"))
    probe, found = training.task.probe(), []
    for _ in range(GRIDS):
        next(training)
        trace = observe(training.model, probe, gradients=False, wanted=lambda name: name.endswith(".pattern"))
        found.append(np.concatenate([of_layer[0] for of_layer in trace.values.values()]))
    return np.stack(found)


def seconds(of: Ours | Bare, page: Page) -> float:
    """From starting a server to its usable page."""
    begun = time.perf_counter()
    with of.server() as of.address:
        of.usable(page)
        took = time.perf_counter() - begun
        page.goto("about:blank")
    return took

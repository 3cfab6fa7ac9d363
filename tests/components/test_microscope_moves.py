"""The map of gradients, moved by the feed between two runs of the page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.blank_page import BlankPage, given
from explorer.ui.components import microscope

pytestmark = pytest.mark.journey
MOMENT = {"run": "r", "step": 8, "live": True}


def message(newest: int, moment: dict[str, Any] | None, measured: int | None = None) -> bytes:
    """One row of gradients, up to a step. measured: how far they were measured, if not as far."""
    steps = np.arange(measured or newest, dtype=float)
    quantity = microscope.Quantity("gradient", "‖g‖", np.exp(steps / 9)[None])
    rows = [microscope.Row("w", "weights", "layer 1", "#4361d8")]
    return microscope.message(
        rows, steps, steps, [quantity], label="Gradients", newest=newest, cursor=None, height=300, moment=moment
    )


def newest(blank: BlankPage) -> int:
    return int(blank.page.evaluate("parent_.querySelector('.microscope').dataset.newest"))


def by_feed(blank: BlankPage, data: bytes) -> None:
    """What feed.js does with a message of the newest step."""
    blank.page.evaluate(
        """data => {
            Object.assign(explorerFeed, { run: "r", step: 12 });
            explorerFeed.takers.get("microscope")(opened(data));
        }""",
        given(data),
    )


def test_the_feed_moves_it_and_a_page_that_was_drawn_before_does_not_take_it_back(blank_page):
    blank = blank_page(900, 400)
    blank.open(microscope.SOURCE)
    blank.tell(message(8, MOMENT))
    by_feed(blank, message(12, MOMENT | {"step": 12}))
    assert newest(blank) == 12
    blank.tell(message(9, MOMENT | {"step": 9}))
    assert newest(blank) == 12
    blank.tell(message(13, MOMENT | {"step": 13}))
    assert newest(blank) == 13
    blank.tell(message(5, None))
    assert newest(blank) == 5, "what is computed comes with the page alone"
    assert not blank.page.evaluate("explorerFeed.takers.has('microscope')")
    blank.tell(message(14, MOMENT | {"step": 14}))
    blank.page.evaluate("host.remove(), end()")
    assert not blank.page.evaluate("explorerFeed.takers.has('microscope')")
    blank.page.evaluate("void Object.assign(explorerFeed, { run: null, step: -1 })")


INK = """() => {
    const canvas = parent_.querySelector("canvas:not(.over)");
    const { data, width } = canvas.getContext("2d").getImageData(0, 40, canvas.width, 1);
    const painted = Array.from({ length: width }, (_, x) => data[4 * x + 3] > 0);
    const from = Math.round(0.3 * width), to = Math.round(0.7 * width);
    return painted.slice(from, to).filter(Boolean).length / (to - from);
}"""  # which share of a row's middle is painted


def test_what_was_not_measured_yet_is_not_painted(blank_page):
    blank = blank_page(900, 400)
    blank.open(microscope.SOURCE)
    blank.tell(message(40, None))
    assert blank.page.evaluate(INK) > 0.9
    blank.tell(message(40, None, measured=4))
    assert blank.page.evaluate(INK) < 0.4

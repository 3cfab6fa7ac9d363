"""Sketch: a curve that a visitor draws by hand, with the pointer or the arrow keys, over evenly spaced places."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

PLACES = 21  # of a curve: its first and last lie on the edges

SOURCE = Source(
    "explorer_sketch",
    scripts=("palette.js", "axes.js", "plot.js", "sketch.js"),
    styles=("elements.css", "stage.css", "curves.css", "sketch.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Sketched:
    """A curve that is there: what the legend calls it, and its height at each place; none before it is drawn."""

    name: str
    color: str
    heights: Sequence[float] = ()


@dataclass(frozen=True)
class Paper:
    """What is drawn on. across: what the other axis counts, from 0 to `far`; heights go from 0 to `high`.

    text: what a screen reader says.   unit: of the heights.
    """

    title: str
    text: str
    unit: str
    high: float
    across: str
    far: float
    height: int = 260


def message(paper: Paper, sketched: Sketched, others: Sequence[Sketched] = (), projector: bool = False) -> bytes:
    """What the canvas draws: the curve to be drawn, and others that only stand there."""
    header = {"own": asdict(sketched), "others": [asdict(other) for other in others]}
    return pack({"look": asdict(paper) | {"projector": projector}, "places": PLACES} | header, [])


def checked(heights: Any, high: float) -> list[float]:
    """Heights as a browser sent them, from 0 to `high`. ValueError where they are none."""
    if not isinstance(heights, list) or len(heights) != PLACES:
        raise ValueError(f"a drawn curve has {PLACES} heights; draw it again")
    if not all(isinstance(height, int | float) and math.isfinite(height) for height in heights):
        raise ValueError("a drawn curve has a height that is no number; draw it again")
    return [min(max(float(height), 0.0), high) for height in heights]


def sketch(data: bytes, *, high: float, key: str, on_drawn: Callable[[list[float]], None]) -> None:
    """Draws a message. `on_drawn` is called with the heights when a stroke is done, before the page runs."""

    def deliver() -> None:
        heights = st.session_state[key]["drawn"]
        if heights is not None:
            on_drawn(checked(heights, high))

    mount(key=key, data=data, on_drawn_change=deliver)

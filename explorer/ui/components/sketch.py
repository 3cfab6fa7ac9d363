"""Sketch: a curve that a visitor draws by hand, with the pointer or the arrow keys, over evenly spaced places."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
PLACES = 21  # of a curve: its first and last lie on the edges
SCRIPTS = ("palette.js", "elements.js", "axes.js", "plot.js", "sketch.js")

mount = st.components.v2.component(
    "explorer_sketch",
    css="\n".join(
        (HERE / name).read_text("utf-8") for name in ("elements.css", "stage.css", "curves.css", "sketch.css")
    ),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


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


def message(paper: Paper, own: Sketched, others: Sequence[Sketched] = (), projector: bool = False) -> bytes:
    """What the canvas draws: the curve to be drawn, and others that only stand there."""
    told = {"own": asdict(own), "others": [asdict(other) for other in others]}
    return pack({"look": asdict(paper) | {"projector": projector}, "places": PLACES} | told, [])


def checked(heights: Any, high: float) -> list[float]:
    """Heights as a browser sent them, from 0 to `high`. ValueError where they are none."""
    if not isinstance(heights, list) or len(heights) != PLACES:
        raise ValueError(f"a drawn curve has {PLACES} heights; draw it again")
    if not all(isinstance(height, int | float) and math.isfinite(height) for height in heights):
        raise ValueError("a drawn curve has a height that is no number; draw it again")
    return [min(max(float(height), 0.0), high) for height in heights]


def sketch(told: bytes, *, high: float, key: str, on_drawn: Callable[[list[float]], None]) -> None:
    """Draws a message. `on_drawn` is called with the heights when a stroke is done, before the page runs."""

    def deliver() -> None:
        heights = st.session_state[key]["drawn"]
        if heights is not None:
            on_drawn(checked(heights, high))

    mount(key=key, data=told, on_drawn_change=deliver)

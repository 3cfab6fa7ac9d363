"""A custom axis from one point to another: where all others fall along it. N points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import embeddings as charts
from explorer.measure import projection
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.embeddings.captions import named
from explorer.ui.embeddings.choice import Choice
from explorer.ui.embeddings.live import width_of
from explorer.ui.frame import cards
from explorer.ui.steered import hold, steered
from explorer.ui.view import View

EVERY = 1.0  # seconds between two drawings while training
COMPUTED = r"""
Each point's coordinate along the unit vector from point $a$ to point $b$ in the original space, on a scale where
$a$ is 0 and $b$ is 1:

$$t_i = \frac{(x_i - x_a)\cdot(x_b - x_a)}{\lVert x_b - x_a\rVert^2}$$

The variance along it is that of $x\cdot u$ with $u$ the unit vector, divided by the total variance of the points; a
direction chosen at random has $1/C$ of it on average.
"""


def show(view: View, choice: Choice, answer: Answer, chosen: list[int]) -> None:
    """Two points to choose, and the strip between and beyond them."""
    plain = answer[0]
    count = len(plain["labels"])
    if count < 2:
        st.caption("An axis needs two points.")
        return
    with cards("axis", 1)[0]:
        a, b = ends(plain["labels"], plain["notes"], chosen)
        if a == b:
            st.caption("An axis needs two different points.")
            return
        found = view.picture("embeddings.axis", EVERY, lane="maps", start=a, end=b, **choice.points)
        if found is None:
            return
        along = relative(found[1]["along"], a, b)
        if not np.isfinite(along).all():
            st.caption(f"At step {found[0]['step']} both points are at the same place, or not finite.")
            return
        table = charts.strip_frame(along, plain["labels"], a, b)
        picture.show(charts.strip, table, "axis")
        picture.look_for("axis", sentence(plain, found, along, a, b, width_of(view, choice)))
    picture.computed(COMPUTED, projection.along)


def ends(labels: list[str], notes: list[str], chosen: list[int]) -> tuple[int, int]:
    """The two points of the axis: those chosen on the map, unless others are picked here."""
    state, count = st.session_state, len(labels)
    if len(chosen) == 2 and state.get("axis-chosen") != chosen:
        state["axis-from"], state["axis-to"] = chosen
        state["axis-chosen"] = list(chosen)
    for held, first in (("axis-from", 0), ("axis-to", 1)):
        if not 0 <= state.setdefault(held, first) < count:
            state[held] = first

    def name(i: int) -> str:
        return f"{labels[i]} {notes[i]}".strip()

    with st.container(horizontal=True, vertical_alignment="bottom"):
        a, b = (choice(label, held, count, name) for label, held in (("From", "axis-from"), ("To", "axis-to")))
        st.caption("or choose two points on the map, the second with Shift")
    return a, b


def choice(label: str, held: str, count: int, name: Callable[[int], str]) -> int:
    """A list of the points, at the one that is held."""
    at = st.session_state[held]
    key = steered(held, at)
    return st.selectbox(label, range(count), at, format_func=name, key=key, on_change=hold, args=(held, key), width=200)


def relative(coordinates: np.ndarray, a: int, b: int) -> np.ndarray:
    """Coordinates (N,) on the scale where a is 0 and b is 1; NaN where they are one place."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (coordinates - coordinates[a]) / (coordinates[b] - coordinates[a])


def sentence(plain: dict[str, Any], found: Answer, along: np.ndarray, a: int, b: int, width: int) -> str:
    """How much the axis explains, and who lies nearest to its two ends."""
    share, chance = found[0]["share"], 1 / width
    others = [i for i in range(len(along)) if i not in (a, b)]
    said = (
        f"at step {found[0]['step']} this direction holds {share:.1%} of the points’ variance, "
        f"a random one {chance:.1%} on average"
    )
    if not others:
        return f"{said}."
    near_a = min(others, key=lambda i: abs(along[i]))
    near_b = min(others, key=lambda i: abs(along[i] - 1))
    between = sum(0 < along[i] < 1 for i in others)
    return (
        f"{said}; along it {named(plain, near_a)} falls nearest to {named(plain, a)} and {named(plain, near_b)} "
        f"nearest to {named(plain, b)}; {between} of {len(others)} others lie between the two."
    )

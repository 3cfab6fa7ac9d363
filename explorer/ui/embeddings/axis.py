"""A custom axis from one point to another: where all others fall along it. N points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from explorer.answers.records.embeddings import PointAxis, PointMap
from explorer.charts import embeddings as charts
from explorer.measure import projection
from explorer.measure.names import finite, lost, percent
from explorer.ui import foreign, held, picture, visit
from explorer.ui.frame import cards
from explorer.ui.parts.map_captions import label, labels, named, note
from explorer.ui.parts.map_choice import Choice
from explorer.ui.parts.moving_map import points, width_of
from explorer.ui.parts.steered import hold, steered
from explorer.ui.view import View

EVERY = 1.0  # seconds between two drawings while training
COMPUTED = r"""
Each point's coordinate along the unit vector from point $a$ to point $b$ in the original space, on a scale where
$a$ is 0 and $b$ is 1:

$$t_i = \frac{(x_i - x_a)\cdot(x_b - x_a)}{\lVert x_b - x_a\rVert^2}$$

The variance along it is that of $x\cdot u$ with $u$ the unit vector, divided by the total variance of the points; a
direction chosen at random has $1/C$ of it on average.
"""


@dataclass
class Axis:
    """From which point to which the axis goes. chosen: on the map, when it last went from there."""

    axis_from: int = 0
    axis_to: int = 1
    chosen: list[int] = field(default_factory=list)


def show(view: View, choice: Choice) -> None:
    """Two points to choose, and the strip between and beyond them."""
    if (pair := points(view, choice)) is None:
        return
    answer, chosen = pair
    if len(answer.labels) < 2:
        st.caption("An axis needs two points.")
        return
    with cards("axis", 1)[0]:
        a, b = ends(answer, chosen)
        if a == b:
            st.caption("An axis needs two different points.")
            return
        falls = view.picture(PointAxis, EVERY, lane="maps", start=a, end=b, **choice.points)
        if falls is None:
            return
        along = relative(falls.along, a, b)
        if not np.isfinite(along).all():
            st.caption(f"At step {falls.step:,} both points are at the same place, or not finite.")
            return
        table = charts.strip_frame(along, labels(answer), a, b)
        picture.show(charts.strip, table, "axis")
        picture.look_for("axis", sentence(answer, falls, along, a, b, width_of(view, choice)))
    picture.computed(COMPUTED, projection.along)


def ends(answer: PointMap, chosen: list[int]) -> tuple[int, int]:
    """The two points of the axis: those chosen on the map, unless others are picked here."""
    axis, count = visit.kept(Axis), len(answer.labels)
    held.holds("axis-from", axis, "axis_from", held.whole, 0)
    held.holds("axis-to", axis, "axis_to", held.whole, 1)
    if len(chosen) == 2 and axis.chosen != chosen:
        axis.axis_from, axis.axis_to = axis.chosen = list(chosen)
    if max(axis.axis_from, axis.axis_to) >= count:  # of another map
        axis.axis_from, axis.axis_to = 0, 1

    def name(i: int) -> str:
        return f"{label(answer, i)} {note(answer, i)}".strip()

    with st.container(horizontal=True, vertical_alignment="bottom"):
        a, b = (choice(end, axis, held, count, name) for end, held in (("From", "axis_from"), ("To", "axis_to")))
        st.caption("or choose two points on the map, the second with Shift")
    return a, b


def choice(end: str, axis: Axis, held: str, count: int, name: Callable[[int], str]) -> int:
    """A list of the points, at the one that is held."""
    at = getattr(axis, held)
    key = steered(held, at)
    given = (axis, held, key)
    words = [f"{foreign.WORD_JOINER}{name(i)}" for i in range(count)]  # tokens, which no language translates
    return st.selectbox(
        end, range(count), at, format_func=words.__getitem__, key=key, on_change=hold, args=given, width=200
    )


def relative(coordinates: np.ndarray, a: int, b: int) -> np.ndarray:
    """Coordinates (N,) on the scale where a is 0 and b is 1; NaN where they are one place."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (coordinates - coordinates[a]) / (coordinates[b] - coordinates[a])


def sentence(answer: PointMap, axis: PointAxis, along: np.ndarray, a: int, b: int, width: int) -> str:
    """How much the axis explains, and who lies nearest to its two ends."""
    share, chance = axis.share, 1 / width
    if not finite(share, along):
        return lost("some of these points", axis.step, plural=True)
    others = [i for i in range(len(along)) if i not in (a, b)]
    words = (
        f"this direction holds {percent(share, 1)} of the points’ variance, "
        f"a random one {percent(chance, 1)} on average"
    )
    if not others:
        return f"{words}."
    near_a = min(others, key=lambda i: abs(along[i]))
    near_b = min(others, key=lambda i: abs(along[i] - 1))
    return (
        f"{words}. Along it {named(answer, near_a)} falls nearest to {named(answer, a)} and {named(answer, near_b)} "
        f"nearest to {named(answer, b)}."
    )

"""Waves: the sinusoid one wave at a time, and what all waves up to it make of distance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import positions as charts
from explorer.config.encodings import ENCODINGS
from explorer.measure import positions as measure
from explorer.measure.names import fixed, number, percent
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.positions import common
from explorer.ui.positions.encodings import BASE, BASES, LENGTHS, WIDTHS, knob
from explorer.ui.view import View

WAVES = next(kind for kind, made in ENCODINGS.items() if made.waves and made.acts == "table")
FINE = 8  # points of the curve from one position to the next
MOST_POINTS = 1024
COMPUTED = (
    r"Wave $i$ is the pair of channels $2i$ and $2i + 1$: $\sin(t\,\theta_i)$ and $\cos(t\,\theta_i)$ with "
    r"$\theta_i = b^{-2i/C}$ (Vaswani et al. 2017, §3.5), shown without the factor $0.02\sqrt 2$ that the model scales "
    r"them by. It comes round every $2\pi/\theta_i$ positions. By $\sin\alpha\sin\beta + \cos\alpha\cos\beta = "
    r"\cos(\alpha - \beta)$ the product of two positions in wave $i$ is $\cos(d\,\theta_i)$ at distance $d$; the mean "
    r"over waves is the cosine between the two rows. A fast wave tells neighbours apart and soon repeats; a slow one "
    "tells near from far and hardly sees a single step. Together they do both."
)


def show(view: View | None) -> None:
    """The wave that is chosen, and the similarity by distance of all waves up to it."""
    length, width, base = sizes(view)
    pairs = width // 2
    i = st.slider(
        "Wave", 0, pairs - 1, min(4, pairs - 1), key=f"wave-{pairs}", bind="query-params", help="the fastest is wave 0"
    )
    turns = measure.turns(length, width, base)
    theta = turns[1]
    st.markdown(formula(i, float(theta[i]), base, width))
    left, right = cards("waves", 1, 1)
    with left:
        picture.show(charts.wave, charts.frame(one(theta[i], length)), "wave")
        picture.look_for("wave", wave_sentence(i, float(theta[i]), length))
    with right:
        table = charts.frame(together(turns, i))
        picture.show(charts.sum_of_waves, table, "sum-of-waves")
        picture.look_for("sum-of-waves", sum_sentence(turns, i))
    picture.computed(COMPUTED, measure.turns, measure.waves)


def adds_waves(view: View) -> bool:
    """Whether the run adds a table of waves to its embeddings."""
    encoding = ENCODINGS[view.config.model.positions]
    return encoding.waves and encoding.acts == "table"


def sizes(view: View | None) -> tuple[int, int, int]:
    """Positions, channels and base: a sinusoidal run's own, else what the knobs say."""
    if view is not None and adds_waves(view):
        model = view.config.model
        st.caption(f"This run’s own waves: {model.context} positions, {model.width} channels, base {BASE:,}.")
        return model.context, model.width, BASE
    with st.container(horizontal=True, key="wave-knobs"):
        length = knob("Positions", LENGTHS, 64)
        width = knob("Channels", WIDTHS, 64, "sinusoidal")
        base = knob("Base of the wavelengths", BASES, BASE, "sinusoidal")
    return length, width, base


def formula(i: int, theta: float, base: int, width: int) -> str:
    """The wave's formula with its numbers."""
    return (
        rf"$$\theta_{{{i}}} = {base:,}^{{-{2 * i}/{width}}} = {theta:.4g}, \qquad p_{{t,{2 * i}}} = "
        rf"\sin({theta:.4g}\,t), \quad p_{{t,{2 * i + 1}}} = \cos({theta:.4g}\,t), \qquad "
        rf"T_{{{i}}} = 2\pi/\theta_{{{i}}} = {2 * math.pi / theta:.4g}$$"
    )


def one(theta: float, length: int) -> list[list[dict[str, Any]]]:
    """The wave as curves, and dots where the positions are."""
    fine = np.linspace(0, length - 1, min(MOST_POINTS, FINE * length))
    whole = np.arange(length, dtype=float)
    lines = []
    for name, color, of in (("sine", charts.SINE, np.sin), ("cosine", charts.COSINE, np.cos)):
        lines += [
            charts.line(fine, of(fine * theta), name, color),
            charts.line(whole, of(whole * theta), name, color, kind="dot"),
        ]
    return lines


def together(turns: np.ndarray, i: int) -> list[list[dict[str, Any]]]:
    """Similarity by distance of the waves up to i, and of all of them."""
    x = np.arange(len(turns), dtype=float)
    up_to, every = (measure.along(measure.waves(part))["mean"] for part in (turns[:, : i + 1], turns))
    return [
        charts.line(x, up_to, f"waves 0 to {i}", common.color(WAVES)),
        charts.line(x, every, f"all {turns.shape[1]}", charts.SINE, kind="faint"),
    ]


def wave_sentence(i: int, theta: float, length: int) -> str:
    """How often the wave comes round in what is drawn, and what one step of it is worth."""
    apart, step = 2 * math.pi / theta, math.cos(theta)
    rounds = (length - 1) / apart
    if rounds >= 1:
        return (
            f"wave {i} comes round {number(rounds, 3)} times here. Positions {number(apart, 3)} apart are the same to "
            f"it, while neighbours have a cosine of {fixed(step, 3)}."
        )
    return (
        f"wave {i} makes {percent(rounds, 1)} of a round here, so it never takes two positions for the same. It hardly "
        f"tells neighbours apart (cosine {fixed(step, 6)})."
    )


def sum_sentence(turns: np.ndarray, i: int) -> str:
    """Which distance looks most like none at all to the waves so far, and to all of them."""
    up_to, every = (measure.along(measure.waves(part))["mean"] for part in (turns[:, : i + 1], turns))
    (at, so_far), (of_all, _) = echo(up_to), echo(every)
    if at == 0:
        return (
            "to the waves so far two positions are less alike the further apart they stand, here down to "
            f"{fixed(so_far, 3)}."
        )
    last = (
        f"all waves together take {of_all} for it" if of_all else "to all waves together no distance looks like another"
    )
    return (
        f"to the waves so far a distance of {at} looks most like none at all, once their cosine has first fallen; "
        f"{last}."
    )


def echo(similarity: np.ndarray) -> tuple[int, float]:
    """The distance most like 0 after the first dip, and its cosine; 0 and the last cosine where it only falls."""
    rising = np.flatnonzero(np.diff(similarity) > 0)
    if not len(rising):
        return 0, float(similarity[-1])
    at = int(rising[0]) + int(np.argmax(similarity[rising[0] :]))
    return at, float(similarity[at])

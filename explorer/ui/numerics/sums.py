"""Adding: what becomes of small numbers beside large ones, and what compensation saves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.numerics import OnePlus, Sums
from explorer.charts import numerics as charts
from explorer.measure.names import number, percent
from explorer.ui import picture
from explorer.ui.asking import at_once
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS
from explorer.ui.view import View

COMPUTED = (
    r"**One after another**: $s \leftarrow s + a$, each addition rounded to the format. **Compensated** (Kahan 1965): "
    r"$y = a - c$, $t = s + y$, $c \leftarrow (t - s) - y$, $s \leftarrow t$, the same format throughout: $c$ is what "
    "the last addition lost. The exact sum is of the same rounded numbers, in float64. Additions one by one in torch; "
    "`tensor.sum()` of 16-bit numbers keeps float32 inside, and optimizers keep float32 weights, for this reason "
    "(Micikevicius et al. 2018, §3.1)."
)


def show(view: View | None) -> None:
    """The long sum, and 1 + ε."""
    del view  # sums are sums, with or without a run
    left, right = cards("sums", 1.2, 1)
    with left:
        with st.container(horizontal=True):
            start = st.segmented_control(
                "Start at", [0, 1, 100], default=0, required=True, key="sum-start", bind="query-params"
            )
            addend = st.segmented_control(
                "and add",
                [1.0, 0.1, 0.01, 0.001, 0.0001],
                default=0.1,
                required=True,
                key="sum-addend",
                bind="query-params",
            )
        answer = at_once(Sums, start=float(start), addend=addend)
        lines = [
            charts.line(answer.counts, totals[name], name, way)
            for name in FORMATS
            for way, totals in (("plain", answer.plain), ("stable", answer.compensated))
        ]
        picture.show(charts.sums, charts.lines_frame(*lines), "sums")
        picture.look_for("sums", sum_sentence(start, addend, answer))
    with right:
        one_plus = at_once(OnePlus)
        lines = [charts.line(one_plus.epsilon, one_plus.kept[name], name) for name in FORMATS]
        picture.show(charts.one_plus, charts.lines_frame(*lines), "one-plus")
        picture.look_for("one-plus", lost_sentence(one_plus))
    picture.computed(COMPUTED)


def sum_sentence(start: float, addend: float, answer: Sums) -> str:
    """How far each format came."""
    plain = {name: answer.plain[name][-1] - 1 for name in FORMATS}
    worst = max(FORMATS, key=lambda name: abs(plain[name]))
    off = max(abs(answer.compensated[name][-1] - 1) for name in FORMATS)
    compensated = f"within {percent(off)}" if off else "exact"
    return (
        f"{start:g} + {addend:g} + {addend:g} + …, one after another, is furthest off in {worst}: by "
        f"{percent(plain[worst])}. Compensated all three are {compensated}."
    )


def lost_sentence(answer: OnePlus) -> str:
    """From which ε on 1 + ε is 1."""
    gone = {name: answer.epsilon[int(np.argmax(answer.kept[name] == 0))] for name in FORMATS}
    first, last = max(gone, key=gone.__getitem__), min(gone, key=gone.__getitem__)
    return (
        f"half of eps, and less, is rounded away: from ε = {number(gone[first], 2)} on downwards in {first}, from "
        f"{number(gone[last], 2)} in {last}."
    )

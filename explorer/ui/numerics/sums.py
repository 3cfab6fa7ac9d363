"""Adding: what becomes of small numbers beside large ones, and what compensation saves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts import numerics as charts
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.numerics.answers import FORMATS, listed, worked_out
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
            start = st.segmented_control("Start at", [0, 1, 100], default=0, required=True, key="sum-start")
            addend = st.segmented_control(
                "and add", [1.0, 0.1, 0.01, 0.001, 0.0001], default=0.1, required=True, key="sum-addend"
            )
        _, arrays = worked_out("adding", start=float(start), addend=addend)
        lines = [
            charts.line(arrays["counts"], arrays[f"{name} {way}"], name, drawn)
            for name in FORMATS
            for way, drawn in (("plain", "plain"), ("compensated", "stable"))
        ]
        picture.show(charts.sums, charts.lines_frame(*lines), "sums")
        picture.look_for("sums", sum_sentence(start, addend, arrays))
    with right:
        _, kept = worked_out("one_plus")
        lines = [charts.line(kept["epsilon"], kept[name], name) for name in FORMATS]
        picture.show(charts.one_plus, charts.lines_frame(*lines), "one-plus")
        picture.look_for("one-plus", lost_sentence(kept))
    picture.computed(COMPUTED)


def sum_sentence(start: float, addend: float, arrays: dict[str, np.ndarray]) -> str:
    """How far each format came."""
    ends = {way: [arrays[f"{name} {way}"][-1] for name in FORMATS] for way in ("plain", "compensated")}
    plain = [f"{charts.told(100 * (end - 1), 2)} % in {name}" for name, end in zip(FORMATS, ends["plain"], strict=True)]
    off = max(abs(end - 1) for end in ends["compensated"])
    compensated = f"within {charts.told(100 * off, 2)} %" if off else "exact"
    return (
        f"{start:g} + {addend:g} + {addend:g} + …, {arrays['counts'][-1]:,.0f} times, one after another is off by "
        f"{listed(plain)}; compensated all three are {compensated}."
    )


def lost_sentence(kept: dict[str, np.ndarray]) -> str:
    """From which ε on 1 + ε is 1."""
    gone = [f"{kept['epsilon'][int(np.argmax(kept[name] == 0))]:.2g} in {name}" for name in FORMATS]
    return f"1 + ε is exactly 1 from ε = {listed(gone)} on downwards: half of eps, and less, is rounded away."

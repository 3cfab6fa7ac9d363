"""The proof of one row of the triangle: finite differences in float64 beside backpropagation."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import TimeProof
from explorer.measure.names import finite, lost, number, plural
from explorer.ui import visit
from explorer.ui.pressing import pressed
from explorer.ui.view import View

ENOUGH = 100  # times what rounding does, so that a difference says something of a gradient
LIMIT = 1e-5  # relative error
GROWN = 10  # times: a gradient that is so much longer further back grows on its way
ROUNDING = {"float32": 1e-3, "bfloat16": 0.2}  # of the model's own arithmetic, of the longest gradient of the row


def prove(view: View, arguments: dict[str, Any]) -> None:
    """The button, and how the proof came out at the step where it was arguments for."""
    place = ("time", view.run.id, *sorted(arguments.items()))
    with st.container(horizontal=True, vertical_alignment="center"):
        if pressed(st.button, "Prove this row", "prove-time", icon=":material/verified:"):
            visit.state().proofs[place] = view.step
        step = visit.state().proofs.get(place)
        if step is None:
            st.caption("moves each state a little both ways in float64 and compares with backpropagation")
            return
        answer = view.at(step, "time-proof").picture(TimeProof, lane="slow", **arguments)
        if answer is not None:
            st.markdown(verdict(answer))


def verdict(answer: TimeProof) -> str:
    """How the proof came out, in a sentence."""
    if not finite(answer.exact, answer.along, answer.shown):
        return f":red[:material/error:] {lost('the gradient', answer.step).capitalize()}"
    large = answer.exact > ENOUGH * answer.grain
    apart = np.maximum(np.abs(answer.along - answer.exact), np.abs(answer.aside - answer.expected))
    fits = bool((apart <= LIMIT * answer.exact + ENOUGH * answer.grain).all())
    own = float(np.abs(answer.shown - answer.exact).max() / max(answer.exact.max(), 1e-300))
    proved, rounded = fits and answer.summed <= LIMIT, own <= ROUNDING[answer.precision]
    grows = bool(answer.h.min() * GROWN <= answer.h.max())
    mark = ":red[:material/error:]"
    if proved and (rounded or grows):
        mark = ":green[:material/check_circle:]" if rounded else ":orange[:material/warning:]"
    error = float((apart[large] / answer.exact[large]).max()) if large.any() else 0.0
    small = int((~large).sum())
    words = f"largest relative error **{number(error, 2)}**" if large.any() else "no gradient large enough to compare"
    below = (
        f" {small} of the {len(large)} are under {number(ENOUGH * answer.grain[~large].max(), 2)}, where rounding of "
        "the loss hides a difference; those agree to that."
        if small and fits
        else ""
    )
    also = (
        " Where a gradient grows on its way, what is rounded on the way grows with it."
        if proved and not rounded and grows
        else ""
    )
    least, most = number(answer.h.min(), 2), number(answer.h.max(), 2)
    h = least if least == most else f"{least} to {most}, as much smaller as the gradient has grown,"
    return (
        f"{mark} Step {answer.step:,}, prediction at {answer.position}, {len(large)} state{plural(len(large))}, "
        f"central differences with h = {h} along each gradient and aside of it: {words}.{below} The triangle, in "
        f"{answer.precision}, is within {number(own, 2)} of float64; the sum over all predictions is autograd’s "
        f"gradient of the whole loss within {number(answer.summed, 2)}.{also}"
    )

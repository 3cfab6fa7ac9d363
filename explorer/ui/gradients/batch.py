"""Which batch: the examples that one step was trained on, by loss, and how much of the gradient each gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.answers.records.instruments import Measurement
from explorer.charts import progress
from explorer.measure.names import finite, lost, number, percent, plural
from explorer.processes.client import Lane
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EVERY = 1.5  # seconds between two looks at a growing run
POINTS = 300  # of the curve
SHOWN = 6  # examples in sight; the others are in the fold
BEFORE = 32  # steps whose median a spike is measured from
COST, QUICK = 4, 0.15  # training steps that a measurement takes, about; seconds above which it waits in the slow lane
COMPUTED = r"""
$g_i$ is the gradient of example $i$ (`torch.func.vmap` of `grad`) of its loss as it counts in the batch's mean, so
that $g = \frac{1}{B}\sum_i g_i$ is the gradient that the step was trained with, before clipping. What example $i$
gives of its length is $\frac{1}{B}\, g_i \cdot g / \lVert g\rVert^2$: these sum to 1, and one below 0 pulls the other
way. An example's own length $\lVert g_i \rVert / (B \lVert g\rVert)$ is how far it would move the mean by itself. A
**spike** is where the loss stands highest above the median of the 32 steps before it.
"""


def show(view: View) -> None:
    """The loss over steps, a click on which chooses a batch; and the examples of that batch."""
    spike = largest_spike(view.run.steps["loss"])
    with cards("batch", 1)[0]:
        panel = replace(progress.loss_panel(view.about.unit, view.about.answer), height=170)
        curve = progress.parts(view.run.curve(POINTS), "loss", events=view.events, cursor=view.cursor)
        picture.curves(panel, curve, "batch-loss")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Click on the curve: below is the batch of that step.")
            if spike is not None:
                label = f"Largest spike: step {spike:,}"
                st.button(label, key="largest-spike", icon=":material/bolt:", on_click=picture.go, args=(spike,))
    lane: Lane = "slow" if COST / (view.run.speed() or np.inf) > QUICK else "quick"
    with cards("batch-examples", 1)[0]:
        measured = view.picture(Measurement, EVERY, lane=lane, which=())
        if measured is not None:
            examples(view, measured)
    picture.computed(COMPUTED, title="How much of the gradient each example gives")


def examples(view: View, measured: Measurement) -> None:
    """The examples with the highest loss, and all others in the fold."""
    without = ", without dropout" if measured.dropout else ""
    trained = view.run.step_row(measured.step)
    st.markdown(
        f"**The batch of step {measured.step:,}** · {len(measured.texts)} "
        f"example{plural(len(measured.texts))}, by loss{without}"
    )
    order = np.argsort(-measured.losses, kind="stable")
    st.html(rows(measured, order[:SHOWN]))
    picture.look_for("batch", sentence(measured, None if trained is None else trained["grad_norm"]))
    if len(order) > SHOWN:
        picture.details(lambda: st.html(rows(measured, order[SHOWN:])))


def shares(measured: Measurement) -> np.ndarray:
    """What each example gives of the gradient's length, (B,); together 1."""
    return measured.along / len(measured.along)


def rows(measured: Measurement, order: np.ndarray) -> str:
    """A table of these examples."""
    given, B = shares(measured), len(measured.along)
    lengths = np.hypot(measured.along, measured.across) / B
    lines = [
        (
            measured.texts[i],
            float(measured.losses[i]),
            percent(float(given[i]), 1) if np.isfinite(given[i]) else float(given[i]),
            percent(float(lengths[i]), 1) if np.isfinite(lengths[i]) else float(lengths[i]),
        )
        for i in order
    ]
    return table(("reads → says", "loss, nats", "gives of ‖g‖", "its own length / ‖g‖"), lines, foreign=(0,))


def sentence(measured: Measurement, norm: float | None) -> str:
    """How much of the gradient the examples with the highest loss give. norm: that the step was trained with."""
    given, B = shares(measured), len(measured.along)
    if not np.isfinite(given).all() or not np.isfinite(measured.losses).all():
        return lost("the gradients", measured.step, plural=True)
    order = np.argsort(-measured.losses, kind="stable")
    few = order[: max(1, B // 10)]
    words = (
        f"the mean loss is {number(float(measured.losses.mean()))} nats, the highest "
        f"{number(float(measured.losses[order[0]]))}. "
    )
    if B == 1:
        words += "One example gives the whole gradient. "
    else:
        who, part = f"The {len(few):,} examples" if len(few) > 1 else "The example", percent(float(given[few].sum()))
        words += (
            f"{who} with the highest loss, {percent(len(few) / B)} of the batch, "
            f"{'give' if len(few) > 1 else 'gives'} {part} of ‖g‖. "
        )
    if norm is None:
        return f"{words}This step is not trained yet."
    if not finite(norm):
        return lost("the gradient’s norm", measured.step)
    if measured.dropout:
        return f"{words}The step was trained with dropout, with ‖g‖ = {number(norm)}."
    return f"{words}‖g‖ is {number(measured.length)} here, and {number(norm)} when the step was trained."


def largest_spike(losses: np.ndarray) -> int | None:
    """The step whose loss stands highest above the median of those before it; None where none stands above."""
    losses = np.asarray(losses, dtype=np.float64)
    if len(losses) <= BEFORE:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(losses, BEFORE)[:-1]
    above = losses[BEFORE:] - np.median(windows, axis=1)
    above = np.where(np.isfinite(above), above, -np.inf)
    best = int(above.argmax())
    return best + BEFORE if above[best] > 0 else None

"""Instruments: what the gradients of single samples tell of a step, and the curvature on demand.

Measured on recorded batches at recorded weights, in a process of their own: the training knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.instruments import InstrumentHistory, Measurement
from explorer.charts import instruments as charts
from explorer.charts.timeline import Guide
from explorer.measure import instruments as measure
from explorer.measure.names import fixed
from explorer.processes.client import Lane
from explorer.ui import picture, visit
from explorer.ui.frame import cards
from explorer.ui.gradients import curvature
from explorer.ui.gradients.findings import (
    WINDOW,
    noise_sentence,
    quality_sentence,
    samples_sentence,
    tests_sentence,
    to_noise_sentence,
)
from explorer.ui.view import View
from explorer.ui.visit import Last

EVERY = {"measure": 1.5, "history": 3.0}  # seconds between two looks at a growing run
KINDS = {
    "tests": "Norm, inner-product and orthogonality tests",
    "noise": "Noise scale",
    "signal": "Signal-to-noise",
    "quality": "Step quality",
}
COST = 4  # training steps that one measurement takes, about
QUICK = 0.15  # seconds; what takes longer waits in the slow lane, where the history is measured
AT_ONCE = 4  # snapshots that are measured in one go while training is on: what waits behind is soon answered
ONE_SAMPLE = "this run trains on one sample a step, and one alone tells nothing of its spread"
FORMULAS = (
    r"$g_i$ is the gradient of sample $i$ (`torch.func.vmap` of `grad`), $g$ their mean, which is the gradient of the "
    r"batch, before clipping and without dropout; $S = \frac{1}{B-1}\sum_i \lVert g_i - g\rVert^2$."
    "\n\n"
    r"**Norm test** $\sqrt{S / (B \lVert g \rVert^2)}$ (Byrd et al. 2012). **Inner-product test** "
    r"$\sqrt{\sum_i (g_i \cdot g - \lVert g \rVert^2)^2 / ((B-1)\, B \lVert g \rVert^4)}$ and **orthogonality test**, "
    r"its counterpart across $g$ (Bollapragada et al. 2017): norm² = inner² + orthogonality²."
    "\n\n"
    r"**Noise scale** $\mathrm{tr}(\Sigma) / |G|^2$ from the unbiased $S$ and $|G|^2 = \lVert g \rVert^2 - S/B$, each "
    f"averaged over {WINDOW} measured steps before they are divided; where the mean of $|G|^2$ is not above zero it "
    "cannot be resolved at this batch size, and no number is shown (McCandlish et al. 2018)."
    "\n\n"
    r"**Signal to noise** the mean over parameters of $g^2 / (\mathrm{var}(g_i) + 10^{-5})$ (Liu et al. 2020)."
    "\n\n"
    r"**Step quality** $\alpha = \lVert\Delta\theta\rVert / s^* - 1$, with $s^*$ the floor of a parabola fitted along "
    "the step to the losses and slopes at its start, on the batch of the step, and at its end, on the next batch; each "
    "is weighted by its inverse variance over the samples (Schneider et al. 2021)."
    "\n\n"
    r"**Curvature** the ends of the Hessian on this batch, by Lanczos (`scipy.sparse.linalg.eigsh`) on products by "
    "double backward (Pearlmutter 1994). Above $2/\\eta$ gradient descent overshoots more each time (Cohen et al. "
    r"2021), with momentum β above $(2+2\beta)/\eta$; for Adam it is $P^{-1/2} H P^{-1/2}$, with "
    r"$P = (1-\beta_1^t)(\sqrt{\hat v} + \epsilon)$, above $38/\eta$ at $\beta_1 = 0.9$ (Cohen et al. 2022). "
    "These are limits of training on one and the same batch, without weight decay; training on new batches usually "
    "stays below them."
)


def show(view: View) -> None:
    """What is switched on, its cards, and the curvature."""
    chosen = st.pills(
        "Instruments",
        list(KINDS),
        selection_mode="multi",
        format_func=KINDS.__getitem__,
        default=list(KINDS),
        key="instruments",
        label_visibility="collapsed",
        bind="query-params",
    )
    which = tuple(kind for kind in KINDS if kind in chosen)
    readings = read(view, which) if which else None
    if readings is not None and len(readings[0].texts) == 1:
        st.info(f"{ONE_SAMPLE[0].upper()}{ONE_SAMPLE[1:]}.", icon=":material/info:")
        picture.details(lambda: bent(view))
    else:
        first, second = cards("instruments-samples", 1, 1)
        with first:
            if readings is not None:
                samples(readings[0])
            elif not which:
                st.caption("Every instrument that needs single samples is switched off.")
            else:
                picture.making(view.waiting, charts.HEIGHT)
        with second:
            reading(view, "tests", which, readings)
        picture.details(lambda: more(view, which, readings))
    picture.computed(FORMULAS, title="How the instruments are computed")


Readings = tuple[Measurement, InstrumentHistory | None]  # at this step, and over the snapshots


def bent(view: View) -> None:
    """The curvature alone."""
    with cards("instruments-curvature", 1)[0]:
        curvature.show(view)


def more(view: View, which: tuple[str, ...], readings: Readings | None) -> None:
    """The other instruments, the curvature, and what one measurement costs."""
    if readings is not None:
        costs(view, readings[0])
    noise_card, signal_card = cards("instruments-noise", 1, 1)
    quality_card, last = cards("instruments-step", 1, 1)
    for place, kind in ((noise_card, "noise"), (signal_card, "signal"), (quality_card, "quality")):
        with place:
            reading(view, kind, which, readings)
    with last:
        curvature.show(view)


def reading(view: View, kind: str, which: tuple[str, ...], readings: Readings | None) -> None:
    """One instrument, or why there is none."""
    if kind not in which:
        st.caption(f"{KINDS[kind]}: switched off.")
    elif readings is not None and readings[1] is not None:
        DRAWN[kind](view, readings[0], readings[1])
    else:
        st.caption(f"{KINDS[kind]}: being measured over the snapshots of this run.")
        picture.making(view.waiting, charts.HEIGHT)


def read(view: View, which: tuple[str, ...]) -> Readings | None:
    """The instruments at this step, and over the snapshots, which takes longer."""
    lane: Lane = "slow" if COST / (view.run.speed() or np.inf) > QUICK else "quick"
    measured = view.picture(Measurement, EVERY["measure"], lane=lane, says=False, which=which)
    if measured is None:
        return None
    if len(measured.texts) == 1:
        return measured, None
    history = view.newest().picture(
        InstrumentHistory,
        EVERY["history"],
        lane="slow",
        doing="measuring {of} snapshots",
        says=False,
        which=which,
        most=AT_ONCE if view.status.state == "training" else None,
    )
    last: Last[InstrumentHistory] = visit.kept(Last, "instruments", view.run.id, which)
    last.shown = history or last.shown  # while it is asked for otherwise, what was there
    return measured, last.shown


def costs(view: View, measured: Measurement) -> None:
    """What one measurement took, in milliseconds and in training steps."""
    spent = measured.milliseconds
    parts = {"each sample": spent["samples"]}
    parts |= {KINDS[kind].lower(): spent[kind] for kind in ("signal", "quality") if kind in spent}
    whole = sum(parts.values())
    each = {name: f"{fixed(value, 1)} ms" for name, value in (parts | {"one measurement": whole}).items()}
    speed = view.run.speed()
    if speed:
        each["in training steps"] = fixed(whole / 1e3 * speed, 1)
    picture.figures(each)


def samples(measured: Measurement) -> None:
    """One dot a sample."""
    without = ", without dropout" if measured.dropout else ""
    st.caption(f"on the training batch of step {measured.step:,}{without}")
    table = charts.pulls_frame(measured.losses, measured.along, measured.across, measured.texts)
    picture.show(charts.pulls, table, "pulls")
    picture.look_for("pulls", samples_sentence(measured))


def marks(view: View) -> dict[str, Any]:
    """What every curve over steps is marked with."""
    return {"events": view.events, "cursor": view.cursor}


def tests(view: View, measured: Measurement, history: InstrumentHistory) -> None:
    """The three tests over steps."""
    series = {name: history.numbers[name] for name in charts.NAMES}
    guide = Guide(1, "as large as the gradient itself")
    picture.curves(
        charts.ERRORS, charts.parts(history.steps, series, guides=[guide], **marks(view)), "instrument-tests"
    )
    picture.look_for("instrument-tests", tests_sentence(measured))


def noise(view: View, measured: Measurement, history: InstrumentHistory) -> None:
    """The noise scale over steps, where it can be resolved."""
    B = len(measured.texts)
    scale = measure.running_noise_scale(history.numbers["noise"], history.numbers["signal"], WINDOW)
    guide = Guide(B, f"the batch: {B} sample{'s' if B > 1 else ''}")
    curve = charts.parts(history.steps, {"noise scale": scale}, guides=[guide], **marks(view))
    picture.curves(charts.SCALE, curve, "instrument-noise")
    picture.look_for("instrument-noise", noise_sentence(measured, history))


def to_noise(view: View, measured: Measurement, history: InstrumentHistory) -> None:
    """The signal-to-noise ratio over steps."""
    curve = charts.parts(history.steps, {"signal to noise": history.numbers["to_noise"]}, **marks(view))
    picture.curves(charts.TO_NOISE, curve, "instrument-signal")
    picture.look_for("instrument-signal", to_noise_sentence(measured, history))


def quality(view: View, measured: Measurement, history: InstrumentHistory) -> None:
    """α over steps."""
    guides = [Guide(0, "the valley’s floor"), Guide(1, "as high on the other side")]
    curve = charts.parts(history.steps, {"step quality": history.numbers["quality"]}, guides=guides, **marks(view))
    picture.curves(charts.QUALITY, curve, "instrument-quality")
    picture.look_for("instrument-quality", quality_sentence(measured, history.numbers["quality"]))


DRAWN = {"tests": tests, "noise": noise, "signal": to_noise, "quality": quality}

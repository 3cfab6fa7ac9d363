"""Instruments: what the gradients of single samples tell of a step, and the curvature on demand.

Measured on recorded batches at recorded weights, in a process of their own: the training knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import instruments as charts
from explorer.charts.timeline import Guide
from explorer.measure import instruments as measure
from explorer.runs.answer import Answer, Lane
from explorer.ui import picture
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
        persist_state="session",
    )
    which = tuple(kind for kind in KINDS if kind in chosen)
    found = read(view, which) if which else None
    if found is not None and len(found[0][0]["texts"]) == 1:
        st.info(f"{ONE_SAMPLE[0].upper()}{ONE_SAMPLE[1:]}.", icon=":material/info:")
        (last,) = cards("instruments-curvature", 1)
    else:
        last = told_by_samples(view, which, found)
    with last:
        curvature.show(view)
    picture.computed(FORMULAS, title="How the instruments are computed")


def told_by_samples(view: View, which: tuple[str, ...], found: tuple[Answer, Answer | None] | None) -> Any:
    """The samples of the step and a card for each instrument; gives the card that is left over."""
    first, second = cards("instruments-samples", 1, 1)
    third, fourth = cards("instruments-noise", 1, 1)
    fifth, sixth = cards("instruments-step", 1, 1)
    with first:
        if found is not None:
            samples(found[0])
        elif not which:
            st.caption("Every instrument that needs single samples is switched off.")
    drawn = [
        (second, "tests", tests),
        (third, "noise", noise),
        (fourth, "signal", to_noise),
        (fifth, "quality", quality),
    ]
    for place, kind, draw in drawn:
        with place:
            if kind not in which:
                st.caption(f"{KINDS[kind]}: switched off.")
            elif found is not None and found[1] is not None:
                draw(view, found[0], found[1])
            else:
                st.caption(f"{KINDS[kind]}: being measured over the snapshots of this run.")
    return sixth


def read(view: View, which: tuple[str, ...]) -> tuple[Answer, Answer | None] | None:
    """The instruments at this step, their cost above them, and over the snapshots, which takes longer."""
    lane: Lane = "slow" if COST / (view.run.speed() or np.inf) > QUICK else "quick"
    measured = view.picture("instruments.measure", EVERY["measure"], lane=lane, which=which)
    if measured is None:
        return None
    costs(view, measured)
    if len(measured[0]["texts"]) == 1:
        return measured, None
    history = view.newest().picture(
        "instruments.history",
        EVERY["history"],
        lane="slow",
        doing="measuring {of} snapshots",
        which=which,
        most=AT_ONCE if view.status.state == "training" else None,
    )
    kept = st.session_state.setdefault("instruments-history", {})
    if history is not None:
        kept[view.run.id, which] = history
    history = kept.get((view.run.id, which))  # while it is asked for otherwise, what was there
    return measured, history


def costs(view: View, measured: Answer) -> None:
    """What one measurement took, in milliseconds and in training steps."""
    spent = measured[0]["milliseconds"]
    told = {"each sample": spent["samples"]}
    told |= {KINDS[kind].lower(): spent[kind] for kind in ("signal", "quality") if kind in spent}
    whole = sum(told.values())
    each = {name: f"{value:.1f} ms" for name, value in (told | {"one measurement": whole}).items()}
    speed = view.run.speed()
    if speed:
        each["in training steps"] = f"{whole / 1e3 * speed:.1f}"
    picture.figures(each)


def samples(measured: Answer) -> None:
    """One dot a sample."""
    plain, arrays = measured
    without = ", without dropout" if plain["dropout"] else ""
    st.caption(f"on the training batch of step {plain['step']}{without}")
    table = charts.pulls_frame(arrays["losses"], arrays["along"], arrays["across"], plain["texts"])
    picture.show(charts.pulls, table, "pulls")
    picture.look_for("pulls", samples_sentence(plain, arrays))


def marks(view: View) -> dict[str, Any]:
    """What every curve over steps is marked with."""
    return {"events": view.events, "cursor": view.cursor}


def tests(view: View, measured: Answer, history: Answer) -> None:
    """The three tests over steps."""
    plain, arrays = measured[0], history[1]
    series = {name: arrays[name] for name in charts.NAMES}
    guide = Guide(1, "as large as the gradient itself")
    picture.curves(
        charts.ERRORS, charts.parts(arrays["steps"], series, guides=[guide], **marks(view)), "instrument-tests"
    )
    picture.look_for("instrument-tests", tests_sentence(plain))


def noise(view: View, measured: Answer, history: Answer) -> None:
    """The noise scale over steps, where it can be resolved."""
    plain, arrays = measured[0], history[1]
    B = len(plain["texts"])
    scale = measure.running_noise_scale(arrays["noise"], arrays["signal"], WINDOW)
    guide = Guide(B, f"the batch: {B} sample{'s' if B > 1 else ''}")
    drawn = charts.parts(arrays["steps"], {"noise scale": scale}, guides=[guide], **marks(view))
    picture.curves(charts.SCALE, drawn, "instrument-noise")
    picture.look_for("instrument-noise", noise_sentence(plain, arrays, B))


def to_noise(view: View, measured: Answer, history: Answer) -> None:
    """The signal-to-noise ratio over steps."""
    plain, arrays = measured[0], history[1]
    drawn = charts.parts(arrays["steps"], {"signal to noise": arrays["to_noise"]}, **marks(view))
    picture.curves(charts.TO_NOISE, drawn, "instrument-signal")
    picture.look_for("instrument-signal", to_noise_sentence(plain, arrays))


def quality(view: View, measured: Answer, history: Answer) -> None:
    """α over steps."""
    plain, arrays = measured[0], history[1]
    guides = [Guide(0, "the valley’s floor"), Guide(1, "as high on the other side")]
    drawn = charts.parts(arrays["steps"], {"step quality": arrays["quality"]}, guides=guides, **marks(view))
    picture.curves(charts.QUALITY, drawn, "instrument-quality")
    picture.look_for("instrument-quality", quality_sentence(plain, arrays["quality"]))

"""Dropout: what it does to activations and gradients, over many masks."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.numerics import Dropout
from explorer.charts import dropout as charts
from explorer.measure.names import number, percent, tensor_name
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 3  # seconds
RATES = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]
COMPUTED = (
    r"Dropout multiplies by a mask $m$ of zeros and ones, $P(m = 1) = 1 - p$, and by $1/(1 - p)$ (inverted scaling, "
    r"Srivastava et al. 2014, §10), so that $\mathbb{E}[\tilde x] = x$ and $\mathrm{Var}[\tilde x] = x^2\,p/(1 - p)$; "
    r"the same mask and factor act on the gradient on its way back. **One layer**: what the first MLP adds to the "
    "stream, and the gradient that arrives there, through the model’s own Dropout. **The whole model**: all its "
    r"Dropouts at once, on attention patterns too; scatter is $\sqrt{\sum \mathrm{Var} / \sum x^2}$ over all entries "
    r"of a junction, $x$ without dropout. On the probe, with the masks of the generator "
    "`stream(0, 'dropout masks')`, the same for every step, so that two steps differ by their weights alone."
)


def show(view: View | None) -> None:
    """One layer, and the whole model."""
    assert view is not None, "the page shows it only with a run"
    with st.container(horizontal=True):
        rate = st.select_slider("Dropout rate p", RATES, value=0.1, key="mask-rate", bind="query-params")
        masks = st.segmented_control(
            "Masks", [16, 64, 256], default=64, required=True, key="mask-count", bind="query-params"
        )
        of = st.segmented_control(
            "One layer’s", list(charts.KINDS), default="activations", required=True, key="mask-of", bind="query-params"
        )
    doing = "drawing {of} masks"
    answer = view.picture(Dropout, EVERY, lane="slow", doing=doing, rate=rate, masks=masks)
    if answer is None:
        return
    layer = answer.value if of == "activations" else answer.gradient
    where = f"on the probe · step {answer.step:,} · {answer.masks} masks at p = {answer.rate:g}"
    left, right = cards("masks", 1, 1.2)
    with left:
        st.caption(f"{of} · `{tensor_name(answer.layer)}` · {where}")
        table = charts.masks_frame(layer.undropped, layer.mean, layer.variance, rate=answer.rate)
        picture.show(charts.masks, table, "masks")
        picture.look_for("masks", layer_sentence(answer.rate, of, layer.total))
    with right:
        st.caption(where)
        scatters = zip(charts.KINDS, (answer.values, answer.gradients), strict=True)
        both = {name: (scatter.noise, scatter.mean) for name, scatter in scatters}
        picture.show(charts.noise, charts.depth_frame(answer.junctions, **both), "noise")
        picture.look_for("noise", model_sentence(answer))
    picture.computed(COMPUTED)


def layer_sentence(rate: float, of: str, total: float) -> str:
    """How the variance over masks compares with what the formula says."""
    if not np.isfinite(total):
        return f"the {of} are not finite any more."
    expected = rate / (1 - rate)
    return (
        "scaled by 1/(1 − p) the means lie along the diagonal, unscaled below it. The variance is "
        f"{number(total)} of x² where p/(1 − p) says {number(expected)}."
    )


def model_sentence(answer: Dropout) -> str:
    """How much masks scatter the last activations and the first gradients, and what the run itself uses."""
    values, gradients = answer.values.noise, answer.gradients.noise
    if not (np.isfinite(values).all() and np.isfinite(gradients).all()):
        return "the model’s values are not finite any more."
    return (
        f"masks scatter the activations after the last block by {percent(values[-1])} of their size, the gradients at "
        f"the first junction by {percent(gradients[0])}. This run itself trains with p = {answer.trained_rate:g}."
    )

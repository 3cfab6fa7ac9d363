"""Dropout: what it does to activations and gradients, over many masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import dropout as charts
from explorer.charts.gradients import short
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
        rate = st.select_slider("Dropout rate p", RATES, value=0.1, key="mask-rate", persist_state="session")
        masks = st.segmented_control("Masks", [16, 64, 256], default=64, required=True, key="mask-count")
        of = st.segmented_control(
            "One layer’s", list(charts.KINDS), default="activations", required=True, key="mask-of"
        )
    doing = "drawing {of} masks"
    answer = view.picture("numerics.dropout", EVERY, lane="slow", doing=doing, rate=rate, masks=masks)
    if answer is None:
        return
    plain, arrays = answer
    kind = {"activations": "value", "gradients": "gradient"}[of]
    where = f"on the probe · step {plain['step']} · {plain['masks']} masks at p = {plain['rate']:g}"
    left, right = cards("masks", 1, 1.2)
    with left:
        st.caption(f"{of} of `{short(plain['layer'])}`, {where}")
        means = (arrays[kind], arrays[f"{kind}_mean"], arrays[f"{kind}_variance"])
        picture.show(charts.masks, charts.masks_frame(*means, rate=plain["rate"]), "masks")
        picture.look_for("masks", layer_sentence(plain, of, plain["total"][kind]))
    with right:
        st.caption(where)
        both = {name: (arrays[f"{k}_noise"], arrays[f"{k}_mean"]) for name, k in zip(charts.KINDS, KEYS, strict=True)}
        picture.show(charts.noise, charts.depth_frame(plain["junctions"], **both), "noise")
        picture.look_for("noise", model_sentence(plain, arrays))
    picture.computed(COMPUTED)


KEYS = ("values", "gradients")


def layer_sentence(plain: dict[str, Any], of: str, total: float) -> str:
    """How the variance over masks compares with what the formula says."""
    rate = plain["rate"]
    if not np.isfinite(total):
        return f"the {of} are not finite any more."
    expected = rate / (1 - rate)
    return (
        f"scaled by 1/(1 − p) = {1 / (1 - rate):.3g} the means lie along the diagonal, unscaled along a slope of "
        f"{1 - rate:.3g}; the variance is {total:.3g} of x² where p/(1 − p) says {expected:.3g}."
    )


def model_sentence(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """How much masks scatter the last activations and the first gradients, and what the run itself uses."""
    values, gradients = arrays["values_noise"], arrays["gradients_noise"]
    if not (np.isfinite(values).all() and np.isfinite(gradients).all()):
        return "the model’s values are not finite any more."
    return (
        f"masks scatter the activations after the last block by {values[-1]:.0%} of their size, the gradients at the "
        f"first junction by {gradients[0]:.0%}; this run itself trains with p = {plain['own_rate']:g}."
    )

"""Attention: where each position looks, from all heads at a glance down to one number."""

import streamlit as st

from explorer.ui import frame, picture
from explorer.ui.attention import arithmetic, compare, discoveries, inputs, interventions, layers, overview, scores
from explorer.ui.frame import cards
from explorer.ui.view import View

MAPS = (
    r"$A = \mathrm{softmax}(QK^\top/\sqrt{D} + \text{mask})$ for each head (Vaswani et al. 2017, §3.2.1), from the "
    "weights at this step and the input shown, without dropout. Rows are queries and sum to 1. Weighted: "
    r"$\lVert A_{qk}\, v_k W_O \rVert$ (Kobayashi et al. 2020). ∂L/∂A: the gradient of the mean loss on this "
    "input. Rollout: the product over layers of half the mean head and half the identity (Abnar & Zuidema 2020). "
    r"Gradient relevance: $R \leftarrow R + \overline{\mathrm{relu}(A \odot \partial y/\partial A)}\, R$ with y "
    "the log-probability of all asked tokens (Chefer et al. 2021)."
)
SECTIONS = {
    "Arithmetic": arithmetic.show,
    "What heads do": scores.show,
    "What if": interventions.show,
    "Through the layers": layers.show,
    "Two steps": compare.show,
}


def draw(view: View) -> None:
    """The page at a step."""
    given = inputs.choose(view)
    answer = view.picture("attention.patterns", **given)
    if answer is None:
        return
    with cards("heads", 1)[0]:
        look = overview.show(view, given, *answer)
    picture.computed(MAPS, title="How the maps are computed")
    name = st.segmented_control(
        "Look closer",
        list(SECTIONS),
        default="Arithmetic",
        key="closer",
        required=True,
        bind="query-params",
    )
    if view.first:
        return  # the heads first; what looks closer at the next tick
    discoveries.follow(view, patience=0)
    SECTIONS[name](look)


frame.watch(
    "Attention",
    "Where each position looks, in every head of every layer. Rows ask, columns answer.",
    draw,
    fed=1.0,
)

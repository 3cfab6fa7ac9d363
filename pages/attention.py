"""Attention: where each position looks, from all heads at a glance down to one number."""

from explorer.ui import frame, picture
from explorer.ui.attention import (
    arithmetic,
    compare,
    discoveries,
    interventions,
    layers,
    opening,
    overview,
    scores,
)
from explorer.ui.attention.opening import looking
from explorer.ui.parts import ask, inputs
from explorer.ui.sections import Sections
from explorer.ui.view import View

MAPS = (
    r"$A = \mathrm{softmax}(QK^\top/\sqrt{D} + \text{mask})$ for each head (Vaswani et al. 2017, §3.2.1), from the "
    "weights at this step and the input shown, without dropout. Rows are queries and sum to 1. Weighted: "
    r"$\lVert A_{qk}\, v_k W_O \rVert$ (Kobayashi et al. 2020). ∂L/∂A: the gradient of the mean loss on this "
    "input. Rollout: the product over layers of half the mean head and half the identity (Abnar & Zuidema 2020). "
    r"Gradient relevance: $R \leftarrow R + \overline{\mathrm{relu}(A \odot \partial y/\partial A)}\, R$ with y "
    "the log-probability of all asked tokens (Chefer et al. 2021)."
)
ADDITIVE = (
    r"$\alpha_t = \mathrm{softmax}_j\; v \cdot \tanh(W s_{t-1} + U h_j)$ for the token at $t$, with $s_{t-1}$ the last "
    "state of the decoder and $h_j$ what the encoder read at $j$ from both ends (Bahdanau, Cho & Bengio 2015, §3.1), "
    "from the weights at this step and the input shown, without dropout. Padding is left out; rows sum to 1. Weighted: "
    r"$\lVert \alpha_{tj}\, C h_j \rVert$, what the decoder’s gates read of one token. ∂L/∂A: the gradient of the mean "
    "loss on this input, through all later steps."
)
ASK = "Ask it"
SECTIONS = Sections(
    "attention",
    {
        "Heads": overview.show,
        "Arithmetic": arithmetic.show,
        "What heads do": scores.show,
        "What if": interventions.show,
        "Through the layers": layers.show,
        "Two steps": compare.show,
        ASK: lambda look: ask.within(look.view, look.given),
    },
    {
        "Arithmetic": ("attention heads",),
        "What heads do": ("attention heads",),
        "What if": ("attention heads",),
        "Through the layers": ("residual stream",),
    },
)


def draw(view: View) -> None:
    """The section that is chosen, on the input, the head and the query that are chosen above it."""
    title, heads = SECTIONS.choose(), next(iter(SECTIONS.shows))
    if not SECTIONS.has(title, view):
        return
    with inputs.row():
        given = inputs.choose(view, says=title == heads)
        look = looking(view, given)
        if look is not None and title not in (heads, ASK):
            opening.choose(look)
    if look is None:
        picture.making(view.waiting)
        return
    formulas = MAPS if view.config.has("attention heads") else ADDITIVE
    picture.computed(formulas, title="How the maps are computed")
    SECTIONS.show(title, look)
    if not view.first and view.config.has("attention heads"):
        discoveries.follow(view, patience=0)


frame.watch(
    "Attention",
    "Where each position looks, in every head of every layer. Rows ask, columns answer.",
    draw,
    needs=("attention", "logits"),
    fed=1.0,
)

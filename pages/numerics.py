"""Numbers: what 32 and 16 bits do to the arithmetic of a model."""

import streamlit as st

from explorer.ui import cards as preset_cards
from explorer.ui import frame
from explorer.ui.numerics import dropout, formats, norm, scaling, softmax, sums
from explorer.ui.sections import Sections
from explorer.ui.view import View

TITLE, SENTENCE = "Numbers", "What 32 and 16 bits do to a model’s arithmetic, worked out for real in each format."
SECTIONS = Sections(
    "numerics",
    {
        "Softmax": softmax.show,
        "Formats": formats.show,
        "Sums": sums.show,
        "LayerNorm": norm.show,
        "Loss scaling": scaling.show,
        "Dropout": dropout.show,
    },
    {"Loss scaling": ("logits",), "Dropout": ("residual stream", "MLP")},
)
OF_A_RUN = {"Loss scaling": "the gradient of a run", "Dropout": "the activations of a run"}


def draw(view: View | None) -> None:
    """The page at a step, or without a run."""
    title = SECTIONS.choose()
    with SECTIONS.place(title):
        if view is None and title in OF_A_RUN:
            st.markdown(f"{title} is shown on {OF_A_RUN[title]}. Pick something to learn:")
            preset_cards.show()
        elif view is None or frame.has(view, *SECTIONS.needs.get(title, ())):
            SECTIONS.shows[title](view and frame.having(view, "logits"))


frame.watch(TITLE, SENTENCE, draw, alone=lambda: draw(None), calm=lambda: True)

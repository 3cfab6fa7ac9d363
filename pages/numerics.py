"""Numbers: what 32 and 16 bits do to the arithmetic of a model."""

import streamlit as st

from explorer.ui import cards as preset_cards
from explorer.ui import chosen, frame
from explorer.ui.numerics import dropout, formats, norm, scaling, softmax, sums
from explorer.ui.view import View

TITLE, SENTENCE = "Numbers", "What 32 and 16 bits do to a model’s arithmetic, worked out for real in each format."
SECTIONS = {
    "Softmax": softmax.show,
    "Formats": formats.show,
    "Sums": sums.show,
    "LayerNorm": norm.show,
    "Loss scaling": scaling.show,
    "Dropout": dropout.show,
}
OF_A_RUN = {"Loss scaling": "the gradient of a run", "Dropout": "the activations of a run"}


def draw(view: View | None) -> None:
    """The page at a step, or without a run."""
    name = st.segmented_control(
        "Look closer",
        list(SECTIONS),
        default="Softmax",
        key="about",
        required=True,
        bind="query-params",
    )
    if view is None and name in OF_A_RUN:
        st.markdown(f"{name} is shown on {OF_A_RUN[name]}. Pick something to learn first:")
        preset_cards.show()
        return
    SECTIONS[name](view)


if chosen.run() is None:
    chosen.complaints()
    frame.heading(TITLE, SENTENCE)
    draw(None)
else:
    frame.watch(TITLE, SENTENCE, draw)

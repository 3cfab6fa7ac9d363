"""Optimizers: a fair race from the same weights on the same batches, and what is inside each of them."""

import streamlit as st

from explorer.ui import chosen, frame
from explorer.ui.optimizers import contenders, inside, predicting, racing, surface, toys, tuning
from explorer.ui.view import View

TITLE, SENTENCE = "Optimizers", "The same weights, the same batches: only the way down differs."
SECTIONS = {
    "Race": racing.show,
    "Tuning": tuning.show,
    "Surface": surface.show,
    "Toy surfaces": toys.show,
    "Inside": inside.show,
    "Predict": predicting.show,
}


def draw(view: View) -> None:
    """The section that is chosen."""
    name = st.segmented_control(
        "Look at", list(SECTIONS), default="Race", key="contest", required=True, bind="query-params"
    )
    SECTIONS[name](view)


if chosen.run() is None:
    contenders.offer(TITLE, SENTENCE)
else:
    frame.watch(TITLE, SENTENCE, draw, frame.ANY)

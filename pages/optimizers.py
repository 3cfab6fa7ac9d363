"""Optimizers: a fair race from the same weights on the same batches, and what is inside each of them."""

from collections.abc import Iterable

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


WITHOUT_RUN = {"Race": contenders.offer, "Toy surfaces": toys.show}


def section(names: Iterable[str]) -> str:
    """The name of the section that is chosen."""
    name = st.segmented_control(
        "Look at", list(names), default="Race", key="contest", required=True, bind="query-params"
    )
    return str(name)


def draw(view: View) -> None:
    """The section that is chosen."""
    SECTIONS[section(SECTIONS)](view)


if chosen.run() is None:
    chosen.complaints()
    frame.heading(TITLE, SENTENCE)
    WITHOUT_RUN[section(WITHOUT_RUN)]()
else:
    frame.watch(TITLE, SENTENCE, draw, frame.ANY)

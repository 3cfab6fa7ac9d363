"""Positions: how order gets into a model, and what each way of telling it is worth."""

import streamlit as st

from explorer.ui import cards, chosen, frame
from explorer.ui.positions import bench, encodings, rotating, shuffling, waves
from explorer.ui.view import View

TITLE, SENTENCE = "Positions", "Attention alone sees a bag of tokens: how order gets in, and how far it reaches."
SECTIONS = {
    "See": encodings.show,
    "Waves": waves.show,
    "Rotation": rotating.show,
    "Shuffle": shuffling.show,
    "Bench": bench.show,
}


def draw(view: View | None) -> None:
    """The section that is chosen, on a run or without one."""
    name = st.segmented_control(
        "Look at", list(SECTIONS), default="See", key="order", required=True, bind="query-params"
    )
    SECTIONS[name](view)


if chosen.run() is None:
    frame.complaints()
    frame.heading(TITLE, SENTENCE)
    draw(None)
    st.markdown("Or watch positions in a run of your own. Pick something to learn:")
    cards.show()
else:
    frame.watch(TITLE, SENTENCE, draw)

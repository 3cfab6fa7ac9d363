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


def draw(view: View) -> None:
    """The section that is chosen."""
    name = st.segmented_control(
        "Look at", list(SECTIONS), default="See", key="order", required=True, bind="query-params"
    )
    SECTIONS[name](view)


def draw_before() -> None:
    """The same before there is a run.

    Its control is another one, which writes the address itself: one that is bound to it loses it where a run begins
    on this very page, as the control is then drawn in another place.
    """
    asked = st.query_params.get("order", "See")
    st.session_state.setdefault("order-before", asked if asked in SECTIONS else "See")
    name = st.segmented_control("Look at", list(SECTIONS), key="order-before", required=True) or "See"
    if name != asked:
        st.query_params["order"] = name
    SECTIONS[name](None)


if chosen.run() is None:
    chosen.complaints()
    frame.heading(TITLE, SENTENCE)
    draw_before()
    st.markdown("Or watch positions in a run of your own. Pick something to learn:")
    cards.show()
else:
    frame.watch(TITLE, SENTENCE, draw)

"""Embeddings: what tokens mean to the model, as a map that moves while it learns."""

import streamlit as st

from explorer.ui import frame
from explorer.ui.embeddings import axis, big, choice, explained, live, moved
from explorer.ui.view import View

SECTIONS = {"Who moved": moved.show, "An axis": axis.show, "2,000 states": big.show}


def draw(view: View) -> None:
    """The page at a step."""
    chosen = choice.controls(view)
    shown = live.show(view, chosen)
    explained.fold()
    if shown is None or view.first:
        return  # the map first; what looks closer a quarter of a second later
    offered = list(SECTIONS)[:2] if chosen.of_words else list(SECTIONS)  # words have no context here, and so no states
    name = st.segmented_control(
        "Look closer", offered, default="Who moved", key="map-closer", required=True, bind="query-params"
    )
    SECTIONS[name](view, chosen, *shown)


SENTENCE = "What tokens mean to the model: what it treats alike lies near. The map moves as it learns."
frame.watch("Embeddings", SENTENCE, draw, frame.ANY)

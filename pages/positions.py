"""Positions: how order gets into a model, and what each way of telling it is worth."""

import streamlit as st

from explorer.ui import cards, frame
from explorer.ui.positions import bench, encodings, rotating, shuffling, waves
from explorer.ui.sections import Sections
from explorer.ui.view import View

TITLE, SENTENCE = "Positions", "Attention alone sees a bag of tokens: how order gets in, and how far it reaches."
NEEDS = ("positions", "attention heads")  # of a run that is shown; the other sections also show a model without
SECTIONS = Sections(
    "positions",
    {
        "See": encodings.show,
        "Waves": waves.show,
        "Rotation": rotating.show,
        "Shuffle": shuffling.show,
        "Bench": bench.show,
    },
    needs={"Shuffle": NEEDS},
)


def draw(view: View) -> None:
    """The section that is chosen."""
    title = SECTIONS.choose()
    if SECTIONS.has(title, view):
        SECTIONS.show(title, frame.having(view, *NEEDS))


def before() -> None:
    """The same before there is a run."""
    title = SECTIONS.choose_before()
    with SECTIONS.place(title):
        SECTIONS.shows[title](None)
        st.markdown("Or watch positions in a run of your own. Pick something to learn:")
        cards.show()


frame.watch(TITLE, SENTENCE, draw, alone=before, calm=lambda: SECTIONS.chosen() != "Bench")

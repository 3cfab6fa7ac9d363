"""Reading: models that see both sides of a place."""

import streamlit as st

from explorer.ui import cards, frame
from explorer.ui.reading import digits, gaps, telling, twins
from explorer.ui.sections import Sections
from explorer.ui.view import View

SECTIONS = Sections(
    "reading",
    {
        "Fill the gap": gaps.show,
        "Telling apart": telling.show,
        "Pictures": digits.show,
    },
)

OF = {  # whether a section is about a run of these settings
    "Fill the gap": twins.on_text,
    "Telling apart": telling.about,
    "Pictures": digits.about,
}


def draw(view: View) -> None:
    """The section that is chosen, of those that are about this run."""
    offered = [title for title, about in OF.items() if about(view.config)]
    if offered:
        SECTIONS.show(SECTIONS.choose(offered), view)
        return
    st.info(
        "This page is about models that fill gaps, tell texts apart or read pictures, and this run does none of it."
    )
    cards.rows_of_cards(cards.READING, "Train")


frame.watch(
    "Reading",
    "What a model makes of an input that it sees whole: a text from both sides, a picture.",
    draw,
    needs=("logits",),
    first=cards.READING,
    calm=lambda: True,
)

"""Words: what words mean, by the words around them."""

import streamlit as st

from explorer.ui import foreign, frame
from explorer.ui.sections import Sections
from explorer.ui.view import View
from explorer.ui.words import analogies, beside, bias, curves, map, nearest, offer, pair

TITLE = "Words"
SENTENCE = "You shall know a word by the company it keeps: vectors for words, learned from nothing else."
SECTIONS = Sections(
    "words",
    {
        "Learning": curves.show,
        "Map": map.show,
        "Neighbours": nearest.show,
        "Analogies": analogies.show,
        "Bias": bias.show,
        "Co-occurrence": beside.show,
        "One pair": pair.show,
    },
)


def draw(view: View) -> None:
    """The section that is chosen."""
    if not view.config.has("word vectors"):
        offer.instead(view.run)
        return
    title = SECTIONS.choose()
    if view.status.state == "diverged":
        st.warning(
            f"This run diverged: {foreign.text(view.status.reason)}. Earlier steps can be looked at.",
            icon=":material/error:",
        )
    SECTIONS.show(title, view)


frame.watch(TITLE, SENTENCE, draw, alone=offer.show)

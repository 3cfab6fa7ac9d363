"""Words: what words mean, by the words around them."""

import streamlit as st

from explorer.ui import foreign, frame
from explorer.ui.parts import moving_map
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


QUICK = ("Learning", "Map")  # sections that change with every step


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


def fed() -> float:
    """Seconds between two drawings of the page where the feed moves the map; 0 where it does not."""
    return moving_map.fed() if SECTIONS.chosen() == "Map" else 0


frame.watch(TITLE, SENTENCE, draw, alone=offer.show, fed=fed, calm=lambda: SECTIONS.chosen() not in QUICK)

"""Words: what words mean, told by those around them."""

import streamlit as st

from explorer.ui import chosen, frame
from explorer.ui.embeddings import explained
from explorer.ui.view import View
from explorer.ui.words import analogies, beside, curves, map, nearest, offer, pair

TITLE = "Words"
SENTENCE = "You shall know a word by the company it keeps: vectors for words, learned from nothing else."
SECTIONS = {
    "Neighbours": nearest.show,
    "Analogies": analogies.show,
    "Co-occurrence": beside.show,
    "One pair": pair.show,
}


def draw(view: View) -> None:
    """The page at a step."""
    if view.config.task.name != "words":
        offer.instead(view.run)
        return
    if view.status.state == "diverged":
        st.warning(f"This run diverged: {view.status.reason}. Earlier steps can be looked at.", icon=":material/error:")
    curves.show(view)
    if view.first:
        return  # the curves first; the rest a quarter of a second later
    map.show(view)
    name = st.segmented_control(
        "Look closer", list(SECTIONS), default="Neighbours", key="company", required=True, bind="query-params"
    )
    SECTIONS[name](view)
    curves.fold(view)
    explained.fold()


if chosen.run() is None:
    chosen.complaints()
    frame.heading(TITLE, SENTENCE)
    offer.show()
else:
    frame.watch(TITLE, SENTENCE, draw, frame.ANY)

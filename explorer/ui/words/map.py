"""The live map of the words, with the Embeddings page's own parts."""

from __future__ import annotations

import streamlit as st

from explorer.ui.embeddings import choice, live
from explorer.ui.view import View
from explorer.ui.words.asked import WORD, put


def show(view: View) -> None:
    """The map; a word chosen on it is the one whose neighbours are told."""
    asked = choice.controls(view)
    shown = live.show(view, asked)
    if shown is None:
        return
    answer, chosen = shown
    state = st.session_state
    if chosen and state.get("words-picked") != (view.run.id, chosen):
        state["words-picked"] = (view.run.id, chosen)
        put(WORD, answer[0]["labels"][chosen[-1]])

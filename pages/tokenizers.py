"""Tokenizers: how a text becomes numbers, and what each way costs."""

import streamlit as st

from explorer.ui import chosen, frame
from explorer.ui.tokenizers import choosing, compare, frequencies, learning, lengths
from explorer.ui.view import View

TITLE, SENTENCE = "Tokenizers", "A model reads numbers: how text is cut into tokens, and what each way costs."
SECTIONS = {
    "Learn BPE": learning.show,
    "Side by side": compare.show,
    "Length": lengths.show,
    "Unknown": compare.unknown,
    "Frequencies": frequencies.show,
}


def draw(view: View | None) -> None:
    """The page at a step, or without a run."""
    asked = choosing.choose(view)
    name = st.segmented_control(
        "Look at", list(SECTIONS), default="Learn BPE", key="topic", required=True, bind="query-params"
    )
    if asked is not None:
        SECTIONS[name or "Learn BPE"](asked)
    st.session_state["tokenizers-wait"] = asked is not None and bool(asked.waits)


def alone() -> None:
    """The page without a run: it looks again, often while something is computed."""
    busy = bool(st.session_state.get("tokenizers-wait"))

    def live() -> None:
        draw(None)
        if st.session_state["tokenizers-wait"] != busy:
            st.rerun()

    st.fragment(live, run_every=0.4 if busy else frame.IDLE_SECONDS)()


if chosen.run() is None:
    chosen.complaints()
    frame.heading(TITLE, SENTENCE)
    alone()
else:
    frame.watch(TITLE, SENTENCE, draw, frame.ANY)

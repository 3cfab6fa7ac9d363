"""What is asked of the word vectors: which of them, and which word."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.ui.view import View

EVERY = 1.0  # seconds between two looks while training
VECTORS = {"word": "word vectors", "context": "context vectors", "both": "their sum"}
LONGEST = 60  # letters of a word typed


def which(key: str) -> str:
    """Which vectors are compared."""
    return st.segmented_control(
        "Vectors", list(VECTORS), format_func=VECTORS.__getitem__, default="word", key=key, required=True
    )


def typed(view: View, label: str, key: str, place: int, width: int = 190) -> str:
    """A word typed by the visitor; at first one that the run is sure to know."""
    st.session_state.setdefault(key, examples(view)[place])
    return st.text_input(label, key=key, max_chars=LONGEST, width=width).strip()


def examples(view: View) -> list[str]:
    """Some words that the run knows."""
    words: Any = view.about["words"]
    return list(words)

"""What is asked of the word vectors: which of them, and which word."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.ui.view import View

EVERY = 1.0  # seconds between two looks while training
VECTORS = {"word": "word vectors", "context": "context vectors", "both": "their sum"}
LONGEST = 60  # letters of a word typed
WORD = "words-word"  # whose neighbours are told


def which(key: str) -> str:
    """Which vectors are compared."""
    return st.segmented_control(
        "Vectors", list(VECTORS), format_func=VECTORS.__getitem__, default="word", key=key, required=True
    )


def typed(view: View, label: str, key: str, begin: str, width: int | None = 190, most: int = LONGEST) -> str:
    """Words typed by the visitor. begin: what stands there at first, until `put` says another, and on another text.

    The first words are the widget's own default: put into its state they can be lost while a live page is drawn anew.
    """
    state, text = st.session_state, examples(view)
    if state.setdefault(f"{key}-text", text) != text:
        state[f"{key}-text"] = text
        put(key, begin)
    first = state.setdefault(f"{key}-begin", begin)
    return st.text_input(
        label, first, key=key_of(key), max_chars=most, width=width or "stretch", persist_state="session"
    ).strip()


def put(key: str, words: str) -> None:
    """Other words in the place of those typed: a fresh widget with these as its default."""
    state = st.session_state
    state[f"{key}-begin"], state[f"{key}-turn"] = words, state.get(f"{key}-turn", 0) + 1


def present(view: View) -> str:
    """The word whose neighbours are told, or were last."""
    state: Any = st.session_state
    return state.get(key_of(WORD)) or state.get(f"{WORD}-begin") or examples(view)[0]


def key_of(key: str) -> str:
    """The key of the widget in which words are typed now."""
    turn = st.session_state.get(f"{key}-turn", 0)
    return f"{key}:{turn}" if turn else key


def examples(view: View) -> list[str]:
    """Some words that the run knows."""
    words: Any = view.about["words"]
    return list(words)

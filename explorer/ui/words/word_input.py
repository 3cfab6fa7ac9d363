"""What is asked of the word vectors: which of them, and which word."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.ui import held, visit
from explorer.ui.view import View

EVERY = 1.0  # seconds between two looks while training
VECTORS = {"word": "word vectors", "context": "context vectors", "both": "their sum"}
WORD = "words-word"  # whose neighbours are shown


def which(key: str) -> str:
    """Which vectors are compared."""
    return st.segmented_control(
        "Vectors",
        list(VECTORS),
        format_func=VECTORS.__getitem__,
        default="word",
        key=key,
        required=True,
        bind="query-params",
    )


def typed(view: View, label: str, key: str, begin: str, width: int | None = 190) -> str:
    """Words typed by the visitor. begin: what stands there at first, until `put` says another, and on another text.

    The first words are the widget's own default: put into its state they can be lost while a live page is drawn anew.
    """
    typed, text = visit.kept(Typed, key), examples(view)
    typed.key = key
    if typed.text != text:
        if typed.text:
            put(key, begin)
        typed.text = text
    typed.begin = begin if typed.begin is None else typed.begin
    held.holds(key, typed, "words", str, begin)
    return st.text_input(label, typed.begin, key=key_of(key), width=width or "stretch", persist_state="session").strip()


@dataclass
class Typed:
    """A place for words. text: the run's words then.   begin: what stood there at first.   turn: its number."""

    text: list[str] = field(default_factory=list)
    begin: str | None = None
    turn: int = 0
    key: str = ""

    @property
    def words(self) -> str | None:
        """What stands there."""
        value: str | None = st.session_state.get(key_of(self.key), self.begin) if self.key else self.begin
        return value

    @words.setter
    def words(self, words: str) -> None:
        put(self.key, words)


def put(key: str, words: str) -> None:
    """Other words in the place of those typed: a fresh widget with these as its default."""
    typed = visit.kept(Typed, key)
    typed.begin = words
    typed.turn += 1


def present(view: View) -> str:
    """The word whose neighbours are shown, or were last."""
    return st.session_state.get(key_of(WORD)) or visit.kept(Typed, WORD).begin or examples(view)[0]


def key_of(key: str) -> str:
    """The key of the widget in which words are typed now."""
    turn = visit.kept(Typed, key).turn
    return f"{key}:{turn}" if turn else key


def examples(view: View) -> list[str]:
    """Some words that the run knows."""
    return view.about.words

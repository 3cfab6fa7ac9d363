"""Steered: widgets whose value something else moves too, a click on a picture or a button beside them.

A browser tells the values of all its widgets with every message. One that left before it heard of a new value would
put the old one back; so where something else moves a value, another widget takes the place of the one that is there,
and what is told of the old one, for which Streamlit still calls back, is not listened to. The value itself is held in
a place of its own in the session state.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def steered(name: str, value: object) -> str:
    """The key for a widget that shows a value: another widget's where something else moved the value."""
    state = st.session_state
    number = state.setdefault(f"{name}:turn", 0)
    if state.get(f"{name}:{number}", value) != value:
        number = state[f"{name}:turn"] = number + 1
    return f"{name}:{number}"


def present(name: str, key: str) -> bool:
    """True if a key that `steered` gave is of the widget that is there now."""
    return key == f"{name}:{st.session_state.get(f'{name}:turn')}"


def hold(held: str, key: str) -> None:
    """What a widget does that was moved by hand: its value becomes the one that is held."""
    if present(held, key):
        st.session_state[held] = st.session_state[key]


def number(label: str, low: Any, high: Any, held: str, **look: Any) -> Any:
    """A field for the number that the session state holds as `held`, within its bounds. look: of `st.number_input`."""
    state = st.session_state
    state[held] = min(max(state[held], low), high)
    key = steered(held, state[held])
    return st.number_input(label, low, high, state[held], key=key, on_change=hold, args=(held, key), **look)


def text(label: str, held: str, **look: Any) -> str:
    """A field for the words that the session state holds as `held`. look: of `st.text_input`."""
    key = steered(held, st.session_state[held])
    return st.text_input(label, st.session_state[held], key=key, on_change=hold, args=(held, key), **look)

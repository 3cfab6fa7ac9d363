"""Steered: widgets whose value something else moves too, a click on a picture or a button beside them.

A browser sends the values of all its widgets with every message. One that left before it heard of a new value would
put the old one back; so where something else moves a value, another widget takes the place of the one that is there,
and messages of the old one, for which Streamlit still calls back, are ignored. The value itself is a
field of what the visit keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.ui import visit


def steered(name: str, value: object) -> str:
    """The key for a widget that shows a value: another widget's where something else moved the value."""
    turns = visit.state().turns
    turn = turns.setdefault(name, 0)
    if st.session_state.get(f"{name}:{turn}", value) != value:
        turn = turns[name] = turn + 1
    return f"{name}:{turn}"


def present(name: str, key: str) -> bool:
    """True if a key that `steered` gave is of the widget that is there now."""
    return key == f"{name}:{visit.state().turns.get(name)}"


def hold(held: object, name: str, key: str) -> None:
    """Lets a field hold what was chosen in the widget of this key, if that is the one that is there now."""
    if present(name, key):
        setattr(held, name, st.session_state[key])


def number(label: str, low: Any, high: Any, held: object, name: str, **look: Any) -> Any:
    """A place to type the number in the field `name` of `held`, within its bounds. look: of `st.number_input`."""
    value = min(max(getattr(held, name), low), high)
    setattr(held, name, value)
    key = steered(name, value)
    return st.number_input(label, low, high, value, key=key, on_change=hold, args=(held, name, key), **look)


def text(label: str, held: object, name: str, **look: Any) -> str:
    """A place to type the words in the field `name` of `held`. look: of `st.text_input`."""
    value = getattr(held, name)
    key = steered(name, value)
    return st.text_input(label, value, key=key, on_change=hold, args=(held, name, key), **look)


def choice(label: str, options: Sequence[Any], held: object, name: str, of: str, **look: Any) -> Any:
    """A list with the option in the field `name` of `held` chosen, the first where it is none of them.

    of: the widget's name in the visit.   look: of `st.selectbox`.
    """
    value = getattr(held, name) if getattr(held, name) in options else options[0]
    setattr(held, name, value)
    key = steered(of, value)

    def keep() -> None:
        if present(of, key):
            setattr(held, name, st.session_state[key])

    return st.selectbox(label, options, list(options).index(value), key=key, on_change=keep, **look)

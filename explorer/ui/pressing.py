"""Pressing: a button whose press the page itself answers, kept until a drawing has come to that button.

Streamlit tells of a press in one drawing alone. A drawing that gives way to another before it has come to the button,
as one whose top is behind does at its very start, would lose it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.ui import visit


def pressed(button: Callable[..., bool], label: str, key: str, **look: Any) -> bool:
    """Draws a button; True in the first drawing that comes to it after a press.

    button: `st.button`, that of a column, or `st.form_submit_button`.   look: of it.
    """
    presses = visit.state().presses
    button(label, key=key, on_click=presses.add, args=(key,), **look)
    if key not in presses:
        return False
    presses.discard(key)
    return True


def forget() -> None:
    """At the end of a drawing of the whole page: a press whose button is gone is not answered later."""
    visit.state().presses.clear()

"""Actions: what a visitor did at a component of ours, which the browser tells again until it hears that it arrived.

Of two messages that wait for the same run of a page, Streamlit delivers only the later one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

Action = dict[str, Any]


def unseen(actions: Iterable[Action], seen: int) -> list[Action]:
    """What has not been answered yet, in the order it was done."""
    return sorted((action for action in actions if action["n"] > seen), key=lambda action: action["n"])


def seen(key: str) -> int:
    """The number of the last action of a component that was seen."""
    number: int = st.session_state.get(f"{key}.seen", 0)
    return number


def deliver(key: str, on_action: Callable[[Action], None]) -> Callable[[], None]:
    """A callback that carries each action out once, before the page is drawn."""

    def call() -> None:
        for action in unseen(st.session_state[key]["action"] or (), seen(key)):
            st.session_state[f"{key}.seen"] = action["n"]
            on_action(action)

    return call

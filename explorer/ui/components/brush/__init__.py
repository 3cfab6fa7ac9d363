"""Brush: a text in tokens of which a span is chosen, by a press and a drag or by arrow keys.

Brushing needs no server: only the span that it ends in comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source("explorer_brush", scripts=("brush.js",), styles=("brush.css",))
mount = SOURCE.component()


def message(
    tokens: Sequence[str], start: int, end: int, on: np.ndarray | None, legend: str, projector: bool = False
) -> bytes:
    """What is drawn. tokens: T as they are shown.   start, end: of the span, which both belong to it.

    on (T,): the tokens with a coloured ground, None for none.   legend: what the ground means, "" for nothing.
    ValueError where the span or the ground does not fit the tokens.
    """
    if not 0 <= start <= end < len(tokens):
        raise ValueError(f"there is no span from {start} to {end} of {len(tokens)} tokens")
    if on is not None and len(on) != len(tokens):
        raise ValueError(f"{len(on)} grounds do not fit {len(tokens)} tokens; give one a token")
    header = {
        "tokens": list(tokens),
        "start": start,
        "end": end,
        "on": [] if on is None else np.flatnonzero(on).tolist(),
        "legend": legend,
        "projector": projector,
    }
    return pack(header, [])


def brush(message: bytes, *, key: str, on_span: Callable[[int, int], None]) -> None:
    """Draws a message. on_span: is called with both ends of a span that was brushed, before the page runs."""

    def deliver() -> None:
        span = st.session_state[key]["span"]
        if isinstance(span, list) and len(span) == 2 and all(type(end) is int and end >= 0 for end in span):
            on_span(min(span), max(span))

    mount(key=key, data=message, on_span_change=deliver)

"""Ribbons: a source and its answer in two lines, and between them what a head reads of the one for the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explorer.measure.text import links
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_ribbons",
    scripts=("palette.js", "hot.js", "moving.js", "ribbons.js"),
    styles=("elements.css", "ribbons.css"),
)
mount = SOURCE.component()


def message(
    title: str,
    source: Sequence[str],
    tokens: Sequence[str],
    weights: np.ndarray,
    gold: np.ndarray | None = None,
    forced: Sequence[int] = (),
    place: int | None = None,
    changed: Sequence[int] = (),
    projector: bool = False,
) -> bytes:
    """What is drawn. weights (N, S): attention of each token of the answer on the source's, rows as they are.

    gold (N, S): 1 where the task says that two belong together.   forced: places that were put there by hand.
    place: the one that is chosen.   changed: places that differ from another answer.
    """
    header = {
        "title": title,
        "source": list(source),
        "tokens": list(tokens),
        "gold": [] if gold is None else partners(gold),
        "forced": list(forced),
        "place": place,
        "changed": list(changed),
        "projector": projector,
    }
    return pack(header, [weights])


def partners(gold: np.ndarray) -> list[list[list[int]]]:
    """Each link of the task as the places of a piece of the answer and those of its partner in the source."""
    target, source = links.pieces(gold)
    return [
        [np.flatnonzero(target == t).tolist(), np.flatnonzero(source == s).tolist()]
        for t, s in sorted(links.sure(gold))
    ]


def ribbons(message: bytes, *, key: str, on_place: Callable[[int], None] | None = None) -> None:
    """Draws a message. `on_place` is called with the place in the answer that was clicked."""

    def deliver() -> None:
        place = st.session_state[key]["place"]
        if isinstance(place, int) and place >= 0 and on_place is not None:
            on_place(place)

    mount(key=key, data=message, on_place_change=deliver)

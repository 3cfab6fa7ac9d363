"""Strips: one text under several readers, each token on the ground of a number; a click on a token chooses it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_strips", scripts=("palette.js", "hot.js", "moving.js", "strips.js"), styles=("elements.css", "strips.css")
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Strip:
    """A row: its name and a note, and of each of T tokens a number, NaN where there is none."""

    name: str
    note: str
    tokens: Sequence[str]
    values: np.ndarray


def message(
    title: str,
    strips: Sequence[Strip],
    unit: str,
    most: float,
    foot: str,
    masked: Collection[int] = (),
    chosen: int | None = None,
    mask: str = "▢",
    projector: bool = False,
) -> bytes:
    """What is drawn. unit: of the numbers.   most: the number from which a ground is darkest.   foot: how to read it.

    masked: places that are shown as `mask`.   chosen: the place that has a frame.
    """
    header = {
        "title": title,
        "strips": [{"name": one.name, "note": one.note, "tokens": list(one.tokens)} for one in strips],
        "unit": unit,
        "most": most,
        "foot": foot,
        "masked": sorted(masked),
        "chosen": chosen,
        "mask": mask,
        "projector": projector,
    }
    return pack(header, [one.values for one in strips])


def strips(message: bytes, *, key: str, on_clicked: Callable[[int], None] | None = None) -> None:
    """Draws a message. `on_clicked` is called with the place of a token that is clicked."""

    def deliver() -> None:
        place = st.session_state[key]["clicked"]
        if isinstance(place, int) and place >= 0 and on_clicked is not None:
            on_clicked(place)

    mount(key=key, data=message, on_clicked_change=deliver)

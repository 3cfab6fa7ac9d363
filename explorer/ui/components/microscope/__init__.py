"""Microscope: rows of numbers over steps as colours at true magnitude, and one step of them as bars.

R rows (tensors, blocks or heads), n columns of steps. Hovering, another quantity and another scope of the
colours need no server; a click comes back as the row and the step that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_microscope",
    scripts=("palette.js", "hot.js", "moving.js", "axes.js", "plot.js", "microscope_drawing.js", "microscope.js"),
    styles=("elements.css", "stage.css", "microscope.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Row:
    """One row. id: what a click reports.   layer: rows of one layer may share a scale.   color: of its layer."""

    id: str
    name: str
    layer: str
    color: str


@dataclass(frozen=True)
class Quantity:
    """One kind of numbers, values (R, n), at true magnitude. guide: a size to compare with."""

    name: str
    unit: str
    values: np.ndarray
    guide: float | None = None


def message(
    rows: Sequence[Row],
    starts: np.ndarray,
    steps: np.ndarray,
    quantities: Sequence[Quantity],
    *,
    label: str,
    newest: int,
    cursor: int | None,
    height: int,
    peaks: bool = False,
    moment: Mapping[str, Any] | None = None,
) -> bytes:
    """What the component draws. Raises ValueError where sizes disagree.

    starts (n,): the first step that each column stands for.   steps (n,): the step its numbers are of.
    newest: the last step of the axis.   cursor: the step looked at, None while live.
    peaks: whether a column of several steps has the numbers of the one with the largest gradient.
    moment: of what it tells, see feed.py, if the feed moves it.
    """
    for quantity in quantities:
        if quantity.values.shape != (len(rows), len(steps)):
            raise ValueError(f"{quantity.name}: values {quantity.values.shape} are not {len(rows)} rows × {len(steps)}")
    header: dict[str, Any] = {
        "rows": [asdict(row) for row in rows],
        "columns": len(steps),
        "quantities": [{"name": q.name, "unit": q.unit, "guide": q.guide} for q in quantities],
        "label": label,
        "file": label.lower().replace(" ", "-"),
        "newest": newest,
        "cursor": cursor,
        "peaks": peaks,
        "height": height,
        "moment": moment,
        "colors": {"cursor": theme.CURSOR, "bad": theme.BAD},
    }
    return pack(header, [starts, steps, *(quantity.values for quantity in quantities)])


def microscope(data: bytes, *, key: str, height: int, on_chosen: Callable[[str, int | None], None]) -> None:
    """Draws the rows of a message. `on_chosen` is called with a clicked row's id and step, before the page runs."""

    def deliver() -> None:
        chosen = st.session_state[key]["chosen"]
        if chosen is not None:
            on_chosen(chosen["row"], None if chosen["step"] is None else int(chosen["step"]))

    mount(key=key, data=data, height=height, on_chosen_change=deliver)

"""Heat map: matrices of one shape side by side, each with its axes, repainted from raw bytes. R rows, C columns.

For what is no attention pattern: tables of positions, their products, attention by distance. Hovering, walking with the
arrow keys and saving need no server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

KINDS = ("probability", "size", "signed", "power")

SOURCE = Source(
    "explorer_heat_map",
    scripts=("palette.js", "hot.js", "moving.js", "plot.js", "heat_map_drawing.js", "heat_map.js"),
    styles=("elements.css", "stage.css", "heat_map.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Side:
    """What rows or columns are: the axis' name, and a label each."""

    name: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Look:
    """How a heat map is drawn.

    title: what is shown.   text: for a screen reader.   unit: of a number shown on hover.   kind: probability, colours
    fixed on [0, 1]; size, fixed on the `ends`, of which the first is 0; signed, centred on zero up to the largest size;
    or power, log₁₀ of sizes between the `ends`, with nothing drawn where there is no number.   height: pixels of a row
    of panels.   square: cells are square.   least: pixels that a panel needs at least.   mark: a row, and column where
    cells are square, before which a line is drawn, with its words.   chosen, column: the row, or the column, that a
    click chose, where they can be chosen; −1 before.
    """

    title: str
    text: str
    unit: str
    kind: str
    height: int = 320
    square: bool = False
    least: int = 260
    mark: tuple[int, str] | None = None
    ends: tuple[float, float] | None = None
    chosen: int | None = None
    column: int | None = None


def message(panels: Mapping[str, np.ndarray], rows: Side, columns: Side, look: Look, projector: bool = False) -> bytes:
    """What is drawn: panels (R, C) by title. ValueError where shapes disagree or the kind is not known."""
    if look.kind not in KINDS:
        raise ValueError(f"kind={look.kind!r} is not known; use one of {', '.join(KINDS)}")
    for name, matrix in panels.items():
        if matrix.shape != (len(rows.labels), len(columns.labels)):
            raise ValueError(
                f"{name}: matrix of shape {matrix.shape} does not fit {len(rows.labels)} rows and "
                f"{len(columns.labels)} columns"
            )
    header: dict[str, Any] = {
        "panels": list(panels),
        "rows": {"name": rows.name, "labels": list(rows.labels)},
        "columns": {"name": columns.name, "labels": list(columns.labels)},
        "title": look.title,
        "alt": look.text,
        "unit": look.unit,
        "kind": look.kind,
        "height": look.height,
        "square": look.square,
        "least": look.least,
        "mark": look.mark,
        "ends": look.ends,
        "chosen": look.chosen,
        "column": look.column,
        "projector": projector,
    }
    return pack(header, list(panels.values()))


def heat_map(
    message: bytes,
    *,
    key: str,
    on_row: Callable[[int], None] | None = None,
    on_column: Callable[[int], None] | None = None,
) -> None:
    """Draws a message. on_row, on_column: are called with what was clicked, before the page runs."""

    def deliver(name: str, choose: Callable[[int], None] | None) -> None:
        number = st.session_state[key][name]
        if choose is not None and isinstance(number, int) and number >= 0:
            choose(number)

    mount(
        key=key,
        data=message,
        on_row_change=lambda: deliver("row", on_row),
        on_column_change=lambda: deliver("column", on_column),
    )


def numbered(name: str, count: int, first: int = 0) -> Side:
    """An axis that counts."""
    return Side(name, [str(i) for i in range(first, first + count)])

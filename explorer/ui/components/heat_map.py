"""Heat map: matrices of one shape side by side, each with its axes, repainted from raw bytes. R rows, C columns.

For what is no attention pattern: tables of positions, their products, attention by distance. Hovering, walking with the
arrow keys and saving need no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "elements.js", "plot.js", "heat_map_drawing.js", "heat_map.js")
STYLES = ("elements.css", "stage.css", "heat_map.css")
KINDS = ("probability", "signed")

mount = st.components.v2.component(
    "explorer_heat_map",
    css="\n".join((HERE / name).read_text("utf-8") for name in STYLES),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


@dataclass(frozen=True)
class Side:
    """What rows or columns are: the axis' name, and a label each."""

    name: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Look:
    """How a heat map is drawn.

    title: what is shown.   text: for a screen reader.   unit: of a number told on hover.   kind: probability, colours
    fixed on [0, 1], or signed, centred on zero up to the largest size.   height: pixels of a row of panels.   square:
    cells are square.   least: pixels that a panel needs; so many stand in a row.   mark: a row, and column where
    cells are square, before which a line is drawn, with its words.
    """

    title: str
    text: str
    unit: str
    kind: str
    height: int = 320
    square: bool = False
    least: int = 260
    mark: tuple[int, str] | None = None


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
        "text": look.text,
        "unit": look.unit,
        "kind": look.kind,
        "height": look.height,
        "square": look.square,
        "least": look.least,
        "mark": look.mark,
        "projector": projector,
    }
    return pack(header, list(panels.values()))


def heat_map(told: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=told)


def numbered(name: str, count: int, first: int = 0) -> Side:
    """An axis that counts."""
    return Side(name, [str(i) for i in range(first, first + count)])

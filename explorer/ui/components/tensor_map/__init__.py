"""Tensor map: every entry of one tensor as a cell, in which one is chosen. R rows, C columns.

A tall tensor lies on its side, so that cells stay large enough to point at. Hovering needs no server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_tensor_map",
    scripts=("palette.js", "hot.js", "moving.js", "tensor_map.js"),
    styles=("tensor_map.css",),
)
mount = SOURCE.component()


def describe(matrix: np.ndarray, name: str, selected: tuple[int, int], height: int) -> dict[str, Any]:
    """The header of the message. Raises ValueError where the chosen entry is not in the matrix."""
    if matrix.ndim != 2:
        raise ValueError(f"{name} has shape {matrix.shape}; give rows and columns, a vector as one row")
    rows, columns = matrix.shape
    if not (0 <= selected[0] < rows and 0 <= selected[1] < columns):
        raise ValueError(f"{list(selected)} is not in {name} of {rows} rows and {columns} columns")
    label = f"{name}, {rows} rows and {columns} columns. Arrow keys move, Enter chooses."
    return {"shape": [rows, columns], "name": name, "selected": list(selected), "height": height, "label": label}


def tensor_map(
    matrix: np.ndarray,
    name: str,
    *,
    key: str,
    selected: tuple[int, int],
    height: int = 300,
    on_change: Callable[[], None],
) -> dict[str, int] | None:
    """Draws `matrix` (R, C), signed and centred on zero, `selected` outlined, in `height` pixels.

    Gives back the entry last clicked, {"row": r, "column": c}. `on_change` is called before the page runs
    again. Raises ValueError where shapes disagree.
    """
    header = describe(matrix, name, selected, height)
    return mount(key=key, data=pack(header, [matrix]), on_cell_change=on_change).cell

"""Examples of the messages of components that the Reading page shows."""

from __future__ import annotations

import numpy as np

from components.mounting import numbers
from explorer.ui.components import strips, tiles

LONG = "w" * 300  # a word that no page is wide enough for


def of_strips() -> None:
    for tokens, rows, masked in ((["a", "⏎", "b"], 2, [1]), (["c", "⏎", "d"], 2, []), ([LONG, "e"], 1, [0, 1])):
        values = [np.append(np.nan, numbers(len(tokens) - 1, seed=row)) for row in range(rows)]
        drawn = [strips.Strip(f"row {row}", f"of {LONG}", tokens, value) for row, value in enumerate(values)]
        message = strips.message("The text", drawn, "bits", 8, "Click one.", masked, masked[0] if masked else None)
        strips.strips(message, key="c", on_clicked=print)


def of_tiles() -> None:
    for title, names, side in (("Each letter", ["s", "⊣"], 8), ("Every letter", ["t", "⊣"], 8), ("One", [LONG], 4)):
        patches = (side // 2) ** 2
        attention = np.abs(numbers(len(names), patches, seed=len(title)))
        attention = attention / attention.sum(1, keepdims=True)
        shades = np.arange(side * side).reshape(side, side) % 3
        notes = [f"{n} %" for n in range(len(names))]
        tiles.tiles(tiles.message(title, shades, 2, names, notes, attention, f"of {LONG}"), key="c")

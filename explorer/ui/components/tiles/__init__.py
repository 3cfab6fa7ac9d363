"""Tiles: one picture several times, each with an attention on its patches. N tiles, S patches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_tiles", scripts=("palette.js", "hot.js", "moving.js", "tiles.js"), styles=("elements.css", "tiles.css")
)
mount = SOURCE.component()


def message(
    title: str,
    shades: np.ndarray,
    most: int,
    names: Sequence[str],
    notes: Sequence[str],
    attention: np.ndarray,
    foot: str,
    projector: bool = False,
) -> bytes:
    """What is drawn. shades (P, P): of each pixel, 0 to `most`.   attention (N, S): of each tile, row by row.

    names, notes: of each tile.   foot: how to read it.
    """
    header = {
        "title": title,
        "side": len(shades),
        "most": most,
        "patches": attention.shape[1],
        "names": list(names),
        "notes": list(notes),
        "foot": foot,
        "projector": projector,
    }
    return pack(header, [shades, attention])


def tiles(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)

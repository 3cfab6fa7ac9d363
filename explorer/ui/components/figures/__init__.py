"""Figures: numbers with their names in one row, which the feed may move between two runs of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_figures",
    scripts=("hot.js", "figures.js"),
    isolated=False,  # looks as `picture.figures` does
)
mount = SOURCE.component()


def message(numbers: Mapping[str, str], name: str, moment: Mapping[str, Any]) -> bytes:
    """What it draws: words by their names. name: what the feed calls it.   moment: of what it tells, see feed.py."""
    return pack({"numbers": list(numbers.items()), "name": name, "moment": moment}, [])


def figures(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)

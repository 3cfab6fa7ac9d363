"""Samples: what a model says, in lines of marked words, which the feed may renew between two runs of the page.

Words travel as words and are never read as HTML: a visitor's own are among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

Words = tuple[str, str]  # what they are (right, wrong, read, word, or nothing), and the words

SOURCE = Source(
    "explorer_samples",
    scripts=("hot.js", "moving.js", "samples.js"),
    isolated=False,  # style.css says how it looks, and where it stands on a board
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Part:
    """A title with a note; lines, or a text as it was written; and under them a line of small words."""

    title: str
    note: str
    lines: Sequence[Sequence[Words]]
    foot: Sequence[Words]
    text: str | None = None


def message(parts: Sequence[Part], name: str, moment: Mapping[str, Any], writes: bool = False) -> bytes:
    """What it draws. name: what the feed calls it.   moment: of what it tells, see feed.py.

    By the feed come fewer parts, in the same order: those behind them stay.   writes: a text runs on over the lines.
    """
    header = {"parts": [asdict(part) for part in parts], "writes": writes, "name": name, "moment": moment}
    return pack(header, [])


def samples(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)

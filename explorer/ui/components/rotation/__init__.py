"""Rotation: one channel pair of a query and a key turned by their positions, moving by hand or by itself.

i channel pair. All pairs travel at once, so that moving, playing and choosing another pair need no server.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from explorer.charts import theme
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_rotation",
    scripts=(
        "palette.js",
        "hot.js",
        "moving.js",
        "axes.js",
        "plot.js",
        "vector.js",
        "rotation_drawing.js",
        "rotation.js",
    ),
    styles=("elements.css", "rotation.css"),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Turning:
    """What turns. q, k (pairs, 2): before they are turned; theta (pairs,): radians a position.

    query, key: the positions to begin at; last: the largest one.   subject: whose they are, in words.
    """

    q: np.ndarray
    k: np.ndarray
    theta: np.ndarray
    query: int
    key: int
    last: int
    subject: str


def message(turning: Turning, projector: bool = False) -> bytes:
    """What is drawn. ValueError where shapes disagree."""
    pairs = len(turning.theta)
    if turning.q.shape != (pairs, 2) or turning.k.shape != (pairs, 2):
        raise ValueError(f"q of {turning.q.shape} and k of {turning.k.shape} are not {pairs} pairs of two channels")
    header = {
        "pairs": pairs,
        "at": [turning.query, turning.key],
        "last": turning.last,
        "subject": turning.subject,
        "scale": 1 / math.sqrt(2 * pairs),
        "colors": {"query": theme.CATEGORICAL[0], "key": theme.CATEGORICAL[1], "product": theme.CATEGORICAL[2]},
        "projector": projector,
    }
    return pack(header, [turning.q, turning.k, turning.theta], "<f8")


def rotation(data: bytes, *, key: str) -> None:
    """Draws a message. The pair and the positions chosen stay while the numbers change."""
    mount(key=key, data=data)

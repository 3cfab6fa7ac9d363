"""Straight lines through an attention pattern: a head that looks back by so much, at itself, or reads backwards.

Q query, K key. A line is made of its visible cells, and counts only with FEWEST of them or more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.measure.attention import even, visible

FEWEST = 5  # cells that a line must have to be worth a name


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One family of parallel lines.

    heading: over a column.   words: what a head does that puts its attention there.   named: the same of one line,
    {n} positions away.   meaning: what the number is.   mirror: the lines on which query + key is constant, rather
    than query − key.   among: which of these constants belong to the kind.
    """

    heading: str
    words: str
    named: str
    meaning: str
    mirror: bool = False
    among: Callable[[np.ndarray], np.ndarray] = lambda offset: np.full(offset.shape, True)


KINDS: dict[str, Kind] = {
    "mirror": Kind(
        heading="reads back",
        words="reads back",
        named="reads back",
        meaning="mean attention on the clearest anti-diagonal, key = n − query: the sequence read backwards",
        mirror=True,
    ),
    "back": Kind(
        heading="looks back",
        words="looks back",
        named="looks {n} back",
        meaning="mean attention on the clearest line key = query − n",
        among=lambda offset: offset > 0,
    ),
    "itself": Kind(
        heading="itself",
        words="looks at itself",
        named="looks at itself",
        meaning="mean attention of a token on itself",
        among=lambda offset: offset == 0,
    ),
    "ahead": Kind(
        heading="looks ahead",
        words="looks ahead",
        named="looks {n} ahead",
        meaning="mean attention on the clearest line key = query + n",
        among=lambda offset: offset < 0,
    ),
}


@dataclass(frozen=True)
class Line:
    """A line of cells.

    kind: one of KINDS.   offset: query − key, or query + key where the kind is a mirror.   score: mean probability
    on it.   chance: what a head that spreads evenly would put there.
    """

    kind: str
    offset: int
    score: float
    chance: float

    @property
    def words(self) -> str:
        """What a head does that puts its attention there: looks 3 back."""
        return KINDS[self.kind].named.format(n=abs(self.offset))


def lines(pattern: np.ndarray) -> dict[str, Line]:
    """Of each kind the line through one head's pattern (Q, K) with the largest mean probability.

    A kind that has no line of FEWEST visible cells is left out.
    """
    seen, chances = visible(pattern), even(pattern[None])[0]
    q, k = np.indices(pattern.shape)
    along = {}  # of both directions, for every offset: visible cells, and the means on them
    for mirror in {kind.mirror for kind in KINDS.values()}:
        offset = q + k if mirror else q - k
        low = int(offset.min())
        cells = (offset - low).ravel()
        count = np.bincount(cells, seen.ravel())
        score = np.bincount(cells, pattern.ravel()) / np.maximum(count, 1)
        along[mirror] = low, count, score, np.bincount(cells, chances.ravel()) / np.maximum(count, 1)
    clearest = {}
    for name, kind in KINDS.items():
        low, count, score, chance = along[kind.mirror]
        counts = (count >= FEWEST) & kind.among(np.arange(len(count)) + low)
        if not counts.any():
            continue
        top = int(np.where(counts, score, -1).argmax())
        clearest[name] = Line(name, top + low, float(score[top]), float(chance[top]))
    return clearest

"""What an attention pattern looks like, in numbers. H heads, Q queries, K keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEWEST = 5  # cells that a line through a pattern must have to be worth a name


def entropy(pattern: np.ndarray) -> np.ndarray:
    """Mean entropy of the rows of each head, (H,), as a share of the uniform row's: H / log(visible keys).

    Rows that see one key are left out, and NaN is given where no row is left.
    """
    keys = visible(pattern.max(axis=0)).sum(axis=-1)  # (Q,)
    rows = keys > 1
    if not rows.any():
        return np.full(len(pattern), np.nan)
    p = pattern[:, rows].astype(np.float64)
    nats = -(p * np.log(np.where(p > 0, p, 1))).sum(-1)  # (H, rows)
    return (nats / np.log(keys[rows])).mean(-1)


def visible(pattern: np.ndarray) -> np.ndarray:
    """Which keys each query may see, (Q, K): not the future where the pattern is causal, no hidden column.

    A visible probability may have underflowed to 0, so one cell alone does not tell.
    """
    causal = pattern.shape[0] == pattern.shape[1] and not np.triu(pattern, 1).any()
    seen = np.tril(np.ones(pattern.shape, dtype=bool)) if causal else np.ones(pattern.shape, dtype=bool)
    return seen & (pattern.any(axis=0) if not causal else True)


@dataclass(frozen=True)
class Line:
    """A straight line of cells: `back` (key = query − offset) or `mirror` (key = offset − query).

    score: mean probability on it.   chance: what a head that spreads evenly would put there.
    """

    kind: str
    offset: int
    score: float
    chance: float


def line(pattern: np.ndarray) -> Line:
    """The line through one head's pattern (Q, K) with the largest mean probability.

    A line is made of its visible cells, and counts only with `FEWEST` of them or more.
    """
    seen = visible(pattern)
    even = seen / seen.sum(-1, keepdims=True)
    q, k = np.indices(pattern.shape)
    best = Line("back", 0, 0.0, 1.0)
    for kind, offset in (("back", q - k), ("mirror", q + k)):
        low = offset.min()
        cells = (offset - low).ravel()
        count = np.bincount(cells, seen.ravel())
        score = np.bincount(cells, pattern.ravel()) / np.maximum(count, 1)
        chance = np.bincount(cells, even.ravel()) / np.maximum(count, 1)
        score = np.where(count >= FEWEST, score, 0)
        top = int(score.argmax())
        if score[top] > best.score:
            best = Line(kind, top + int(low), float(score[top]), float(chance[top]))
    return best

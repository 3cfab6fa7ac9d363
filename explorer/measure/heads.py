"""Heads: scores on a random sequence that is repeated, and the step from which a head stands out.

B batch, H heads, n length of the sequence, T = 2n positions: positions q and q − n hold the same token.

    a b c d a b c d        at the second c (q = 6, n = 4) a previous-token head looks at b (5), a
    0 1 2 3 4 5 6 7        duplicate-token head at the first c (2), an induction head at d (3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.measure import attention
from explorer.measure.attention import even

CLEAR = 0.4  # with so much on one key per row, at most one other key can have more: the head mainly does this
TIMES_CHANCE = 3  # in short sequences even attention comes close to CLEAR
LASTING = 2  # snapshots for which a head must continue to stand out


@dataclass(frozen=True, kw_only=True)
class Score:
    """How much a head shows one known behaviour on a repeated sequence, in [0, 1].

    heading: over a column.   words: the name of such a head.   meaning: of the number. measure: patterns (B, H, T, T)
    and n -> (H,), a mean over samples and positions. clear: the least score that gives a head the name.
    """

    heading: str
    words: str
    meaning: str
    formula: str
    source: str
    measure: Callable[[np.ndarray, int], np.ndarray]
    clear: float = CLEAR

    def stands_out(self, score: np.ndarray | float, chance: np.ndarray | float) -> np.ndarray:
        """Whether a head deserves the name."""
        return stands_out(score, chance, self.clear)

    def chance(self, n: int, causal: bool) -> float:
        """The score of a head that attends evenly to all it may see."""
        open_to = np.ones((1, 2 * n, 2 * n))
        return float(self.measure(even(np.tril(open_to) if causal else open_to)[None], n)[0])


def previous(patterns: np.ndarray, n: int) -> np.ndarray:
    """Mean of A[q, q − 1] over all q ≥ 1."""
    return stripe(patterns, -1)


def duplicate(patterns: np.ndarray, n: int) -> np.ndarray:
    """Mean of A[q, q − n] over the second half."""
    return stripe(patterns[:, :, n:], 0)


def induction(patterns: np.ndarray, n: int) -> np.ndarray:
    """Mean of A[q, q − n + 1] over the second half."""
    return stripe(patterns[:, :, n:], 1)


def stripe(patterns: np.ndarray, offset: int) -> np.ndarray:
    """Mean over samples and rows of A[row, row + offset]: (B, H, rows, T) -> (H,)."""
    return np.diagonal(patterns, offset, axis1=-2, axis2=-1).mean(axis=(0, 2), dtype=np.float64)


# Olsson et al. 2022, "In-context learning and induction heads". The plain mean of a stripe is the convention of
# transformer-lens' demos; its `head_detector` (error_measure="mul") divides the same sum by all T rows, so on
# tokens that do not repeat otherwise it gives n/T = 1/2 of our duplicate and induction, (T − 1)/T of our previous.
OLSSON = "Olsson et al. 2022"
SCORES: dict[str, Score] = {
    "previous": Score(
        heading="previous",
        words="previous token",
        meaning="mean attention on the token just before",
        formula="A[q, q−1]",
        source=OLSSON,
        measure=previous,
    ),
    "duplicate": Score(
        heading="duplicate",
        words="duplicate token",
        meaning="mean attention on the earlier copy of the same token",
        formula="A[q, q−n]",
        source=OLSSON,
        measure=duplicate,
    ),
    "induction": Score(
        heading="induction",
        words="induction",
        meaning="mean attention on what came after the earlier copy",
        formula="A[q, q−n+1]",
        source=OLSSON,
        measure=induction,
    ),
}


@dataclass(frozen=True, kw_only=True)
class InputScore:
    """What a head does on the input shown; gives it no name.

    order: how the heads are ordered on the map, in words.   measure: pattern (H, Q, K) -> (H,).
    """

    heading: str
    order: str
    meaning: str
    measure: Callable[[np.ndarray], np.ndarray]
    decimals: int = 2


ON_INPUT: dict[str, InputScore] = {
    "entropy": InputScore(
        heading="entropy",
        order="entropy",
        meaning="1: spread evenly over all it may see, 0: on one key",
        measure=attention.entropy,
    ),
    "sink": InputScore(
        heading="first", order="first token", meaning="attention on the first token", measure=attention.sink
    ),
    "distance": InputScore(
        heading="distance",
        order="distance",
        meaning="mean distance, in tokens",
        measure=attention.distance,
        decimals=1,
    ),
}


def stands_out(score: np.ndarray | float, chance: np.ndarray | float, clear: float = CLEAR) -> np.ndarray:
    """Whether a score is so clearly above chance that the head deserves the name."""
    return (np.asarray(score) >= clear) & (np.asarray(score) > TIMES_CHANCE * chance)


def crossings(
    steps: np.ndarray, scores: np.ndarray, chance: np.ndarray | float, clear: float = CLEAR
) -> list[tuple[int, int]]:
    """The step from which each head stands out, as (head, step) in order of step.

    steps (N,) of the snapshots, scores and chance (N, H) at them. A head counts from the first snapshot at which it
    stands out and still does at the next `LASTING` ones, or at all that there are yet: a single outlier is no event.
    Heads that never do are left out.
    """
    out = stands_out(scores, chance, clear)
    stays = out.copy()
    for ahead in range(1, LASTING + 1):
        stays[:-ahead] &= out[ahead:]
    crossed = [(h, int(steps[since.argmax()])) for h, since in enumerate(stays.T) if since.any()]
    return sorted(crossed, key=lambda crossing: crossing[1])

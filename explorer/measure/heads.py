"""What single heads do: scores on a random sequence said twice, and since which step they stand out.

B batch, H heads, n length of the sequence, T = 2n positions: positions q and q − n hold the same token.

    a b c d a b c d        at the second c (q = 6, n = 4) a previous-token head looks at b (5), a
    0 1 2 3 4 5 6 7        duplicate-token head at the first c (2), an induction head at d (3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.measure.attention import even

CLEAR = 0.4  # with so much on one key a row, at most one other key can have more: the name says what it mainly does
TIMES_CHANCE = 3  # in short sequences even attention comes close to CLEAR
LASTING = 2  # snapshots for which a head must go on standing out


@dataclass(frozen=True)
class Score:
    """How much a head does one known thing, in [0, 1].

    words: what a head is called that does it.   meaning: what it does, in a sentence.
    measure: patterns (B, H, T, T) and n -> (H,), a mean over samples and positions.
    """

    words: str
    meaning: str
    measure: Callable[[np.ndarray, int], np.ndarray]

    def chance(self, n: int, causal: bool) -> float:
        """What a head that spreads evenly over all it may see scores."""
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
SCORES: dict[str, Score] = {
    "previous": Score("previous token", "It looks at the token just before.", previous),
    "duplicate": Score("duplicate token", "It looks at the earlier copy of the same token.", duplicate),
    "induction": Score("induction", "It looks at what came after the earlier copy: the next token to say.", induction),
}


def stands_out(score: np.ndarray | float, chance: float) -> np.ndarray:
    """Whether a score is so clearly above chance that the head deserves the name."""
    return (np.asarray(score) >= CLEAR) & (np.asarray(score) > TIMES_CHANCE * chance)


def crossings(steps: np.ndarray, scores: np.ndarray, chance: float) -> list[tuple[int, int]]:
    """Since which step each head stands out, as (head, step) in order of step.

    steps (N,) of the snapshots, scores (N, H) at them. A head counts from the first snapshot at which it
    stands out and goes on doing so at the next `LASTING` ones, or at all that there are yet: a single
    outlier is no event. Heads that never do so are left out.
    """
    out = stands_out(scores, chance)
    stays = out.copy()
    for ahead in range(1, LASTING + 1):
        stays[:-ahead] &= out[ahead:]
    found = [(h, int(steps[since.argmax()])) for h, since in enumerate(stays.T) if since.any()]
    return sorted(found, key=lambda crossing: crossing[1])

"""Tells whether a share of right answers is more than guessing, by its standard error."""

from __future__ import annotations

import math

ERRORS = 3.0  # standard errors above chance: guessing reaches it in one of 740 batches


def standard_error(chance: float, answers: int) -> float:
    """The standard deviation of a guesser's share right among this many answers: √(p (1 − p) / n)."""
    return math.sqrt(chance * (1 - chance) / max(1, answers))


def above_chance(share: float, chance: float, answers: int) -> bool:
    """Whether a share of right answers lies ERRORS standard errors or more above chance; False for NaN."""
    return answers > 0 and share >= chance + ERRORS * standard_error(chance, answers) and share > chance

"""Tells whether a share of right answers is more than guessing, and how far it may be from the true share.

By the binomial distribution itself: near 0 and 1, or of few answers, the bell curve says too much.
"""

from __future__ import annotations

LUCK = 1 / 740  # what guessing may reach this often still counts as guessing: three standard deviations of a bell
SURE = 0.95


def above_chance(share: float, chance: float, answers: int) -> bool:
    """Whether guessing reaches a share of right answers in less than one of 740 batches; False for NaN."""
    from scipy.special import betainc

    if not (answers > 0 and share > chance):
        return False
    right = share * answers
    return float(betainc(right, answers - right + 1, chance)) <= LUCK


def exact_interval(right: float, answers: float) -> tuple[float, float]:
    """The 95 % interval of a share, of right ones among answers (Clopper & Pearson 1934): 200 of 200 are 98.2 to 100 %.

    It has a width where all are right or none is, and covers the true share at least as often as it says.
    """
    from scipy.special import betaincinv

    half = (1 - SURE) / 2
    low = 0.0 if right <= 0 else float(betaincinv(right, answers - right + 1, half))
    high = 1.0 if right >= answers else float(betaincinv(right + 1, answers - right, 1 - half))
    return low, high

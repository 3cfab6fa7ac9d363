"""Valley: the width of the range of learning rates in which an optimizer does nearly as well as at its best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHARE = 0.1  # of the way from the best loss to guessing


@dataclass(frozen=True)
class Valley:
    """best: the rate with the lowest loss.   low, high: the ends of the range around it.

    open_low, open_high: the range continues beyond the rates tried.
    """

    best: float
    loss: float
    low: float
    high: float
    open_low: bool
    open_high: bool

    @property
    def factor(self) -> float:
        """The upper end over the lower: 10 is one decade."""
        return self.high / self.low


def valley(rates: Sequence[float], losses: Sequence[float], guess: float, share: float = SHARE) -> Valley | None:
    """The range of rates around the best one whose loss is at most best + share · (guess − best).

    Between two rates the loss is taken as linear in log rate; a loss above `guess`, the loss of guessing, counts as
    guessing, as does one that is not finite. None if no loss is below guessing.
    """
    order = np.argsort(np.asarray(rates, dtype=np.float64))
    at = np.log(np.asarray(rates, dtype=np.float64)[order])
    raw = np.asarray(losses, dtype=np.float64)[order]
    height = np.where(np.isfinite(raw), np.minimum(raw, guess), guess)
    if not len(at) or height.min() >= guess:
        return None
    lowest = int(np.argmin(height))
    level = float(height[lowest] + share * (guess - height[lowest]))

    def edge(step: int) -> tuple[float, bool]:
        """The rate at which the loss rises above the level on this side, and whether it never does within the rates
        tried."""
        i = lowest
        while 0 <= i + step < len(at):
            if height[i + step] > level:
                part = (level - height[i]) / (height[i + step] - height[i])
                return math.exp(at[i] + part * (at[i + step] - at[i])), False
            i += step
        return math.exp(at[i]), True

    (low, open_low), (high, open_high) = edge(-1), edge(1)
    return Valley(math.exp(at[lowest]), float(height[lowest]), low, high, open_low, open_high)

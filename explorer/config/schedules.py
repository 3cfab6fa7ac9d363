"""Schedules, one record each: how the step size changes after the warm-up.

Forms, the config, the training and the preview read them from here. Plain arithmetic, so that pages can draw one ahead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from explorer.config.quoting import quoted


class Curved(Protocol):
    """A config with a curve drawn by hand."""

    @property
    def drawn(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule.

    meaning: what the rate does, as part of a sentence.   share: of the peak, at step s of n after the warm-up, s <= n;
    without an end, n is s.   ends: it needs to know the last step.   by_hand: the visitor draws its curve.
    """

    meaning: str
    share: Callable[[Curved, int, int], float]
    ends: bool = True
    by_hand: bool = False


def between(start: float, end: float, p: float) -> float:
    """From start to end along half a cosine, at p in [0, 1]."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * p))


def constant(config: Curved, s: int, n: int) -> float:
    """Always the peak."""
    return 1.0


def linear(config: Curved, s: int, n: int) -> float:
    """Straight down to 0."""
    return 1.0 - s / n


def cosine(config: Curved, s: int, n: int) -> float:
    """Half a cosine down to 0 (Loshchilov & Hutter 2017)."""
    return between(1.0, 0.0, s / n)


def one_cycle(config: Curved, s: int, n: int) -> float:
    """Up from 1/25 to the peak over three tenths of n steps, then down to 1/250,000 (Smith & Topin 2019).

    As torch's OneCycleLR, which would move momentum too.
    """
    top = 0.3 * n - 1
    if s < top:
        return between(1 / 25, 1.0, s / top)
    return between(1.0, 1 / 250_000, min(1.0, (s - top) / max(1.0, n - 1 - top)))


def through_points(config: Curved, s: int, n: int) -> float:
    """Linear between the points of the drawn curve."""
    curve, p = points(config.drawn), s / n
    for (left, low), (right, high) in pairwise(curve):
        if p <= right:
            return low + (high - low) * (p - left) / (right - left)
    return curve[-1][1]


def points(curve: str) -> list[tuple[float, float]]:
    """The points of a drawn schedule, "0:0.1 0.3:1 1:0": (share of the steps after the warm-up, share of the peak).

    ValueError unless it has 2 to 24 points from 0 to 1 in rising order, each share of the peak from 0 to 1.
    """
    way_out = 'use 2 to 24 points such as "0:0.1 0.3:1 1:0", rising from 0 to 1, each from 0 to 1 high'
    try:
        points = [(float(at), float(height)) for at, _, height in (point.partition(":") for point in curve.split())]
    except ValueError:
        raise ValueError(f"optimizer.drawn={quoted(curve)} is no curve; {way_out}") from None
    places = [at for at, _ in points]
    rising = all(a < b for a, b in pairwise(places))
    inside = all(0 <= height <= 1 for _, height in points)
    if not (2 <= len(points) <= 24 and rising and inside and places[0] == 0 and places[-1] == 1):
        raise ValueError(f"optimizer.drawn={quoted(curve)} is no curve over a run; {way_out}")
    return points


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule(meaning="constant", share=constant, ends=False),
    "linear": Schedule(meaning="linear to 0", share=linear),
    "cosine": Schedule(meaning="half a cosine to 0 (Loshchilov & Hutter 2017)", share=cosine),
    "one-cycle": Schedule(
        meaning="one-cycle, up from 1/25 over three tenths of the steps and down to 1/250,000 (Smith & Topin 2019), as "
        "torch’s OneCycleLR without its cycling of momentum",
        share=one_cycle,
    ),
    "drawn": Schedule(meaning="straight from point to point of the drawn curve", share=through_points, by_hand=True),
}

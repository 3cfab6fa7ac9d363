"""Schedules by name: how the step size changes over a run. Plain arithmetic, so that pages can draw one ahead."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from explorer.config import OptimizerConfig, points

# share of the peak at step s of n after the warm-up, s <= n
SHAPES: dict[str, Callable[[OptimizerConfig, int, int], float]] = {
    "constant": lambda config, s, n: 1.0,
    "linear": lambda config, s, n: 1.0 - s / n,
    "cosine": lambda config, s, n: between(1.0, 0.0, s / n),
    "one-cycle": lambda config, s, n: one_cycle(s, n),
    "drawn": lambda config, s, n: drawn(points(config.drawn), s / n),
}


def between(start: float, end: float, p: float) -> float:
    """From start to end along half a cosine, at p in [0, 1]."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * p))


def one_cycle(s: int, n: int) -> float:
    """Up from 1/25 to the peak over three tenths of n steps, then down to 1/250,000 (Smith & Topin 2019).

    As torch's OneCycleLR, which would move momentum too.
    """
    top = 0.3 * n - 1
    if s < top:
        return between(1 / 25, 1.0, s / top)
    return between(1.0, 1 / 250_000, min(1.0, (s - top) / max(1.0, n - 1 - top)))


def drawn(curve: list[tuple[float, float]], p: float) -> float:
    """Straight from point to point of a curve, at p in [0, 1]."""
    for (left, low), (right, high) in pairwise(curve):
        if p <= right:
            return low + (high - low) * (p - left) / (right - left)
    return curve[-1][1]


def learning_rate(config: OptimizerConfig, step: int, steps: int | None) -> float:
    """The step size of step `step` (from 0) of `steps`: linear warm-up, then the schedule's shape."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    if steps is None or config.schedule == "constant":
        return config.lr
    n = max(1, steps - config.warmup)
    return config.lr * SHAPES[config.schedule](config, min(n, step - config.warmup), n)

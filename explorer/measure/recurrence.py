"""Numbers of memory: how far a gradient reaches, and how long a gate keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.measure.names import number

Array = np.ndarray
CLEARLY = 0.9  # of the answers
Order = Literal["written", "left to right", "right to left"]  # of a decoder's states, and of an encoder's


@dataclass(frozen=True)
class Reach:
    """Gradients by the distance between prediction and state.

    distance: 0, 1, … .   mean: of log₁₀‖∂ℓ_t/∂h_s‖ over all pairs at that distance with a finite gradient above 0, NaN
    where there is none.   low, high: one standard deviation away.   gone: share of pairs whose gradient is exactly 0.
    """

    distance: Array
    mean: Array
    low: Array
    high: Array
    gone: Array


@dataclass(frozen=True)
class Line:
    """One value of a cell: its tap, its formula in symbols, the number that each symbol stands for, and the result."""

    tap: str
    formula: str
    terms: dict[str, float]
    value: float

    @property
    def filled(self) -> str:
        """The formula with its numbers."""
        return re.sub(r"[^\s()·+]+", lambda met: self.written(met[0]), self.formula).replace("+ −", "− ")

    def written(self, symbol: str) -> str:
        """What stands for a symbol; what is none stands for itself."""
        return number(self.terms[symbol]) if symbol in self.terms else symbol


def apart(places: list[int], count: int, order: Order = "written") -> Array:
    """How many states a gradient passes, (A, count), from each asked position to each of `count` states.

    Of an encoder's states: up to the last that it reads. Negative where a state comes later than the prediction.
    """
    last = {"written": np.asarray(places, dtype=int), "left to right": np.full(len(places), count - 1)}
    if order == "right to left":
        return np.tile(np.arange(count), (len(places), 1))
    return last[order][:, None] - np.arange(count)[None]


def reach(sizes: Array, places: list[int], order: Order = "written") -> Reach:
    """By distance, from sizes (A, T) = ‖∂ℓ_t/∂h_s‖ of the asked positions t."""
    return by_distance(sizes, apart(places, sizes.shape[1], order))


def by_distance(sizes: Array, apart: Array) -> Reach:
    """The same of sizes and distances of one shape."""
    distance = np.arange(apart.max() + 1) if apart.size else np.arange(0)
    mean, spread, gone = (np.full(len(distance), np.nan) for _ in range(3))
    for d in distance:
        here = sizes[apart == d]
        left = here[(here > 0) & np.isfinite(here)]
        gone[d] = np.mean(here == 0) if len(here) else np.nan
        if len(left):
            powers = np.log10(left)
            mean[d], spread[d] = powers.mean(), powers.std()
    return Reach(distance, mean, mean - spread, mean + spread, gone)


def each_token(reached: Reach) -> tuple[float, int]:
    """The factor by which one more token back changes the gradient, over the longest way there is, and that way.

    NaN and 0 where fewer than two distances have a gradient.
    """
    finite = np.flatnonzero(np.isfinite(reached.mean))
    if len(finite) < 2:
        return float("nan"), 0
    near, far = finite[0], finite[-1]
    return float(10 ** ((reached.mean[far] - reached.mean[near]) / (far - near))), int(far)


def remembered(delays: list[int], right: list[float]) -> int:
    """The longest delay up to which CLEARLY are right or more, at every one asked; 0 if they are at none."""
    kept = 0
    for delay, share in sorted(zip(delays, right, strict=True)):
        if not share >= CLEARLY:
            break
        kept = delay
    return kept


def memory_time(forget: Array) -> Array:
    """Tokens that a cell keeps its state for, about 1 / (1 − mean forget gate), from gates (N, D); inf if always 1."""
    kept = forget.mean(0, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return 1 / (1 - kept)

"""Toy surfaces and the optimizers' walks over them: pictures that need no run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer import toys
from explorer.runs.answer import Answer

POINTS = 81  # of each side of the surface
MOST_STEPS = 300


def surfaces() -> Answer:
    """What there is: of each surface its words, its window and the optimizers' learning rates."""
    told = {
        name: {
            "title": toy.title,
            "formula": toy.formula,
            "window": [list(side) for side in toy.window],
            "start": list(toy.start),
            "minima": [list(minimum) for minimum in toy.minima],
            "scale": toy.scale,
            "floor": toy.floor,
            "known_for": toy.known_for,
            "rates": {name: toys.rate_of(toy, name) for name in toys.NAMES},
        }
        for name, toy in toys.TOYS.items()
    }
    return {"toys": told, "optimizers": list(toys.NAMES)}, {}


def walks(name: str, start: Sequence[float], rates: Sequence[tuple[str, float]], steps: int) -> Answer:
    """The surface, and the walk of every optimizer of `rates` with its learning rate from `start`.

    plain: walks, of each its name, lr, source, ended and stages, {name, symbol, formula}.   Arrays: heights
    (POINTS, POINTS), and of the i-th walk `i.places` (N + 1, 2), `i.heights` (N + 1,), `i.numbers` (N, S, 2).
    ValueError where start or steps are not usable.
    """
    toy = toys.toy_named(name)
    if not all(math.isfinite(place) and abs(place) <= toys.FURTHEST for place in start):
        raise ValueError(f"start = {list(start)} is no place on the surface; use two numbers")
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps = {steps} is not possible here; use 1 to {MOST_STEPS}")
    told: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {"heights": toys.heights(toy, POINTS)}
    for i, (optimizer, lr) in enumerate(rates):
        found = toys.walk(toy, optimizer, lr, (start[0], start[1]), steps)
        told.append(
            {
                "name": found.name,
                "lr": found.lr,
                "source": found.source,
                "ended": found.ended,
                "stages": [{"name": s.name, "symbol": s.symbol, "formula": s.formula} for s in found.stages],
            }
        )
        arrays |= {f"{i}.places": found.places, f"{i}.heights": found.heights, f"{i}.numbers": found.numbers}
    return {"walks": told}, arrays

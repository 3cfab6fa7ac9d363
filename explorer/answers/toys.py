"""Toy surfaces and the optimizers' walks over them: pictures that need no run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from explorer.analysis import toys
from explorer.answers.records.toys import Stage, Surface, Surfaces, Walk, Walks
from explorer.config.optimizers import OPTIMIZERS

POINTS = 81  # of each side of the surface
MOST_STEPS = 300


def surfaces() -> Surfaces:
    """All surfaces: of each its words, its window and the optimizers' learning rates."""
    return Surfaces(
        toys={
            name: Surface(
                title=toy.title,
                formula=toy.formula,
                window=toy.window,
                start=toy.start,
                minima=toy.minima,
                scale=toy.scale,
                floor=toy.floor,
                known_for=toy.known_for,
                rates={optimizer: rule.toy_lr[name] for optimizer, rule in OPTIMIZERS.items()},
            )
            for name, toy in toys.TOYS.items()
        },
        optimizers=list(OPTIMIZERS),
    )


def walks(name: str, start: Sequence[float], rates: Sequence[tuple[str, float]], steps: int) -> Walks:
    """The surface (POINTS, POINTS), and the walk of every optimizer of `rates` with its learning rate from `start`.

    ValueError if start or steps are not usable.
    """
    toy = toys.toy_named(name)
    if not all(math.isfinite(place) and abs(place) <= toys.FURTHEST for place in start):
        raise ValueError(f"start = {list(start)} is no place on the surface; use two numbers")
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps = {steps} is not possible here; use 1 to {MOST_STEPS}")
    made = [toys.walk(toy, optimizer, lr, (start[0], start[1]), steps) for optimizer, lr in rates]
    return Walks(
        heights=toys.heights(toy, POINTS),
        walks=[
            Walk(
                name=walk.name,
                lr=walk.lr,
                source=walk.source,
                stages=tuple(Stage(stage.name, stage.symbol, stage.formula) for stage in walk.stages),
                places=walk.places,
                heights=walk.heights,
                numbers=walk.numbers,
                ended=walk.ended,
            )
            for walk in made
        ],
    )

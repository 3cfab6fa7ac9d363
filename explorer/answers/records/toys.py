"""Toy surfaces, and the optimizers' walks over them. N steps, S sub-steps of each."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Surface:
    """What is known of a toy surface before anything walks on it.

    window: x and y, from and to.   minima: x, y and what it is called.   scale: how heights are coloured, log, linear
    or signed; floor: of a log scale.   rates: the usual learning rate of each optimizer.
    """

    title: str
    formula: str
    window: tuple[tuple[float, float], tuple[float, float]]
    start: tuple[float, float]
    minima: tuple[tuple[float, float, str], ...]
    scale: str
    floor: float
    known_for: str
    rates: dict[str, float]


@dataclass(frozen=True)
class Surfaces(Record, of="toys.surfaces"):
    """All surfaces by name, and the optimizers that can walk on them."""

    toys: dict[str, Surface]
    optimizers: list[str]


@dataclass(frozen=True)
class Stage:
    """A sub-step of an optimizer's step."""

    name: str
    symbol: str
    formula: str


@dataclass(frozen=True)
class Walk:
    """places (N + 1, 2), heights (N + 1,), numbers (N, S, 2).   ended: why before its time, "" if it was not."""

    name: str
    lr: float
    source: str
    stages: tuple[Stage, ...]
    places: Array
    heights: Array
    numbers: Array
    ended: str


@dataclass(frozen=True)
class Walks(Record, of="toys.walks"):
    """heights: of the surface, a square over its window."""

    heights: Array
    walks: list[Walk]

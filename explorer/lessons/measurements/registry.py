"""The measurements by name, and how one is registered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from explorer.answers.records.record import R
from explorer.runs.run import Run

Arguments = dict[str, str | int | float]
ANY = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
SHARE = (0.0, 1.0)
CHANGE = (-1.0, 1.0)  # of a share


class Trial(Protocol):
    """A recorded training of which answers can be asked, and what differs of it."""

    @property
    def run(self) -> Run: ...

    def ask(self, kind: type[R], at: int, /, **arguments: object) -> R:
        """The answer of this kind at a step."""
        ...


@dataclass(frozen=True)
class Measurement:
    """limits: between which every value lies, these included.   function: trial, step, arguments -> value."""

    title: str
    unit: str
    limits: tuple[float, float]
    function: Callable[..., float]


MEASUREMENTS: dict[str, Measurement] = {}


def measurement(title: str, unit: str = "", limits: tuple[float, float] = ANY) -> Callable:
    """Registers a function under its name."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        MEASUREMENTS[function.__name__] = Measurement(title, unit, limits, function)
        return function

    return register

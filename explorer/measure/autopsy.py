"""Result of an autopsy: the first operation with a result that is not finite, and the sizes before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Entry = tuple[list[int], float]  # its place in the tensor, and its value


@dataclass(frozen=True)
class Operand:
    """A tensor in a few numbers. low, high: among what is finite, None if nothing is.

    nan, plus, minus: the shares that are NaN, +∞ and −∞.   largest: the finite entries of largest size.
    """

    name: str
    shape: list[int]
    low: float | None
    high: float | None
    nan: float
    plus: float
    minus: float
    largest: list[Entry]


@dataclass(frozen=True)
class Fault:
    """The first operation whose result is not finite although its operands are.

    place: the innermost module, or "loss".   tap: the last one passed.   back: in the backward pass; came_back: a
    gradient had reached a tap by then, and `tap` is the last of these.   weight: the parameter that was not finite at
    the start. exact: the largest size in float64, None if that is not finite either or the operation is not repeated.
    """

    operation: str
    place: str
    tap: str
    back: bool
    came_back: bool
    weight: str | None
    inputs: list[Operand]
    output: Operand
    exact: float | None


@dataclass(frozen=True)
class Held:
    """The values of a tap. largest: the largest finite size.   wrong: the share that is not finite without reason."""

    tap: str
    words: str
    largest: float
    wrong: float


@dataclass(frozen=True)
class BrokenWeight:
    """A parameter that was not finite before the step. count: of such entries.   user: its first use, in words."""

    name: str
    count: int
    first: list[int]
    user: str


@dataclass(frozen=True)
class Cause:
    """Why the step `index` failed.

    kind: forward, backward, weight (it was not finite before the step), norm (each gradient is finite, the sum of their
    squares is not) or none (the step works here).   words: the computation.   trail: every tap in order.   gradient:
    for kind norm, of the parameter with the largest entry.
    """

    index: int
    kind: Literal["forward", "backward", "weight", "norm", "none"]
    words: str
    trail: list[Held]
    fault: Fault | None = None
    weight: BrokenWeight | None = None
    gradient: Operand | None = None

"""One weight's X-ray. R rows, C columns of a tensor, n snapshots. taken: the step taken from the weights at `step`."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record
from explorer.measure.updates import Stage


@dataclass(frozen=True)
class WeightStep(Record, of="weight.weight"):
    """What a step did to one weight.

    rule, source: the optimizer, and where its formulas come from.   stages: from the gradient to the new weight.
    step_size, decay: what the formulas add to the weight, in float64.   before, after: the weight as the run had it,
    and observed their difference.   frozen: whether it belongs to a frozen head and was put back.
    """

    step: int
    taken: int
    rule: str
    source: str
    stages: list[Stage]
    step_size: float
    decay: float
    before: float
    after: float
    observed: float
    frozen: bool


@dataclass(frozen=True)
class TensorMap(Record, of="weight.tensor"):
    """A whole tensor, values (R, C): its value, its gradient or its change; a vector is one row."""

    step: int
    taken: int
    values: Array


@dataclass(frozen=True)
class Proof(Record, of="weight.proved"):
    """Central differences of the loss beside backpropagation, both in float64.

    h: the width of the difference.   at: the weight.   difference: (L(θ + h) − L(θ − h)) / 2h.   exact: ∂L/∂θ.
    relative: how far these two are apart, of the larger; None if both are 0.   trained: the gradient that the
    training itself has, in `precision`; apart: over the whole tensor ‖trained − exact‖ / ‖exact‖.   loss: L.
    others: other widths, each with its relative error.
    """

    step: int
    taken: int
    h: float
    at: float
    difference: float
    exact: float
    relative: float | None
    trained: float
    apart: float
    precision: str
    loss: float
    others: list[tuple[float, float | None]]


@dataclass(frozen=True)
class WeightHistory(Record, of="weight.history"):
    """The weight at snapshots, all (n,). gradient, change: of the step taken from there, NaN if none was."""

    step: int
    steps: Array
    value: Array
    gradient: Array
    change: Array

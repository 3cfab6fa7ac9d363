"""Instruments on the batches that a run trains on. B samples, N snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Measurement(Record, of="instruments.measure"):
    """The chosen instruments on the batch that one step trains on.

    numbers: by name, None if one cannot be known.   milliseconds: by what took them.   length: ‖g‖.
    texts (B,): of each sample.   dropout: the rate that training has, and this measurement has not.
    last: whether training ends at this step.   losses (B,): of each sample, in nats.
    along, across (B,): how far each sample pulls along the batch's gradient and across it, in units of ‖g‖.
    """

    step: int
    numbers: dict[str, float | None]
    milliseconds: dict[str, float]
    length: float
    texts: list[str]
    dropout: float
    last: bool
    losses: Array
    along: Array
    across: Array


@dataclass(frozen=True)
class InstrumentHistory(Record, of="instruments.history"):
    """The chosen instruments over snapshots: steps (N,), and each number by name, (N,), NaN if it is not known."""

    step: int
    steps: Array
    numbers: dict[str, Array]


@dataclass(frozen=True)
class Curvature(Record, of="instruments.curvature"):
    """The Hessian's ends on the batch of a step, and its edges of stability.

    top, bottom: the greatest and the least eigenvalue.   divided: the top where the Hessian is divided as the
    optimizer divides gradients; None if it divides by nothing, or no edge is known.   lr: η.
    descent_edge: 2/η, of gradient descent.   edge: the optimizer's.   Both None if η is 0 or none is known.
    seconds: that the measurement took.
    """

    step: int
    optimizer: str
    top: float
    bottom: float
    divided: float | None
    lr: float
    descent_edge: float | None
    edge: float | None
    seconds: float

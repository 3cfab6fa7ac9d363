"""What an optimizer keeps and how large its steps are. N snapshots, Q quantiles (5, 25, 50, 75, 95 %)."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class KeptNumbers:
    """Sizes of one thing that the optimizer keeps. key: torch's name of it.

    quantiles (N, Q), NaN before there is any.   histogram: at the last snapshot, the share of the numbers that are not
    0 in each bin of log10 of their size.
    """

    key: str
    symbol: str
    quantiles: Array
    histogram: Array


@dataclass(frozen=True)
class OptimizerState(Record, of="optimizer_state.spread"):
    """Sizes of all that the optimizer keeps, at snapshots: steps (N,)."""

    step: int
    steps: Array
    kept: list[KeptNumbers]


@dataclass(frozen=True)
class StepSizes(Record, of="optimizer_state.effective"):
    """By how much each gradient, or its average, is multiplied in the next step.

    lr: η of the next step, at a run's end that of the last one.   names: of tensors; sizes (names, Q): over a tensor's
    numbers.   whole: the tensors whose numbers have no such factor, as whole matrices have not.   waiting: those of
    which nothing is kept before the optimizer's first step.
    """

    step: int
    lr: float
    names: list[str]
    whole: list[str]
    waiting: list[str]
    sizes: Array

"""What is computed from a search and its trials. N cells of a contour along each axis."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Trainable(Record, of="explorer.search.answers:fit"):
    """A search whose models can all be trained. models: how many differ in what the task has to know of them."""

    models: int


@dataclass(frozen=True)
class Importance(Record, of="explorer.search.answers:importance"):
    """How much each setting decides, by its path, the largest share first.

    complete: trials that came to their end, of `over` that are over.
    """

    shares: dict[str, float]
    complete: int
    over: int


@dataclass(frozen=True)
class Contour(Record, of="explorer.search.answers:contour"):
    """The loss over two settings. trials: that it stands on, when `over` were over.

    x, y (N + 1,): edges of the cells.   loss (N, N): rows by y, columns by x, NaN outside the trials' hull.
    """

    trials: int
    over: int
    x: Array
    y: Array
    loss: Array

"""The loss surface around a run, the paths of runs over it, and the loss along a line. N points of a path."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Part(Record):
    """What is computed a part at a time. done, of: points."""

    done: int
    of: int


@dataclass(frozen=True)
class LossSurface(Part, of="landscape.grid"):
    """The losses known so far on a plane through the weights of a step.

    stride: of the finest grid that is whole, 0 while none is.   part: which request this answers.   kind: of plane.
    loss: at the step, in nats.   samples: on which losses are measured; batch: samples of the step's batch; accumulate:
    the parts of a step.   dropout, smoothing, own_prefix: what training has and these losses have not.
    wandering: the share that a random walk of as many steps would have in such a plane.
    window: from low to high along each axis.   explained: by each axis, of the squared distances of the points that
    the plane was fitted to; None if it was not.
    losses (POINTS, POINTS): rows from the lowest second coordinate, NaN if not yet computed, +∞ where the loss is
    not finite.   lengths (2,): of the plane's axes.
    """

    stride: int
    part: int
    step: int
    kind: str
    loss: float
    samples: int
    batch: int
    accumulate: int
    dropout: float
    smoothing: float
    own_prefix: float
    parameters: int
    wandering: float | None
    window: tuple[tuple[float, float], tuple[float, float]]
    explained: tuple[float, float] | None
    losses: Array
    lengths: Array


@dataclass(frozen=True)
class RunPath:
    """Where the snapshots of a run fall on the surface. path: of its file.

    steps, distances, left_out (N,), coordinates (N, 2).   left_out: of the squared distance from the centre the share
    that lies outside the plane.   last: the last of the steps.   itself, beneath: the loss of the weights there, and
    of those beneath them on the plane; None if it is not finite.   explained: of the path's squared distances from
    the centre the share that lies in the plane.
    """

    path: str
    steps: Array
    coordinates: Array
    distances: Array
    left_out: Array
    last: int | None
    itself: float | None
    beneath: float | None
    explained: float | None


@dataclass(frozen=True)
class SurfacePaths(Record, of="landscape.paths"):
    """The paths of runs over a surface. misfits: paths of the files of runs of other shapes."""

    step: int
    runs: list[RunPath]
    misfits: list[str]


@dataclass(frozen=True)
class Slice(Record, of="slices.line"):
    """The loss along a line, θ + t · d, at M places. distance: ‖d‖.

    samples: of the two batches.   fresh: whether the held-out ones are new, for this task has no end of samples.
    t, train, held_out (M,): the losses on the batch of the step and on held-out samples.
    """

    step: int
    distance: float
    samples: tuple[int, int]
    fresh: bool
    t: Array
    train: Array
    held_out: Array

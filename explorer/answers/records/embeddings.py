"""Maps of a run's vectors. N points, d dimensions of the map, K neighbours, n chosen points, S steps."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Loading(Record, of="embeddings.load"):
    """UMAP is being loaded, or is there already."""

    ready: bool


@dataclass(frozen=True)
class PointMap(Record, of="embeddings.frame"):
    """Where each point lies at a step, and what is known of it.

    standing_in: this is PCA's map, since UMAP is not loaded yet.   kinds: N, as measure/symbols.py has them, or
    position, query, key.   sequences: the probe's rows as text.   left_out: tokens too rare for this map.
    explained: d shares of the variance if the axes are principal ones.   trustworthiness: None for fewer than three
    points.   points (N, d).   neighbours, distances (N, K): in the original space, the nearest first.
    token, position, row (N,): numbers, -1 for none.   frequency, loss (N,): share and nats, NaN if unknown.
    moved (N,): the share of the neighbours that are new since step `since`, None for a map that belongs to no chain.
    """

    step: int
    method: str
    standing_in: bool
    labels: list[str]
    kinds: list[str]
    sequences: list[list[str]]
    left_out: int
    explained: list[float] | None
    trustworthiness: float | None
    points: Array
    neighbours: Array
    distances: Array
    token: Array
    position: Array
    row: Array
    frequency: Array
    loss: Array
    since: int | None = None
    moved: Array | None = None


@dataclass(frozen=True)
class LargePointMap(PointMap, of="embeddings.big"):
    """A map of many contextual states, laid out from nothing."""


@dataclass(frozen=True)
class LayoutNoise(Record, of="embeddings.noise"):
    """How far apart maps of the same vectors lie that differ in their seed.

    pairs: the root mean square distance of each two maps after Procrustes, in radii, ascending.   noise: their mean.
    """

    step: int
    standing_in: bool
    noise: float
    pairs: list[float]


@dataclass(frozen=True)
class PointTrails(Record, of="embeddings.trails"):
    """Where chosen points lay on the frames until a step. steps (S,), paths (S, n, d)."""

    step: int
    standing_in: bool
    steps: Array
    paths: Array


@dataclass(frozen=True)
class PointAxis(Record, of="embeddings.axis"):
    """Every point's place on the straight line from one point to another in the original space.

    share: of the points' variance along the line.   along (N,): 0 at the first point, in the space's own unit.
    """

    step: int
    share: float
    along: Array

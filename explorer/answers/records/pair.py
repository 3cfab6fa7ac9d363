"""One training pair: its words, its scores, its loss, and how its step moves the vectors.

J words scored (the true one first), C width.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Weighed:
    """A word read, and what it weighs in the vector that is scored."""

    word: str
    weight: float


@dataclass(frozen=True)
class Noise:
    """What negative sampling knows of a scored word. target: 1 for the true word.   p: σ(u · v)."""

    target: int
    p: float


@dataclass(frozen=True)
class Count:
    """What GloVe knows of its pair. x: how often it is counted.   log: of x.   weight: f(x).

    bias, context_bias: of the word read and of the word scored.   total: u · v + both biases, which should be log x.
    """

    x: float
    log: float
    weight: float
    bias: float
    context_bias: float
    total: float


@dataclass(frozen=True)
class Scored:
    """A word that is scored. score: u · v.   times: how often it is among the step's examples.

    counts: whether the loss counts it.   loss: its own.   pull: ∂ of that loss by the score.   gradient: length of this
    pair's gradient on u, as its share of the batch's mean.   score_after: with vectors and biases after the step.
    """

    word: str
    times: int
    score: float
    counts: bool
    loss: float
    pull: float
    gradient: float
    score_after: float
    noise: Noise | None = None
    count: Count | None = None


@dataclass(frozen=True)
class Place:
    """Where an example stands in the thinned text. read, true: numbers of words.   distance: from the word read."""

    words: list[str]
    read: list[int]
    true: int
    distance: int


@dataclass(frozen=True)
class Pair(Record, of="pair.pair"):
    """An example of the step taken from the weights at `step`, or where training ended of the last.

    taken: the step's index.   row: the example's.   batch: examples of the step.   targets: of the example's own batch.
    times: how often the first word read is among the step's examples.
    vectors (1 + J, C): that which is scored, and those that it is scored with.   moved (1 + J, C): how the step changed
    them.
    """

    step: int
    taken: int
    row: int
    batch: int
    kind: str
    read: list[Weighed]
    scored: list[Scored]
    loss: float
    targets: int
    lr: float
    place: Place | None
    times: int
    vectors: Array
    moved: Array

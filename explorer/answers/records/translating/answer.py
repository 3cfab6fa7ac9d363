"""One input answered token by token, with what every head reads of it. N tokens written, S of the source, H heads."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Translation(Record, of="translating.answer.answer"):
    """What a model writes to an input, the likeliest token each time.

    read: the input.   source: its tokens.   text: what is written, tokens: the same token by token, with its end.
    p (N,): of each.   leading, chances (N, L): the likeliest tokens at each place and their probabilities.   symbols:
    of the vocabulary.   heads: by name; patterns (H, N, S): their attention on the source as each token is chosen.
    right: the right answer.   gold (N, S): 1 where they belong together; None where another answer is written.
    aligned: whether the task says what belongs together at all.   forced: the places at which a token was put.
    """

    step: int
    read: str
    source: list[str]
    text: str
    tokens: list[str]
    numbers: list[int]
    p: Array
    leading: Array
    chances: Array
    symbols: list[str]
    heads: list[str]
    patterns: Array
    right: str
    gold: Array | None
    aligned: bool
    forced: list[int]


@dataclass(frozen=True)
class Neighbour:
    """A place in a training example where the decoder is in a similar state.

    read: its source.   before, token, after: its right answer, at that place and around it.   cosine: to the state.
    """

    read: str
    before: str
    token: str
    after: str
    cosine: float


@dataclass(frozen=True)
class NearestStates(Record, of="translating.states.nearest"):
    """The training examples in which the decoder is in the most similar states.

    token: what is written at `place`.   rows: the nearest, the most similar first.   votes: how many of them go on with
    the same token.   compared: how many states of how many examples there are.   typical: the mean cosine of all.
    """

    step: int
    place: int
    token: str
    rows: list[Neighbour]
    votes: int
    compared: int
    examples: int
    typical: float


@dataclass(frozen=True)
class AlignmentHistory(Record, of="translating.alignment.history"):
    """The alignment error rate of each head at the snapshots' steps (N,): rates (N, H), NaN where it diverged.

    chance: of links drawn at random.   examples: held-out ones that it is measured on.
    """

    step: int
    steps: Array
    heads: list[str]
    rates: Array
    chance: float
    examples: int

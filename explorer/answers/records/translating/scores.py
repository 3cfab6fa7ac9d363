"""Scores of answers: one step, two compared, and over training. N snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval, and that of an answer that copies the input.

    undefined: why there is none, in a sentence; its numbers are then None. A perplexity has no copy. Where every
    example is answered alike, resamples are equal and give no interval.
    signature: sacrebleu's; "" where it is not sacrebleu's score.
    """

    value: float | None
    low: float | None
    high: float | None
    copy: float | None = None
    undefined: str = ""
    signature: str = ""


@dataclass(frozen=True)
class Exchange:
    """An example: what is read, the right answer, and what the model says."""

    read: str
    right: str
    answer: str


@dataclass(frozen=True)
class Scores(Record, of="translating.scores.scores"):
    """How good a model is at a step.

    examples: how many, never trained on where the task holds some out (`held_out`).   tokens, characters, bytes: of
    their right answers.   tokenizer: what a token is.   scores: by name, of METRICS in measure/text/scores.py.
    rows: some examples, wrong answers first.
    """

    step: int
    examples: int
    held_out: bool
    tokens: int
    characters: int
    bytes: int
    tokenizer: str
    scores: dict[str, Score]
    rows: list[Exchange]


@dataclass(frozen=True)
class Difference:
    """A score of the first and of the second, and the second's lead with its 95 % interval; None if undefined.

    low, high: None too where every resample has the same difference.   p: how often resamples differ from their mean by
    more than the two do; None where no resample differs.
    """

    first: float | None
    second: float | None
    lead: float | None
    low: float | None
    high: float | None
    p: float | None
    undefined: str = ""


@dataclass(frozen=True)
class Comparison(Record, of="translating.scores.against"):
    """Two models on the same examples: at `step`, and the other at `other`. scores: by name."""

    step: int
    other: int
    examples: int
    scores: dict[str, Difference]


@dataclass(frozen=True)
class ScoreHistory(Record, of="translating.scores.history"):
    """Scores by name at the snapshots' steps (N,), each (N,), NaN where undefined; copies: of copying the input."""

    step: int
    steps: Array
    scores: dict[str, Array]
    copies: dict[str, float]
    examples: int

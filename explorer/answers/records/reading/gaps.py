"""Gaps: what a model says at places of a text. T tokens, V vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Surprisals(Record, of="reading.gaps.surprisals"):
    """How much each token of a text surprises a model that reads the others.

    bits (T,): −log₂ p of each, hidden alone; NaN where the model says nothing.   perplexity: exp of their mean in nats.
    tokens, text: the text as tokens, and as one reads it.
    """

    step: int
    tokens: list[str]
    bits: Array
    perplexity: float
    text: str


@dataclass(frozen=True)
class Gap(Record, of="reading.gaps.gap"):
    """What a model says of one gap.

    p (V,): of each of the symbols; (0,) where it reads nothing.   hidden: the token that stands there.   read: the text
    as the model reads it.
    """

    step: int
    at: int
    symbols: list[str]
    p: Array
    hidden: str
    read: list[str]


@dataclass(frozen=True)
class GapScore(Record, of="reading.gaps.score"):
    """How a model does at `gaps` places of the held-out text, each hidden alone, the same for every model on the text.

    right: share of them at which the likeliest token is the hidden one.   nats: −log p of the hidden one, the mean.
    """

    step: int
    right: float
    nats: float
    gaps: int

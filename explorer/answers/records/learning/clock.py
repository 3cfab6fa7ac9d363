"""Addition on a clock: how embedding, unembedding and logits are made of waves. p numbers, F frequencies."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record

EMBEDDING, UNEMBEDDING, LOGITS = "Embedding", "Unembedding", "Logits"
PARTS = (EMBEDDING, UNEMBEDDING, LOGITS)


@dataclass(frozen=True)
class Waves:
    """One part of the model. shares (F,): of its variance, in each frequency from 1; NaN where there is no variance.

    shuffled (F,): the same with the numbers in one random order.   bound: the largest share that any frequency has in
    any of 100 random orders.   keys: the frequencies above it, the strongest first.
    """

    shares: Array
    shuffled: Array
    bound: float
    keys: list[int]


@dataclass(frozen=True)
class Clock(Record, of="learning.clock.clock"):
    """The waves of each part at a step, by name. modulus: p.   right: the share of all p² sums that is right."""

    step: int
    modulus: int
    parts: dict[str, Waves]
    right: float


@dataclass(frozen=True)
class ClockHistory(Record, of="learning.clock.history"):
    """The shares of each part at the snapshots' steps (N,): by name, (N, F), NaN where it diverged."""

    step: int
    steps: Array
    shares: dict[str, Array]


@dataclass(frozen=True)
class ClockLosses(Record, of="learning.clock.losses"):
    """The loss in nats at the snapshots' steps (N,): each (N,), NaN where it diverged.

    keys: the key frequencies of the logits at `step`; empty if none stands out, and then restricted and excluded are
    all NaN.   trained, held_out: of the pairs trained on, and of the others. restricted: of all pairs, with the key
    frequencies' waves of a + b alone.   excluded: of the pairs trained on, without these waves.
    """

    step: int
    steps: Array
    keys: list[int]
    trained: Array
    held_out: Array
    restricted: Array
    excluded: Array

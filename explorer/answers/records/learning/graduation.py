"""Since which step each example stays right, and the loss of each token over steps. E examples, P places, N steps."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record

NEVER = -1  # in place of a step


@dataclass(frozen=True)
class Graduation(Record, of="learning.graduation.since"):
    """Since which of the measured steps each example of a fixed set stays right.

    steps (N,): measured.   since (E,): the first of them from which on it is right at all that follow; NEVER if it is
    wrong at the last.   wrong (E,): the last of them at which it was wrong; NEVER if at none.
    read, right: an example's input and its right answer.   trained (E,): 1 where it is trained on, 0 where it is held
    out or new.   of: what an example is: "answer", or "token" of a text.   modulus: p, where the examples are all pairs
    a · p + b of numbers below p; 0 otherwise.
    """

    step: int
    steps: Array
    since: Array
    wrong: Array
    read: list[str]
    right: list[str]
    trained: Array
    of: str
    modulus: int


@dataclass(frozen=True)
class PlaceLosses(Record, of="learning.graduation.losses"):
    """The loss of each token of fixed examples, in nats: losses (N, P) at steps (N,), NaN where the model diverged.

    tokens (P,): the right one at each place.   examples (P,): which example it is of, from 0.
    """

    step: int
    steps: Array
    tokens: list[str]
    examples: Array
    losses: Array

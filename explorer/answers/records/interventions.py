"""What if. H heads, T position, K key, n tokens."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Ablations(Record, of="interventions.ablations"):
    """What each head by itself is worth.

    kind: what takes a head's place.   examples, targets: how many.   loss, right: before.   heads: their names.
    off: those that are switched off already.   losses, rights (H,): how both change without each head.
    """

    step: int
    kind: str
    examples: int
    targets: int
    loss: float
    right: float
    heads: list[str]
    off: list[str]
    losses: Array
    rights: Array


@dataclass(frozen=True)
class Experiment(Record, of="interventions.experiment"):
    """A head's row of attention and the next token, before and after the head is turned.

    position: where the next token is read.   target: "" if there is none.   tokens: the n likeliest before or after,
    the target among them.   loss: of the target in nats, before and after, empty without a target.   off: the head is
    switched off.   row_before, row_after (K,).   before, after (n,): probabilities.   kl (T,): in nats, how far the
    distribution at each position moved.
    """

    step: int
    position: int
    target: str
    tokens: list[str]
    loss: list[float]
    off: bool
    row_before: Array
    row_after: Array
    before: Array
    after: Array
    kl: Array

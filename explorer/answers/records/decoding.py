"""Decoding: a beam search beside the greedy and the exact answer, and the tree of the likeliest continuations."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Decoded:
    """An answer that was found. text: as one reads it.   log_p: in nats.   score: over the length penalty."""

    text: str
    tokens: list[int]
    log_p: float
    score: float


@dataclass(frozen=True)
class Branch:
    """A candidate of a beam, or a node of the tree. B branches stand in one list, a parent before its children.

    parent: its place in the list, −1 for the first ones.   column: its step, from 0.   row: its place from above.
    p: of the token.   log_p: of all tokens up to it.   fate: of `measure.decoding.Candidate`; "kept" in the tree.
    """

    parent: int
    column: int
    row: int
    token: str
    p: float
    log_p: float
    score: float
    fate: str


@dataclass(frozen=True)
class Beams(Record, of="writing.decoding.beams"):
    """A beam search.

    branches: the candidates of every step.   greedy, beam, exact: the answers; None if none obeys the rules.
    queried: beginnings that the exact search asked about.   proved: no answer can be better than `exact`.   right: the
    right answer, None if there is none.
    """

    step: int
    branches: list[Branch]
    greedy: Decoded
    beam: Decoded | None
    exact: Decoded | None
    queried: int
    proved: bool
    right: Decoded | None


@dataclass(frozen=True)
class Tree(Record, of="writing.decoding.tree"):
    """The likeliest continuations. shown: the share of all continuations that end in one of the leaves."""

    step: int
    branches: list[Branch]
    shown: float


@dataclass(frozen=True)
class Exposure(Record, of="writing.errors.exposure"):
    """How errors grow, at each of P places of the answers of `examples` examples.

    true (P,): the share right after the right tokens.   own (P,): after the model's own.   wrong (P,): after its own
    with a wrong token written at place `wrong_at`, from 0.   counted (P,): answers that are so long.
    """

    step: int
    true: Array
    own: Array
    wrong: Array
    counted: Array
    wrong_at: int
    examples: int

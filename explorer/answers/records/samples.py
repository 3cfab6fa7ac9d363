"""What a model says: to the task's examples, and by itself."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record


@dataclass(frozen=True)
class Example:
    """One example. read: the input's tokens.   For each answer token: expected, predicted (the most likely one),
    right: whether they are the same, and p, the probability of the expected one.
    """

    read: str
    expected: list[str]
    predicted: list[str]
    right: list[bool]
    p: list[float]


@dataclass(frozen=True)
class Predictions(Record, of="samples.answers"):
    """The task's examples and the model's answers.

    forced: each token is predicted after the right ones before it (teacher forcing), else all at once.
    """

    step: int
    rows: list[Example]
    forced: bool


@dataclass(frozen=True)
class Response(Record, of="samples.response"):
    """The answer to one input of a model that answers all places at once.

    read: the input, as one reads it.   tokens: the most likely one at each place, with its probability p.
    """

    step: int
    read: str
    tokens: list[str]
    p: list[float]


@dataclass(frozen=True)
class Generation(Record, of="samples.generation"):
    """Text that the model writes after a prompt. verdict: on its syntax, in a sentence; "" if the task has none."""

    step: int
    prompt: str
    text: str
    verdict: str

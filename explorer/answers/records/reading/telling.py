"""Telling apart: which class a text is of. C classes, T tokens, H heads of all layers together."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Mistake:
    """A held-out text that was classified wrong. right, answer: classes.   p: of the answer."""

    text: str
    right: str
    answer: str
    p: float


@dataclass(frozen=True)
class Confusion(Record, of="reading.telling.confusion"):
    """How held-out texts were classified.

    counts (C, C): texts of each class (rows) by the class that was answered.   right: share classified right.
    majority: the same of always saying the class most frequent among the texts trained on, `most`.   taught: the share
    right on as many texts that were trained on, by the classes that were taught.   mistakes: the surest first.   of:
    how many texts are held out, of which at most 600 are classified.
    """

    step: int
    classes: list[str]
    counts: Array
    right: float
    majority: float
    most: str
    taught: float
    mistakes: list[Mistake]
    of: int


@dataclass(frozen=True)
class Verdict(Record, of="reading.telling.verdict"):
    """What the model answers to one text.

    tokens: the T that are read, the class token first.   p (C,): of each class, 1 together with all other tokens of the
    vocabulary.   cut: how many more tokens the text has, which the model does not read.   right: its class; "" if
    nobody knows it.   heads: the path of each head.   attention (H, T): where the class token looks, by head.
    """

    step: int
    text: str
    tokens: list[str]
    classes: list[str]
    p: Array
    cut: int
    right: str
    heads: list[str]
    attention: Array

"""Digits: pictures that a model reads as patches. T letters written, H heads of all layers together, S patches."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Written(Record, of="reading.digits.written"):
    """The word that is written for one picture.

    picture: its number, of `pictures`.   shades (8, 8): 0 to 2, where the model reads them.   letters: the T written
    ones, with p (T,) of each.   right: the word for it.   heads: the path of each head.   attention (H, T, S): to the
    patches, row by row, from where each letter is written.
    """

    step: int
    picture: int
    pictures: int
    shades: Array
    letters: list[str]
    p: Array
    right: str
    heads: list[str]
    attention: Array


@dataclass(frozen=True)
class Readings(Record, of="reading.digits.readings"):
    """The words written for all held-out pictures, each letter read again before the next.

    counts (10, 11): pictures of each digit (rows) by the word that was written, the last for what is no such word.
    right: share of words right.   wrong: the number of each picture that was read wrong, with what was written.
    """

    step: int
    words: list[str]
    counts: Array
    right: float
    wrong: list[tuple[int, str]]

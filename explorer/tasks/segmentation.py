"""Segmentation: one text under several tokenizers: its tokens, its unknown parts, how often each token is used.

V tokens, n tokens of a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from explorer.tasks import bpe
from explorer.tasks.tokenizer import Characters


@dataclass(frozen=True)
class Segment:
    """A token of a text: its bytes there, its number, whether the tokenizer knows them."""

    piece: bytes
    token: int
    known: bool


class Segmentation(Protocol):
    """A tokenizer that shows how it cuts a text. used: how often each token occurs in the text learned from, (V,)."""

    name: str
    used: np.ndarray

    def cut(self, text: str) -> list[Segment]:
        """The text's tokens; their pieces, joined, are the text."""


class CharacterSegments:
    """One token per character, as the tasks' own tokenizer makes them."""

    name = "characters"

    def __init__(self, tokenizer: Characters, counts: Mapping[str, int]):
        self.tokenizer = tokenizer
        tokens = {c: int(t) for c, t in zip(counts, tokenizer.tokens("".join(counts)), strict=True)}
        self.used = np.zeros(len(tokenizer.pieces), dtype=np.int64)
        for c, count in counts.items():
            if tokens[c] >= 0:
                self.used[tokens[c]] += count

    def cut(self, text: str) -> list[Segment]:
        characters = set(self.tokenizer.saved)
        return [
            Segment(c.encode(), int(t), c in characters) for c, t in zip(text, self.tokenizer.tokens(text), strict=True)
        ]


class WordSegments:
    """The most frequent words and one token, `�`, for all others. A word is what BPE merges inside of."""

    name = "words"

    def __init__(self, counts: Counter[str], size: int):
        often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: size - 1]
        self.numbers = {word: i for i, (word, _) in enumerate(often)}
        kept = [count for _, count in often]
        self.used = np.array([*kept, counts.total() - sum(kept)])

    def cut(self, text: str) -> list[Segment]:
        other = len(self.numbers)
        return [
            Segment(bpe.bytes_of(word), self.numbers.get(word, other), word in self.numbers) for word in bpe.words(text)
        ]


class MergedSegments:
    """Byte-level BPE."""

    name = "BPE"

    def __init__(self, learned: bpe.Learned, counts: Mapping[str, int]):
        self.learned = learned
        self.used = np.zeros(len(learned.pieces), dtype=np.int64)
        for word, count in counts.items():
            for token in learned.word(word):
                self.used[token] += count

    def cut(self, text: str) -> list[Segment]:
        return [Segment(self.learned.pieces[t], t, True) for t in self.learned.tokens(text)]


def unknown(segments: Sequence[Segment], most: int = 12) -> list[bytes]:
    """The different pieces without a token of their own, in order of appearance."""
    return list(islice(dict.fromkeys(s.piece for s in segments if not s.known), most))


def unknown_share(segments: Sequence[Segment]) -> float:
    """The share of tokens that stand for something unknown; 0 for an empty text."""
    return sum(not s.known for s in segments) / max(1, len(segments))


def entropy(used: np.ndarray) -> float:
    """Nats per token of a model that knows only the frequencies (Shannon 1948, §6)."""
    shares = used[used > 0] / used.sum()
    return float(-(shares * np.log(shares)).sum())


def zipf(used: np.ndarray, points: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Ranks from 1, evenly spread over their logarithm, and the share of the text that each rank's token makes.

    Unused tokens have no rank (Zipf 1949, §2).
    """
    shares = np.sort(used[used > 0])[::-1] / max(1, used.sum())
    ranks = np.unique(np.geomspace(1, len(shares), min(points, len(shares))).round().astype(int))
    return ranks, shares[ranks - 1]


def slope(ranks: np.ndarray, shares: np.ndarray) -> float | None:
    """Log share over log rank from rank 10 on, by least squares; None for fewer than 5 points. Zipf's law: −1."""
    tail = ranks >= 10
    return float(np.polyfit(np.log(ranks[tail]), np.log(shares[tail]), 1)[0]) if tail.sum() >= 5 else None

"""Byte pair encoding, learned and applied merge by merge, in plain Python.

It gives the merges of `tokenizers`' BpeTrainer, in its order: on words that GPT-2's pre-tokenizer splits off
(`ByteLevel`, no space added in front), from the 256 bytes numbered by the code points of their printable stand-ins.
The most frequent pair is joined; of equally frequent ones that with the lower numbers (first, then second). Two ways
to the same bytes share one token, so a merge may add none.

M merges, V tokens, n bytes of a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np

from explorer.tasks.tokenizer import BYTES

Pair = tuple[int, int]
Progress = Callable[[int, int], None] | None
ALPHABET = tuple(sorted(BYTES))  # the printable stand-in of each byte: token i is ALPHABET[i]
NUMBER = {c: i for i, c in enumerate(ALPHABET)}
RUNNERS_UP = 5
REPORTED = 32  # merges between two reports of progress


@dataclass(frozen=True)
class Merge:
    """One step of learning. count: of the pair before it.   runners_up: the next most frequent, with their counts."""

    pair: Pair
    token: int
    count: int
    runners_up: tuple[tuple[Pair, int], ...]


@dataclass(frozen=True)
class Learned:
    """merges: in the order learned.   pieces: the bytes of each token."""

    merges: tuple[Merge, ...]
    pieces: tuple[bytes, ...]

    @cached_property
    def ranks(self) -> dict[Pair, tuple[int, int]]:
        """Pair -> (its place among the merges, the token it makes)."""
        return {merge.pair: (rank, merge.token) for rank, merge in enumerate(self.merges)}

    @cached_property
    def numbers(self) -> dict[bytes, int]:
        """Bytes -> token."""
        return {piece: i for i, piece in enumerate(self.pieces)}

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many tokens there are after 0 … M merges, (M + 1,)."""
        return np.maximum.accumulate([len(ALPHABET), *(merge.token + 1 for merge in self.merges)])

    def tokens(self, text: str) -> list[int]:
        """The text in tokens, all merges made."""
        return [token for word in words(text) for token in self.word(word)]

    def word(self, word: str) -> list[int]:
        """A word in stand-ins as tokens."""
        gone = joins(numbered(word), self.ranks)
        ends = [*(i for i, merge in enumerate(gone, 1) if merge == 0), len(word)]
        return [self.numbers[bytes_of(word[a:b])] for a, b in pairwise([0, *ends])]

    def text(self, tokens: Iterable[int]) -> str:
        """The text of tokens."""
        return b"".join(self.pieces[t] for t in tokens).decode(errors="replace")


def words(text: str) -> list[str]:
    """The text's words as GPT-2 splits them, each byte as its printable stand-in."""
    from tokenizers import pre_tokenizers

    return [word for word, _ in pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)]


def counted(pieces: Iterable[str]) -> Counter[str]:
    """How often each word occurs in pieces of a text."""
    return Counter(word for piece in pieces for word in words(piece))


def numbered(word: str) -> list[int]:
    """A word in stand-ins as tokens of single bytes."""
    return [NUMBER[c] for c in word]


def bytes_of(word: str) -> bytes:
    """The bytes that the stand-ins stand for."""
    return bytes(BYTES[c] for c in word)


def learn(counts: Mapping[str, int], size: int, progress: Progress = None) -> Learned:
    """The merges up to `size` tokens, from words and their counts.

    Counts are updated by what a merge changes. Only if two merges make the same token may a pair merged before be
    counted again, with its old occurrences, as the trainer does.
    """
    state = _Counts([numbered(word) for word in counts], list(counts.values()))
    pieces = [bytes([BYTES[c]]) for c in ALPHABET]
    number = {piece: i for i, piece in enumerate(pieces)}
    merges: list[Merge] = []
    while len(pieces) < size:
        first = state.most_frequent(1 + RUNNERS_UP)
        if not first:
            break
        pair, count = first[0]
        joined = pieces[pair[0]] + pieces[pair[1]]
        token = number.setdefault(joined, len(pieces))
        if token == len(pieces):
            pieces.append(joined)
        merges.append(Merge(pair, token, count, tuple(first[1:])))
        state.merge(token)
        if progress is not None and len(merges) % REPORTED == 0:
            progress(len(pieces) - len(ALPHABET), max(1, size - len(ALPHABET)))
    return Learned(tuple(merges), tuple(pieces))


class _Counts:
    """How often each pair occurs in words (lists of tokens), and in which; the most frequent on top of a heap."""

    def __init__(self, symbols: list[list[int]], counts: list[int]):
        self.symbols, self.counts = symbols, counts
        self.pairs: Counter[Pair] = Counter()
        where: dict[Pair, set[int]] = {}
        for i, word in enumerate(symbols):
            for pair in pairwise(word):
                self.pairs[pair] += counts[i]
                where.setdefault(pair, set()).add(i)
        self.heap = [(-self.pairs[pair], pair, n, places) for n, (pair, places) in enumerate(where.items())]
        self.entries = len(self.heap)  # tells apart entries of the same pair and count
        heapify(self.heap)

    def most_frequent(self, most: int) -> list[tuple[Pair, int]]:
        """The first pairs with their counts; corrects outdated entries on the way."""
        top, kept = dict[Pair, int](), []
        while self.heap and len(top) < most:
            negative, pair, n, places = heappop(self.heap)
            count = self.pairs[pair]
            if -negative != count:
                if count > 0:
                    heappush(self.heap, (-count, pair, n, places))
                continue
            kept.append((negative, pair, n, places))
            top[pair] = count
        for entry in kept:
            heappush(self.heap, entry)
        return list(top.items())

    def merge(self, token: int) -> None:
        """Joins the top pair into `token`, everywhere."""
        _, pair, _, places = heappop(self.heap)
        where: dict[Pair, set[int]] = {}
        for i in places:
            for other, change in joined(self.symbols[i], pair, token):
                self.pairs[other] += change * self.counts[i]
                if change > 0:
                    where.setdefault(other, set()).add(i)
        for other, at in where.items():
            if self.pairs[other] > 0:
                self.entries += 1
                heappush(self.heap, (-self.pairs[other], other, self.entries, at))


def joined(word: list[int], pair: Pair, token: int) -> list[tuple[Pair, int]]:
    """Joins a pair in a word, in place and from the left; returns the pairs that this removes (−1) and makes (+1)."""
    changes: list[tuple[Pair, int]] = []
    first, second = pair
    i = 0
    while i + 1 < len(word):
        if word[i] == first and word[i + 1] == second:
            if i > 0:
                changes += [((word[i - 1], first), -1), ((word[i - 1], token), 1)]
            if i + 2 < len(word):
                changes += [((second, word[i + 2]), -1), ((token, word[i + 2]), 1)]
            word[i : i + 2] = [token]
        i += 1
    return changes


def joins(word: Sequence[int], ranks: Mapping[Pair, tuple[int, int]]) -> list[int]:
    """After how many merges each boundary inside a word of n bytes is gone, n − 1 numbers; 0 if it stays.

    The lowest merge first, from the left, as `tokenizers` applies them; so the first k merges alone remove the
    boundaries with numbers up to k. (Sennrich et al. 2016, §3.2, apply each merge once, in order: the same unless two
    merges make one token.)
    """
    tokens, before, after = list(word), list(range(-1, len(word) - 1)), list(range(1, len(word) + 1))
    gone, latest = [0] * max(0, len(word) - 1), 0
    heap: list[tuple[int, int, Pair]] = []

    def offer(left: int) -> None:
        if left >= 0 and after[left] < len(tokens):
            pair = (tokens[left], tokens[after[left]])
            if pair in ranks:
                heappush(heap, (ranks[pair][0], left, pair))

    for i in range(len(tokens)):
        offer(i)
    while heap:
        rank, left, pair = heappop(heap)
        right = after[left]
        if right >= len(tokens) or (tokens[left], tokens[right]) != pair:
            continue  # joined with another meanwhile
        latest = max(latest, rank + 1)
        gone[right - 1] = latest
        tokens[left], tokens[right] = ranks[pair][1], -1
        after[left] = after[right]
        if after[right] < len(tokens):
            before[after[right]] = left
        offer(before[left])
        offer(left)
    return gone


def lengths(counts: Mapping[str, int], learned: Learned) -> np.ndarray:
    """How many tokens words with their counts make after 0 … M merges, (M + 1,)."""
    fewer = np.zeros(len(learned.merges) + 1)
    whole = 0
    for word, count in counts.items():
        whole += count * len(word)
        for merge in joins(numbered(word), learned.ranks):
            if merge:
                fewer[merge] += count
    return whole - np.cumsum(fewer)

"""Lexicon: the words of a text, how often each occurs, and which stand near which.

N words of the text in the vocabulary, V words of the vocabulary, P pairs of words that stand near each other.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

import numpy as np
from scipy import sparse

from explorer.tasks import corpus
from explorer.tasks.cache import Entry, cached
from explorer.tasks.corpus import Corpus

LETTER = r"[^\W\d_]"  # of any script
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # inside words of Persian, Hindi and others
THINNING_SEED = 20_13


@dataclass(frozen=True)
class Lexicon:
    """words (V,), the most frequent first; counts (V,); tokens (N,) int16, the text without words outside the
    vocabulary.

    read: words of the text, in the vocabulary or not.   different: the number of different ones.
    """

    words: tuple[str, ...]
    counts: np.ndarray
    tokens: np.ndarray
    read: int
    different: int
    fingerprint: str


@dataclass(frozen=True)
class Pairs:
    """Ordered pairs of words near each other: first, second (P,) int16, and x (P,) float32, how often, each time
    counted as 1/distance. Every pair occurs in both orders."""

    first: np.ndarray
    second: np.ndarray
    x: np.ndarray


def spelled(text: str) -> str:
    """A text in the form in which words are compared: lower case, straight apostrophes, Unicode's composed form
    (NFC)."""
    return unicodedata.normalize("NFC", text.lower().replace("’", "'"))


def split(text: str) -> list[str]:
    """The words of a text, as `spelled`.

    A word is letters of any script with the marks that belong to them, as Unicode's rule WB4 has it (Standard Annex
    29, §4.1), and with apostrophes inside.
    """
    return pattern().findall(spelled(text))


@cache
def pattern() -> re.Pattern[str]:
    """What a word looks like. Made when first needed: Python's `re` has no class for marks, so all are listed."""
    points = [i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i))[0] == "M"]
    runs = [[i for _, i in group] for _, group in groupby(enumerate(points), lambda pair: pair[1] - pair[0])]
    marks = JOINERS + "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)
    letters = f"{LETTER}(?:{LETTER}|[{marks}])*"
    return re.compile(f"{letters}(?:'{letters})*")


@lru_cache(maxsize=8)
def lexicon(source: Corpus, size: int) -> Lexicon:
    """The `size` most frequent words of a corpus, and the corpus in them; from memory, from disk or newly made."""

    def make() -> Entry:
        text = source.read()
        read = split(text)
        word_counts = Counter(read)
        words = [word for word, _ in sorted(word_counts.items(), key=lambda item: (-item[1], item[0]))[:size]]
        number = {word: i for i, word in enumerate(words)}
        tokens = np.array([number[word] for word in read if word in number], dtype=np.int16)
        counts = np.array([word_counts[word] for word in words], dtype=np.int64)
        about = {
            "words": words,
            "read": len(read),
            "different": len(word_counts),
            "fingerprint": corpus.fingerprint(text),
        }
        return Entry({"tokens": tokens, "counts": counts}, about)

    entry = cached("words", f"{source.stamp} {size}", make)
    about = dict(entry.about)
    return Lexicon(tuple(about.pop("words")), entry.arrays["counts"], entry.arrays["tokens"], **about)


def kept(counts: np.ndarray, subsample: float) -> np.ndarray:
    """The chance (V,) that a word is kept: √(t/f) + t/f, at most 1, for a word with share f of the text.

    As word2vec.c has it; Mikolov et al. 2013b, §2.3 leaves out the second term. t = 1 keeps all.
    """
    ratio = subsample / np.maximum(counts / counts.sum(), 1e-12)
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def thinned(words: Lexicon, subsample: float) -> np.ndarray:
    """The text with frequent words dropped at random, (M,): once, and the same for every run."""
    chances = np.random.default_rng(THINNING_SEED).random(len(words.tokens))
    return words.tokens[chances < kept(words.counts, subsample)[words.tokens]]


def cooccurrences(tokens: np.ndarray, size: int, window: int, by_distance: bool) -> sparse.csr_array:
    """How often each word stands within `window` words of each other, (V, V), symmetric.

    by_distance: two words d apart count 1/d, as in GloVe; else 1.
    """
    total = sparse.csr_array((size, size), dtype=np.float64)
    for distance in range(1, min(window, len(tokens) - 1) + 1):
        before, after = tokens[:-distance].astype(np.int32), tokens[distance:].astype(np.int32)
        weight = np.full(len(before), 1.0 / distance if by_distance else 1.0)
        total = total + sparse.coo_array((weight, (before, after)), shape=(size, size)).tocsr()
    return (total + total.T).tocsr()


@lru_cache(maxsize=4)
def near(source: Corpus, size: int, window: int, by_distance: bool) -> np.ndarray:
    """`cooccurrences` of a corpus, dense (V, V) float32, from memory, from disk or newly made."""

    def make() -> Entry:
        counts = cooccurrences(lexicon(source, size).tokens, size, window, by_distance)
        return Entry({"near": counts.toarray().astype(np.float32)}, {})

    return cached("words-near", f"{source.stamp} {size} {window} {by_distance}", make).arrays["near"]


@lru_cache(maxsize=4)
def pairs(source: Corpus, size: int, window: int) -> Pairs:
    """GloVe's pairs of a corpus, from memory, from disk or newly made."""

    def make() -> Entry:
        counts = cooccurrences(lexicon(source, size).tokens, size, window, by_distance=True).tocoo()
        first, second = (index.astype(np.int16) for index in counts.coords)
        return Entry({"first": first, "second": second, "x": counts.data.astype(np.float32)}, {})

    entry = cached("word-pairs", f"{source.stamp} {size} {window}", make)
    return Pairs(**entry.arrays)

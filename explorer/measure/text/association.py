"""Association of word lists: whether one list of words lies nearer to some attributes than another list does.

The Word Embedding Association Test (Caliskan, Bryson & Narayanan 2017, Science 356, “Methods”). X, Y: lists of target
words, equally long; A, B: lists of attribute words. n words in X and Y together, C width.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from explorer.measure.words import unit

LISTS = {  # to begin with: kin and titles of men and of women, and two fields of words in early modern English plays
    "first": ("he", "him", "man", "king", "lord", "father", "son", "brother"),
    "second": ("she", "her", "woman", "queen", "lady", "mother", "daughter", "sister"),
    "one": ("sword", "war", "fight", "arms", "soldier", "battle", "army", "enemy"),
    "other": ("love", "sweet", "fair", "gentle", "kiss", "marry", "beauty", "lips"),
}
NULL = 400  # pairs of random lists
MOST = 9  # words in a list of targets: 48,620 ways to split twice as many
EQUAL = 1e-12  # sums that differ by less are the same one, added in another order


def leaning(words: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """s(w, A, B) = mean cos(w, a) − mean cos(w, b) of each of n words (n, C), for A `one` and B `other`: (n,)."""
    return (unit(words) @ unit(one).T).mean(1) - (unit(words) @ unit(other).T).mean(1)


def effect(first: np.ndarray, second: np.ndarray) -> float:
    """The effect size d: the difference of both lists' mean leanings over the deviation of all; NaN if that is 0.

    first, second: s of the words of X and of Y. The deviation is that of the whole list X ∪ Y, divided by n (ddof 0, as
    wefe 0.4 has it; the paper does not say). It is at most 2 either way.
    """
    deviation = np.concatenate([first, second]).std()
    return float((first.mean() - second.mean()) / deviation) if deviation > 0 else float("nan")


def p_value(first: np.ndarray, second: np.ndarray) -> tuple[float, int]:
    """The share of all equal splits of X ∪ Y whose Σ s(x) − Σ s(y) is at least that of X and Y, and how many there are.

    One-sided and exact: every split is counted, X and Y themselves among them, so that it is never 0. The paper counts
    those that are larger alone (>), which are fewer by the ones that are equal, X and Y at least.
    """
    every = np.concatenate([first, second])
    splits = np.array(list(combinations(range(len(every)), len(first))))
    sums = every[splits].sum(1)  # Σ over the rest is the same total less this
    return float((sums >= first.sum() - EQUAL).mean()), comb(len(every), len(first))


def null(leanings: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """The effect sizes of NULL pairs of lists of `size` words drawn at random, by s of the words to draw from (n,)."""
    pairs = [leanings[generator.choice(len(leanings), 2 * size, replace=False)] for _ in range(NULL)]
    return np.array([effect(words[:size], words[size:]) for words in pairs])

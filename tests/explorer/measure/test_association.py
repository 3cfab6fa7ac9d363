"""The Word Embedding Association Test against a plain loop of the paper's definitions, and a value from wefe."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest

from explorer.measure.text import association

WEFE = 0.30369804929666167  # what wefe 1.0.1 gives for the lists below: `WEAT._calc_effect_size`


@pytest.fixture
def lists() -> list[np.ndarray]:
    """X, Y, A, B of five, five, four and three words; X lies a little towards A."""
    generator = np.random.default_rng(7)
    first, second, one, other = (generator.standard_normal((n, 6)) for n in (5, 5, 4, 3))
    return [first + 0.5 * one.mean(0), second, one, other]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def leaning(word: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """s(w, A, B), by a loop."""
    return sum(cosine(word, a) for a in one) / len(one) - sum(cosine(word, b) for b in other) / len(other)


def test_leaning_and_effect_are_the_papers_by_a_plain_loop(lists):
    first, second, one, other = lists
    s = [leaning(word, one, other) for word in [*first, *second]]
    assert association.leaning(np.concatenate([first, second]), one, other) == pytest.approx(s, abs=1e-12)
    mean = sum(s) / len(s)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in s) / len(s))
    d = (sum(s[:5]) / 5 - sum(s[5:]) / 5) / deviation
    assert association.effect(np.array(s[:5]), np.array(s[5:])) == pytest.approx(d, abs=1e-12)


def test_the_effect_is_that_of_wefe(lists):
    first, second, one, other = lists
    s = [association.leaning(words, one, other) for words in (first, second)]
    assert association.effect(*s) == pytest.approx(WEFE, abs=1e-9)
    assert association.effect(s[1], s[0]) == pytest.approx(-WEFE, abs=1e-9)


def test_p_is_the_share_of_all_splits_by_every_permutation():
    first, second = np.array([0.5, 0.1, 0.4]), np.array([0.3, -0.2, 0.1])
    every = [*first, *second]
    sums = [sum(every[i] for i in order[:3]) for order in permutations(range(6))]
    share = sum(x >= first.sum() - 1e-9 for x in sums) / len(sums)
    assert association.p_value(first, second) == (pytest.approx(share), 20)


def test_p_is_one_sided_and_splits_that_differ_as_much_count_in_whatever_order_they_are_added():
    """0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 to the last bit, and large differences the other way are none here."""
    for first, second in (((1, 2, 3), (3, 2, 1)), ((5, -1, 2), (-3, -6, 1)), ((-5, 1, -2), (3, 6, -1))):
        every = [*first, *second]  # tenths
        sums = [sum(every[i] for i in chosen) for chosen in combinations(range(6), 3)]
        share = sum(x >= sum(first) for x in sums) / len(sums)
        p, splits = association.p_value(np.array(first) / 10, np.array(second) / 10)
        assert (p, splits) == (pytest.approx(share), len(sums))


def test_p_of_eight_and_eight_words_is_exact_and_never_0():
    first, second = np.arange(8.0) + 8, np.arange(8.0)
    assert association.p_value(first, second) == (pytest.approx(1 / 12_870), 12_870)
    assert association.p_value(second, first) == (1.0, 12_870)
    assert association.effect(first, second) == pytest.approx(8 / np.arange(16).std())


def test_words_that_lie_alike_have_no_effect_size():
    assert math.isnan(association.effect(np.ones(3), np.ones(3)))


def test_random_lists_have_each_word_once():
    """Of four words there are three ways to split them, whose effect sizes are 0, 1 and 2 over the deviation of all."""
    null = association.null(np.arange(4.0), 2, np.random.default_rng(0))
    assert sorted(set(np.round(np.abs(null) * np.arange(4).std(), 9))) == [0, 1, 2]


def test_random_lists_are_about_0_and_no_wider_than_chance():
    null = association.null(np.random.default_rng(0).standard_normal(500), 8, np.random.default_rng(0))
    assert len(null) == association.NULL
    assert abs(null.mean()) < 0.1
    assert null.std() == pytest.approx(0.5, abs=0.1)  # 2 / √16: of differences of means over the pooled deviation
    late = np.concatenate([np.zeros(20), np.random.default_rng(0).standard_normal(80)])
    assert np.isfinite(association.null(late, 8, np.random.default_rng(0))).all(), "from all words, not the first ones"

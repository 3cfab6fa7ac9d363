"""What word vectors say: neighbours and analogies as gensim has them, scores where the expected loss is least."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.measure import words as measure

VECTORS = np.array(  # drawn once
    [
        [0.0, 0.3, -0.27, -0.89], [-0.45, -0.99, 0.06, 1.34], [-0.49, -0.62, 0.49, 0.36], [0.11, -0.93, -0.03, 0.7],
        [-1.34, -0.46, -1.9, -1.29], [-1.84, -0.24, -1.27, 0.27], [0.16, -0.19, -2.52, -0.54],
        [-0.05, 0.11, -1.53, -0.48], [-0.98, -0.81, 1.06, -0.81], [-0.03, 0.88, -0.58, -0.11],
    ]
)  # fmt: skip
WORDS = "abcdefghij"


def named(order: np.ndarray, similar: np.ndarray) -> dict[str, float]:
    return {WORDS[i]: pytest.approx(s, abs=1e-6) for i, s in zip(order, similar, strict=True)}


def test_neighbours_are_gensims():
    """Frozen from gensim 4.4.0, KeyedVectors.most_similar("c", topn=5)."""
    found = named(*measure.nearest(VECTORS, VECTORS[2], 5, [2]))
    gensim = {
        "b": 0.7818098664283752,
        "i": 0.6586028933525085,
        "d": 0.6517027616500854,
        "f": 0.23262378573417664,
        "e": -0.1685899794101715,
    }
    assert list(found) == list(gensim)
    assert found == gensim


def test_analogies_are_gensims():
    """Frozen from gensim 4.4.0, most_similar(positive=["b", "c"], negative=["a"], topn=5)."""
    found = named(*measure.nearest(VECTORS, measure.analogy(VECTORS, 0, 1, 2), 5, [0, 1, 2]))
    gensim = {
        "d": 0.8414447903633118,
        "i": 0.22461774945259094,
        "f": 0.2039037048816681,
        "e": -0.3304325342178345,
        "g": -0.4134959280490875,
    }
    assert list(found) == list(gensim)
    assert found == gensim


def test_there_are_never_more_neighbours_than_words():
    order, _ = measure.nearest(VECTORS, VECTORS[0], 50, [0])
    assert sorted(order.tolist()) == list(range(1, 10))


def test_questions_are_answered_by_vectors_in_which_they_hold():
    words = sorted({word for question in measure.QUESTIONS for word in question})
    numbers = {word: i for i, word in enumerate(words)}
    vectors = np.random.default_rng(0).normal(size=(len(words), 40))
    he, she, him, her = (numbers[w] for w in ("he", "she", "him", "her"))
    vectors[her] = measure.unit(vectors[him]) + measure.unit(vectors[she]) - measure.unit(vectors[he])
    places = dict(measure.answered(vectors, numbers))
    assert len(places) == len(measure.QUESTIONS)
    assert places["he", "she", "him", "her"] == 1
    assert measure.answered(vectors, {"king": 0, "queen": 1}) == []


def test_scores_at_which_the_expected_loss_of_negative_sampling_has_no_slope():
    """By the derivative of the expectation, summed over everything that can be drawn: 3 words, k = 2."""
    given, noise, k = np.array([[0.5, 0.3, 0.2], [0.1, 0.0, 0.9]]), np.array([0.6, 0.3, 0.1]), 2
    scores = measure.optimum(given, noise) - np.log(k)
    assert np.isneginf(scores[1, 1]), "what never stands there is pushed away for ever"
    for w in range(2):
        for m in range(3):
            p = 1 / (1 + np.exp(-scores[w, m]))
            slope = given[w, m] * (p - 1)  # as the true word
            for true in range(3):  # as noise beside another true word
                slope += given[w, true] * k * noise[m] * (true != m) * p
            assert slope == pytest.approx(0, abs=1e-12)


def test_correlation_is_over_what_is_finite():
    one = np.array([1.0, 2.0, 3.0, -np.inf, np.nan])
    r, cells = measure.correlation(one, np.array([2.0, 4.0, 7.0, 1.0, 1.0]))
    assert (r, cells) == (pytest.approx(np.corrcoef([1, 2, 3], [2, 4, 7])[0, 1]), 3)
    assert np.isnan(measure.correlation(one[:2], one[:2])[0])
    assert np.isnan(measure.correlation(np.ones(5), np.arange(5.0))[0])

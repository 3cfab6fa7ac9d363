"""Projections and their honesty against scikit-learn, scipy and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial
import sklearn.decomposition
import sklearn.manifold
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.measure import projection
from explorer.measure.symbols import KINDS, kind_of

RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(40, 6)) * [5, 3, 2, 1, 0.5, 0.1] + 2


def turn(dims: int, seed: int) -> np.ndarray:
    """A random rotation, or a rotation and a reflection."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dims, dims)))[0]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([2, 3]), st.integers(0, 99), st.floats(0.1, 10), st.floats(-5, 5))
def test_procrustes_undoes_a_rotation_a_reflection_a_stretch_and_a_shift(dims, seed, stretch, shift):
    reference = np.random.default_rng(seed).normal(size=(12, dims))
    moved = stretch * reference @ turn(dims, seed + 1) + shift
    np.testing.assert_allclose(projection.aligned(moved, reference, scaled=True), reference, atol=1e-9)
    found = projection.aligned(reference @ turn(dims, seed + 2) + shift, reference)
    np.testing.assert_allclose(found, reference, atol=1e-9)


def test_procrustes_without_a_stretch_keeps_all_distances():
    found = projection.aligned(DATA[:, :2], DATA[:, 2:4])
    before, after = (scipy.spatial.distance.pdist(x) for x in (DATA[:, :2], found))
    np.testing.assert_allclose(after, before)


def test_what_procrustes_leaves_is_scipys_disparity():
    reference, other = DATA[:, :2], DATA[:, 2:4]
    _, _, disparity = scipy.spatial.procrustes(reference, other)
    left = ((projection.aligned(other, reference, scaled=True) - reference) ** 2).sum()
    assert left / ((reference - reference.mean(0)) ** 2).sum() == pytest.approx(disparity)
    (found,), _ = projection.noise([other, reference])
    assert found == pytest.approx(math.sqrt(disparity))


def test_maps_that_differ_by_a_turn_have_no_noise():
    (found,), _ = projection.noise([3 * DATA[:, :2] @ turn(2, 5) + 1, DATA[:, :2]])
    assert found == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("dims", [2, 3])
def test_principal_components_and_their_variance_are_scikit_learns(dims):
    reference = sklearn.decomposition.PCA(dims, svd_solver="full").fit(DATA)
    found = projection.principal(DATA, dims)
    np.testing.assert_allclose(found.points, reference.transform(DATA), atol=1e-9)
    np.testing.assert_allclose(found.explained, reference.explained_variance_ratio_)


def test_a_turned_map_explains_as_much_in_all():
    found = projection.principal(DATA)
    turned = projection.shares(found.points @ turn(2, 3), DATA)
    assert turned.sum() == pytest.approx(found.explained.sum())
    assert projection.principal(DATA[:, :1], 3).points.shape == (40, 3)


def loop_trustworthiness(data, points, count, distance):
    """Venna & Kaski 2001, equation 2."""
    n, penalty = len(data), 0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        original = sorted(others, key=lambda j: distance(data[i], data[j]))
        mapped = sorted(others, key=lambda j: np.linalg.norm(points[i] - points[j]))
        penalty += sum(max(0, original.index(j) + 1 - count) for j in mapped[:count])
    return 1 - 2 / (n * count * (2 * n - 3 * count - 1)) * penalty


DISTANCES = {"cosine": scipy.spatial.distance.cosine, "euclidean": scipy.spatial.distance.euclidean}


@pytest.mark.parametrize("metric", projection.METRICS)
def test_trustworthiness_is_the_papers_formula_and_scikit_learns(metric):
    points = DATA[:, 1:3]
    found = projection.trustworthiness(DATA, points, 5, metric)
    assert found == pytest.approx(loop_trustworthiness(DATA, points, 5, DISTANCES[metric]))
    assert found == sklearn.manifold.trustworthiness(DATA, points, n_neighbors=5, metric=metric)
    assert projection.trustworthiness(DATA[:6], DATA[:6], 8, "euclidean") == 1  # fewer points than neighbours


@pytest.mark.parametrize("metric", projection.METRICS)
def test_neighbours_are_those_of_a_plain_loop(metric):
    near, far = projection.nearest(DATA, 4, metric)
    for i in range(len(DATA)):
        others = [j for j in range(len(DATA)) if j != i]
        expected = sorted(others, key=lambda j: DISTANCES[metric](DATA[i], DATA[j]))[:4]
        assert near[i].tolist() == expected
        np.testing.assert_allclose(far[i], [DISTANCES[metric](DATA[i], DATA[j]) for j in expected], rtol=1e-5)
    assert projection.nearest(DATA[:3], 8, metric)[0].shape == (3, 2)


def test_what_changed_among_neighbours_is_a_share_of_sets():
    before, after = np.array([[1, 2], [0, 2]]), np.array([[2, 1], [3, 0]])
    assert projection.changed(before, after).tolist() == [0.0, 0.5]


def test_an_axis_runs_from_one_point_to_another_in_the_spaces_own_unit():
    coordinates, share = projection.along(DATA, 3, 7)
    assert coordinates[3] == pytest.approx(0)
    assert coordinates[7] == pytest.approx(np.linalg.norm(DATA[7] - DATA[3]))
    way = (DATA[7] - DATA[3]) / np.linalg.norm(DATA[7] - DATA[3])
    by_hand = [sum((x[c] - DATA[3][c]) * way[c] for c in range(6)) for x in DATA]
    np.testing.assert_allclose(coordinates, by_hand)
    first = sklearn.decomposition.PCA(1).fit(DATA)
    assert 0 < share <= first.explained_variance_ratio_[0]
    assert share == pytest.approx(np.var(by_hand) / DATA.var(0).sum())
    with pytest.raises(ValueError, match="one place"):
        projection.along(DATA, 3, 3)


def test_queries_and_keys_in_one_cloud_attend_as_before():
    queries, keys = 4 * RNG.normal(size=(7, 5)) + 3, RNG.normal(size=(9, 5)) - 2

    def pattern(q, k):
        scores = q @ k.T
        weights = np.exp(scores - scores.max(1, keepdims=True))
        return weights / weights.sum(1, keepdims=True)

    moved, others = projection.joint(queries, keys)
    np.testing.assert_allclose(pattern(moved, others), pattern(queries, keys), atol=1e-9)
    np.testing.assert_allclose(moved.mean(0), others.mean(0))
    assert projection.radius(moved) == pytest.approx(projection.radius(others))


def test_every_sort_of_token_is_told_by_the_way_it_is_written():
    seen = {
        **dict.fromkeys("aéo", "vowel"),
        **dict.fromkeys("bçz", "consonant"),
        **dict.fromkeys("AÉ", "capital"),
        **dict.fromkeys(["␣", " ", "⏎", "⏎⏎", "⇥"], "space"),
        **dict.fromkeys(["3", "␣12"], "digit"),
        **dict.fromkeys(["␣the", "ing"], "word"),
        **dict.fromkeys([".", "->", "'s"], "punctuation"),
        **dict.fromkeys(["∅", "▢", "�", "‹c3›"], "special"),
        "月": "letter",
    }
    assert {symbol: kind_of(symbol) for symbol in seen} == seen
    assert set(seen.values()) == set(KINDS)

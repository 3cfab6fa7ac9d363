"""UMAP and t-SNE: umap-learn's own graph, the same map for the same seed, frames that follow each other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import recorded

from explorer.answers import embeddings
from explorer.answers.maps import frames
from explorer.answers.maps.points import Subject
from explorer.measure import layouts, projection
from explorer.measure.layouts import Pca, Tsne, Umap
from explorer.runs import kept
from explorer.ui.parts.map_explained import MAP

ROOT = Path(__file__).parents[3]
CENTRES = 4 * np.random.default_rng(1).normal(size=(4, 8))
DATA = np.repeat(CENTRES, 12, axis=0) + np.random.default_rng(0).normal(size=(48, 8))
LATER = DATA + 0.05 * np.random.default_rng(2).normal(size=DATA.shape)
METHODS = {"pca": Pca(), "umap": Umap(neighbours=8), "tsne": Tsne()}


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    layouts.warm_up()


@pytest.mark.parametrize("metric", projection.METRICS)
def test_the_graph_is_mcinnes_formulas(metric):
    unit = DATA / np.linalg.norm(DATA, axis=1, keepdims=True)
    apart = np.linalg.norm(DATA[:, None] - DATA, axis=-1) if metric == "euclidean" else 1 - unit @ unit.T
    directed = np.zeros_like(apart)
    for i, row in enumerate(apart):
        near = np.argsort(row)[:8]
        near = near[near != i]
        beyond = row[near] - row[near].min()  # the nearest neighbour is joined for sure
        low, high = 1e-9, 1e3
        for _ in range(200):  # the width with which the weights sum to log2 of the number of neighbours
            width = (low + high) / 2
            low, high = (low, width) if np.exp(-beyond / width).sum() > 3 else (width, high)
        directed[i, near] = np.exp(-beyond / width)
    expected = directed + directed.T - directed * directed.T
    found = Umap(neighbours=8, metric=metric).graph(DATA).toarray()
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.prove  # umap-learn compiles all of its own for it
def test_the_graph_is_umap_learns():
    import umap

    for metric in projection.METRICS:
        reference = umap.UMAP(n_neighbors=8, metric=metric, n_epochs=1, init=DATA[:, :2], n_jobs=1, random_state=0)
        expected = reference.fit(DATA).graph_.toarray()
        found = Umap(neighbours=8, metric=metric).graph(DATA).toarray()
        found[found < found.max() / 500] = 0  # as UMAP leaves out of its own what it would hardly draw
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_curve_is_umap_learns_for_min_dist_a_tenth():
    assert layouts.curve(0.1) == pytest.approx((1.5769434602, 0.8950608780), rel=1e-6)  # umap-learn 0.5.12


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dims", [2, 3])
def test_the_same_seed_is_the_same_map_and_its_clusters_are_the_datas(name, dims):
    method = type(METHODS[name])(dims)
    first = method.first(DATA)
    assert first.shape == (48, dims)
    np.testing.assert_array_equal(first, method.first(DATA.copy()))
    near, _ = projection.nearest(first, 3, "euclidean")
    assert (near // 12 == np.arange(48)[:, None] // 12).mean() > 0.9


def test_another_seed_is_another_map():
    one, other = (Umap(neighbours=8, seed=seed).first(DATA) for seed in (0, 1))
    (found,), _ = projection.noise([one, other])
    assert 0.01 < found < 1


@pytest.mark.parametrize("name", ["umap", "tsne"])
def test_what_is_drawn_by_chance_shows_in_every_pair_of_seeds(name):
    maps = [replace(METHODS[name], seed=seed).random_start(DATA) for seed in range(3)]
    pairs, apart = projection.noise(maps)
    assert len(pairs) == 3
    assert pairs.min() > 0.01  # from principal components t-SNE's would be 2e-16
    assert pairs.max() > 1.01 * pairs.min()  # one pair is one draw
    assert np.sqrt((pairs**2).mean()) == pytest.approx(np.sqrt((apart**2).mean()))


@pytest.mark.parametrize("name", METHODS)
def test_a_following_frame_is_turned_and_never_stretched_as_the_fold_says(name):
    method = METHODS[name]
    before = method.first(DATA)
    moved = method.following(DATA, before, DATA)
    again = method.following(DATA, 3 * before, DATA) if name == "pca" else moved
    assert projection.radius(again) == pytest.approx(projection.radius(moved))
    assert "never stretched" in MAP
    assert "scaled" not in MAP


@pytest.mark.parametrize("name", METHODS)
def test_a_frame_that_follows_hardly_moves_and_is_as_true_as_a_fresh_one(name):
    method = METHODS[name]
    before = method.first(DATA)
    frame, fresh = method.following(LATER, before, DATA), method.first(LATER)
    jump = np.median(np.linalg.norm(frame - before, axis=1)) / projection.radius(before)
    assert jump < 0.2
    trust = [projection.trustworthiness(LATER, points, 8) for points in (frame, fresh)]
    assert trust[0] > trust[1] - 0.03


def test_a_frame_moves_the_more_the_more_neighbourhoods_have_changed():
    method = METHODS["umap"]
    before = method.first(DATA)
    elsewhere = np.random.default_rng(3).permutation(DATA)
    calm, lively = (method.following(DATA, before, earlier) for earlier in (DATA, elsewhere))
    moved = [np.median(np.linalg.norm(frame - before, axis=1)) for frame in (calm, lively)]
    assert moved[1] > 2 * moved[0]


@pytest.mark.parametrize("metric", projection.METRICS)
@pytest.mark.parametrize("vector", [1.0, 0.0])
@pytest.mark.parametrize("name", METHODS)
def test_points_that_are_all_at_one_place_have_a_map(name, vector, metric):
    data = np.full((20, 8), vector)
    method = METHODS[name] if name == "pca" else replace(METHODS[name], metric=metric)
    first = method.first(data)
    for points in (first, method.random_start(data), method.following(data, first, data)):
        assert points.shape == (20, 2)
        assert np.isfinite(points).all()
        assert projection.trustworthiness(data, points, 5, metric) is not None
    assert np.isfinite(projection.noise([first, method.random_start(data)])[0]).all()


def test_progress_is_told_in_epochs():
    epochs: list[tuple[int, int]] = []
    METHODS["umap"].first(DATA, lambda done, of: epochs.append((done, of)))
    assert epochs[-1] == (layouts.EPOCHS, layouts.EPOCHS)
    assert epochs == sorted(epochs)


def test_a_runs_map_does_not_depend_on_what_was_looked_at_before(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 4)
    path = str(recorded(tmp_path / "tiny.run", 20, every=4).path)
    steps = [20, 6, 13, 20, 0]

    def maps(order):
        kept.forget()
        return {step: embeddings.frame(path, step, "states", layer=1).points for step in order}

    forwards, backwards = maps(sorted(steps)), maps(steps)
    for step in steps:
        np.testing.assert_array_equal(forwards[step], backwards[step])


FRESH = """
import sys
import numpy as np
from explorer.measure import layouts
from explorer.answers import embeddings
layouts.warm_up()
for step in map(int, sys.argv[3:]):
    answer = embeddings.frame(sys.argv[1], step, "input")
    assert not answer.standing_in
    np.save(f"{sys.argv[2]}/{step}.npy", answer.points)
"""


@pytest.mark.prove
def test_a_runs_map_is_the_same_bit_for_bit_in_a_fresh_process(tmp_path):
    path = str(recorded(tmp_path / "tiny.run", 70, every=10).path)
    subprocess.run([sys.executable, "-c", FRESH, path, str(tmp_path), "70", "5"], cwd=ROOT, check=True)
    for step in (5, 70):
        points = embeddings.frame(path, step, "input").points
        np.testing.assert_array_equal(points, np.load(tmp_path / f"{step}.npy"))


def test_the_noise_of_a_map_is_that_of_four_seeds_from_nothing(tmp_path):
    path = str(recorded(tmp_path / "tiny.run", 3, every=3).path)
    answer = embeddings.noise(path, 3, "states", layer=2)
    data = frames.vectors(Subject(path, "states", 2), 3)
    pairs, _ = projection.noise([Umap(seed=seed).first(data) for seed in range(4)])
    assert answer.pairs == sorted(pairs.tolist())
    assert answer.noise == pytest.approx(pairs.mean())


def test_what_setup_has_compiled_serves_every_home(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(layouts, "COMPILED", tmp_path / "numba")
    assert layouts.compiled() == tmp_path / "home" / "numba"
    layouts.COMPILED.mkdir()
    assert layouts.compiled() == layouts.COMPILED


POINTS = {
    "one": np.ones((1, 4)),
    "two": np.eye(2, 4),
    "two equal": np.ones((2, 4)),
    "equal": np.ones((6, 4)),
    "zero": np.zeros((5, 4)),
    "two places": np.repeat(np.eye(2, 4), 4, axis=0),
}


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("data", POINTS.values(), ids=POINTS)
def test_few_and_equal_points_have_finite_maps_and_measures(data, dims):
    layout = layouts.Pca(dims)
    first = layout.first(data)
    for found in (first, layout.following(data, first, data)):
        assert found.shape == (len(data), dims)
        assert np.isfinite(found).all()
    near, far = projection.nearest(data, 8)
    trust = projection.trustworthiness(data, first, 8)
    measures = [far, projection.changed(near, near), projection.shares(first, data), projection.radius(first)]
    assert all(np.isfinite(measure).all() for measure in measures)
    assert trust is None if len(data) < 3 else 0 <= trust <= 1

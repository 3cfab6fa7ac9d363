"""UMAP and t-SNE: umap-learn's own graph, the same map for the same seed, frames that follow each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import recorded

from explorer.measure import layouts, projection
from explorer.measure.layouts import Pca, Tsne, Umap
from explorer.runs.views import embeddings, frames
from explorer.runs.views.points import Subject

ROOT = Path(__file__).parents[2]
CENTRES = 4 * np.random.default_rng(1).normal(size=(4, 8))
DATA = np.repeat(CENTRES, 12, axis=0) + np.random.default_rng(0).normal(size=(48, 8))
LATER = DATA + 0.05 * np.random.default_rng(2).normal(size=DATA.shape)
METHODS = {"pca": Pca(), "umap": Umap(neighbours=8), "tsne": Tsne()}


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    layouts.warm_up()


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
    assert 0.01 < projection.noise(one, other) < 1


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


def test_progress_is_told_in_epochs():
    told: list[tuple[int, int]] = []
    METHODS["umap"].first(DATA, lambda done, of: told.append((done, of)))
    assert told[-1] == (layouts.EPOCHS, layouts.EPOCHS)
    assert told == sorted(told)


def test_a_runs_map_does_not_depend_on_what_was_looked_at_before(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 4)
    path = str(recorded(tmp_path / "tiny.run", 20, every=4).path)
    steps = [20, 6, 13, 20, 0]

    def maps(order):
        embeddings.forget()
        return {step: embeddings.frame(path, step, "states", layer=1)[1]["points"] for step in order}

    forwards, backwards = maps(sorted(steps)), maps(steps)
    for step in steps:
        np.testing.assert_array_equal(forwards[step], backwards[step])


FRESH = """
import sys
import numpy as np
from explorer.measure import layouts
from explorer.runs.views import embeddings
layouts.warm_up()
for step in map(int, sys.argv[3:]):
    plain, arrays = embeddings.frame(sys.argv[1], step, "input")
    assert not plain["standing_in"]
    np.save(f"{sys.argv[2]}/{step}.npy", arrays["points"])
"""


@pytest.mark.prove
def test_a_runs_map_is_the_same_bit_for_bit_in_a_fresh_process(tmp_path):
    path = str(recorded(tmp_path / "tiny.run", 70, every=10).path)
    subprocess.run([sys.executable, "-c", FRESH, path, str(tmp_path), "70", "5"], cwd=ROOT, check=True)
    for step in (5, 70):
        points = embeddings.frame(path, step, "input")[1]["points"]
        np.testing.assert_array_equal(points, np.load(tmp_path / f"{step}.npy"))


def test_the_noise_of_a_map_is_that_of_two_seeds_from_nothing(tmp_path):
    path = str(recorded(tmp_path / "tiny.run", 3, every=3).path)
    plain, arrays = embeddings.noise(path, 3, "states", layer=2)
    data = frames.vectors(Subject(path, "states", 2), 3)
    assert plain["noise"] == projection.noise(*(Umap(seed=seed).first(data) for seed in (0, 1)))
    assert plain["noise"] == pytest.approx(np.sqrt((arrays["apart"] ** 2).mean()))

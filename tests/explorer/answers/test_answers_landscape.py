"""The surface around a run, asked for a part at a time; the paths on it; the slices through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import landscape as surface
from explorer.answers import slices
from explorer.answers import weight_space as weights
from explorer.answers.records.landscape import LossSurface
from explorer.measure.plane import ALL, OWN, RANDOM, THREE, PlaneChoice
from explorer.runs import kept
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore

STEPS = 30


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Run]:
    """Two runs of the same shapes and one of other shapes."""
    folder: Path = tmp_path_factory.mktemp("surface")
    other = {"optimizer.name": "sgd", "optimizer.lr": 0.3}
    changes: list[dict[str, Any]] = [{}, other, {"model.width": 8}]
    return [recorded(folder / f"{i}.run", STEPS, TINY.replace(change), every=5) for i, change in enumerate(changes)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A surface of 11 × 11 points, and none from another test."""
    monkeypatch.setattr(surface, "POINTS", 11)
    kept._shelf.clear()


def surfaces() -> list[surface.Surface]:
    """Those that are kept."""
    return [thing for (kind, *_), (thing, _) in kept._shelf.items() if kind == "surface"]


def whole(run: Run, step: int, plane: PlaneChoice) -> list[LossSurface]:
    """Every part until all is there."""
    parts: list[LossSurface] = []
    while not parts or parts[-1].done < parts[-1].of:
        parts.append(surface.grid(str(run.path), step, list(plane), part=len(parts)))
    return parts


def test_the_surface_comes_coarse_to_fine_and_its_middle_is_the_loss_of_the_step(runs):
    parts = whole(runs[0], 20, PlaneChoice(RANDOM, seed=4, reach=0.5))
    assert [(part.done, part.stride) for part in parts] == [(36, 2), (121, 1)]
    assert parts[-1].losses[5, 5] == runs[0].steps["loss"][20] == parts[0].loss  # no dropout
    assert np.isfinite(parts[-1].losses).all()
    assert parts[0].window == ((-0.5, 0.5), (-0.5, 0.5))
    assert (parts[0].samples, parts[0].batch) == (4, 4)


def test_no_point_is_computed_twice_and_no_request_takes_long(runs, monkeypatch):
    calls, real = [], surface.Landscape.losses
    monkeypatch.setattr(surface.Landscape, "losses", lambda self: calls.append(0) or real(self))
    monkeypatch.setattr(surface, "SECONDS", 0.0)
    parts = whole(runs[0], 20, PlaneChoice(RANDOM))
    assert [part.done for part in parts] == list(range(1, 122))  # a point a request
    assert [part.stride for part in parts].count(0) == 35
    assert len(calls) == 1 + 121  # the centre's own loss is told first
    surface.grid(str(runs[0].path), 20, PlaneChoice(RANDOM), part=999)
    assert len(calls) == 122


def test_every_point_is_the_loss_of_the_model_there(runs):
    parts = whole(runs[0], 20, PlaneChoice(OWN))
    (known,) = surfaces()
    place = known.plane.at(known.window.grid(11)[2, 7][None])[0]
    training = restore(runs[0], 20)
    landscape = surface.Landscape(training, known.landscape.batches)
    assert parts[-1].losses[2, 7] == pytest.approx(landscape.losses_at(place)[0], rel=1e-5)


def test_the_plane_of_a_path_explains_what_it_says_and_holds_its_centre(runs):
    parts = whole(runs[0], 20, PlaneChoice(OWN))
    paths = surface.paths(str(runs[0].path), 20, PlaneChoice(OWN), [(str(runs[0].path), 20)])
    (run,) = paths.runs
    assert run.explained == pytest.approx(sum(parts[-1].explained))
    assert 0.5 < parts[-1].wandering < 1
    assert run.steps.tolist() == [s for s in runs[0].snapshot_steps if s <= 20]
    np.testing.assert_allclose(run.coordinates[-1], 0, atol=1e-9)
    assert run.itself == run.beneath == parts[-1].loss
    (left, right), (low, high) = parts[-1].window
    x, y = run.coordinates.T
    assert ((x >= left) & (x <= right) & (y >= low) & (y <= high)).all()


def test_paths_of_other_runs_are_told_with_how_far_off_they_are(runs):
    plane, walkers = PlaneChoice(OWN), [(str(run.path), STEPS) for run in runs]
    paths = surface.paths(str(runs[0].path), 20, plane, walkers)
    assert paths.misfits == [str(runs[2].path)]
    own, other = paths.runs
    first = own.coordinates[0], other.coordinates[0]
    np.testing.assert_allclose(*first, atol=1e-9)  # the same weights at step 0
    last = weights.at_step(runs[1], STEPS, restore(runs[0], 0))
    (known,) = surfaces()
    coordinates, distances = known.plane.project(last[None])
    np.testing.assert_allclose(other.coordinates[-1], coordinates[0], atol=1e-9)
    assert other.distances[-1] == pytest.approx(distances[0])
    assert other.distances[-1] > 0.01
    assert other.itself == known.landscape.losses_at(last)[0]
    assert other.explained < own.explained


def test_the_plane_of_all_paths_is_nearer_to_the_others(runs):
    others = (str(runs[1].path), str(runs[2].path))  # one does not fit and is left out
    walkers = [(others[0], 20)]
    alone, together = (
        surface.paths(str(runs[0].path), 20, plane, walkers).runs[0].explained
        for plane in (PlaneChoice(OWN), PlaneChoice(ALL, others=others))
    )
    assert together > alone


def test_three_points_lie_in_their_plane_with_their_own_losses(runs):
    own, other = str(runs[0].path), str(runs[1].path)
    plane = PlaneChoice(THREE, through=((own, 20), (own, 0), (other, STEPS)))
    paths = surface.paths(own, 20, plane, [(own, 20), (other, STEPS)])
    own_path, other_path = paths.runs
    ends = [*own_path.distances[[0, -1]], other_path.distances[-1]]  # step 0, step 20, the other's end
    np.testing.assert_allclose(ends, 0, atol=1e-6)
    for run in paths.runs:
        assert run.itself == pytest.approx(run.beneath, rel=1e-4)


@pytest.mark.parametrize(
    ("plane", "step", "words"),
    [
        (PlaneChoice("round"), 20, "round is no plane; use one of random, own"),
        (PlaneChoice(OWN), 0, "lie on a line or at one point"),
        (PlaneChoice(THREE, through=(("a", 1),)), 20, "through three points and not 1"),
    ],
)
def test_what_is_no_plane_is_refused(runs, plane, step, words):
    with pytest.raises(ValueError, match=words):
        surface.grid(str(runs[0].path), step, plane)


def test_a_run_of_another_shape_is_refused_by_name(runs):
    own, misfit = str(runs[0].path), str(runs[2].path)
    with pytest.raises(ValueError, match="2 has a model of another shape"):
        surface.grid(own, 20, PlaneChoice(THREE, through=((own, 20), (own, 0), (misfit, 5))))
    with pytest.raises(ValueError, match="2 has a model of another shape"):
        slices.line(own, 20, misfit, 5)


def test_weights_that_are_not_finite_are_refused(runs, tmp_path):
    path = tmp_path / "broken.run"
    recorded(path, 12, every=4).close()
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 12)
        with torch.no_grad():
            training.named["embedding.weight"][0, 0] = float("nan")
        recorder.snapshot(training)
        run.close()
    with pytest.raises(ValueError, match="the weights at step 12 are not finite; choose an earlier step"):
        surface.grid(str(path), 12, PlaneChoice(OWN))
    with pytest.raises(ValueError, match="broken at step 12 are not finite"):
        slices.line(str(runs[0].path), 20, str(path), 12)
    (path_of_it,) = surface.paths(str(path), 8, PlaneChoice(RANDOM), [(str(path), 12)]).runs
    assert path_of_it.steps.max() < 12


def test_a_slice_begins_and_ends_at_the_losses_of_its_ends(runs):
    own, other = str(runs[0].path), str(runs[1].path)
    answer = slices.line(own, 20, other, STEPS)
    here, there = (int(np.argmin(np.abs(answer.t - t))) for t in (0, 1))
    assert (answer.t[here], answer.t[there]) == (0.0, pytest.approx(1.0))
    assert answer.train[here] == runs[0].steps["loss"][20]
    landscape = surface.Landscape(restore(runs[0], 20), [restore(runs[0], 20).batch(20)])
    end = weights.at_step(runs[1], STEPS, landscape.training)
    assert answer.train[there] == pytest.approx(landscape.losses_at(end)[0], rel=1e-5)
    assert answer.distance == pytest.approx(float(np.linalg.norm(end - landscape.home.double().numpy())))
    assert answer.fresh
    same = slices.line(own, 20, own, 17)  # not a snapshot: trained again, exactly
    assert same.distance > 0


def test_a_random_slice_goes_both_ways(runs):
    answer = slices.line(str(runs[0].path), 20, seed=2, reach=0.25)
    assert (answer.t[0], answer.t[-1]) == (-0.25, 0.25)
    assert answer.train[len(answer.t) // 2] == runs[0].steps["loss"][20]


def test_looking_leaves_the_file_as_it_is(runs):
    before = runs[0].path.read_bytes()
    whole(runs[0], 20, PlaneChoice(RANDOM))
    slices.line(str(runs[0].path), 20, str(runs[1].path), 5)
    assert runs[0].path.read_bytes() == before


def test_only_the_last_surfaces_are_kept(runs):
    for seed in range(surface.KEPT + 2):
        surface.grid(str(runs[0].path), 20, PlaneChoice(RANDOM, seed))
    assert len(surfaces()) == surface.KEPT

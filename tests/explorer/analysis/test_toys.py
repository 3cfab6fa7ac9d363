"""Toy surfaces and the walks over them: against scipy, finite differences, and the formulas in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der

from explorer.analysis import toys
from explorer.analysis.toys import TOYS, heights, walk
from explorer.answers import toys as views
from explorer.config.optimizers import OPTIMIZERS

H = 1e-6
coordinate = st.floats(-2, 2)


def height(toy: toys.Toy, x: float, y: float) -> float:
    return float(toy.height(torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_has_a_learning_rate_on_every_surface(name):
    assert set(OPTIMIZERS[name].toy_lr) == set(TOYS)


@pytest.mark.parametrize("name", TOYS)
@given(x=coordinate, y=coordinate)
@settings(max_examples=15, deadline=None)
def test_the_gradient_is_what_differences_say(name, x, y):
    toy = TOYS[name]
    value, slope = toys.gradient(toy, torch.tensor([[x, y]], dtype=torch.float64))
    differences = [
        (height(toy, x + H, y) - height(toy, x - H, y)) / (2 * H),
        (height(toy, x, y + H) - height(toy, x, y - H)) / (2 * H),
    ]
    assert value == height(toy, x, y)
    np.testing.assert_allclose(slope[0], differences, rtol=1e-5, atol=1e-5)


@given(x=coordinate, y=coordinate)
@settings(max_examples=15, deadline=None)
def test_rosenbrocks_valley_is_scipys(x, y):
    value, slope = toys.gradient(TOYS["rosenbrock"], torch.tensor([[x, y]], dtype=torch.float64))
    assert value == pytest.approx(rosen([x, y]), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(slope[0], rosen_der([x, y]), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", TOYS)
def test_nothing_lies_lower_near_a_minimum(name):
    toy, around = TOYS[name], np.random.default_rng(0).normal(scale=0.05, size=(50, 2))
    for x, y, _ in toy.minima:
        lowest = height(toy, x, y)
        assert all(height(toy, x + dx, y + dy) >= lowest for dx, dy in around)
    grid = heights(toy, 9)
    (left, _), (low, _) = toy.window
    assert grid[0, 0] == height(toy, left, low)  # rows go up, columns to the right


def in_numpy(name: str, toy: toys.Toy, lr: float, steps: int) -> np.ndarray:
    """The optimizers' update rules, written down from their papers."""
    place, m, v = np.array(toy.start), np.zeros(2), np.zeros(2)
    places = [place]
    for t in range(1, steps + 1):
        g = toys.gradient(toy, torch.tensor(place[None], dtype=torch.float64))[1][0].numpy()
        if name == "sgd":
            step = g
        elif name == "momentum":
            m = 0.9 * m + g
            step = m
        elif name == "nesterov":
            m = 0.9 * m + g
            step = g + 0.9 * m
        elif name == "adagrad":
            v = v + g**2
            step = g / (np.sqrt(v) + 1e-10)
        elif name == "rmsprop":
            v = 0.99 * v + 0.01 * g**2
            step = g / (np.sqrt(v) + 1e-8)
        elif name in ("adam", "adamw"):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        else:
            raise AssertionError(f"{name} has no formula here")
        place = place - lr * step
        places.append(place)
    return np.array(places)


@pytest.mark.parametrize("toy", TOYS)
@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"muon"}))
def test_ten_steps_are_those_of_the_formula_in_numpy(name, toy):
    lr = OPTIMIZERS[name].toy_lr[toy]
    found = walk(TOYS[toy], name, lr, TOYS[toy].start, 10)
    np.testing.assert_allclose(found.places, in_numpy(name, TOYS[toy], lr, 10), rtol=1e-9, atol=1e-12)


def test_muon_goes_along_its_momentum_with_steps_of_one_length():
    found = walk(TOYS["ravine"], "muon", 0.1, (3.0, 1.0), 10)
    steps = np.diff(found.places, axis=0)
    momentum = np.zeros(2)
    for step, g in zip(steps, found.gradients, strict=True):
        momentum = 0.95 * momentum + 0.05 * g
        ahead = 0.95 * momentum + 0.05 * g
        cosine = -step @ ahead / np.linalg.norm(step) / np.linalg.norm(ahead)
        assert cosine == pytest.approx(1, abs=1e-4)  # bfloat16 inside
        assert 0.6 < np.linalg.norm(step) / (0.1 * 0.2 * 2**0.5) < 1.3  # Newton–Schulz comes near to 1, not to it


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_substeps_come_to_the_place_that_the_optimizer_came_to(name):
    toy = TOYS["rosenbrock"]
    found = walk(toy, name, OPTIMIZERS[name].toy_lr["rosenbrock"], toy.start, 12)
    by = {stage.name: i for i, stage in enumerate(found.stages)}
    np.testing.assert_allclose(found.numbers[:, by["new place"]], found.places[1:], rtol=1e-12)
    np.testing.assert_allclose(found.numbers[:, by["gradient"]], found.gradients, rtol=1e-15)
    np.testing.assert_allclose(found.numbers[:, by["step"]], np.diff(found.places, axis=0), rtol=1e-6, atol=1e-12)
    assert len(found.heights) == len(found.places) == 13
    assert found.heights[0] == height(toy, *toy.start)


def test_bias_correction_is_told_with_how_much_is_filled():
    found = walk(TOYS["ravine"], "adam", 0.1, (1.0, 1.0), 3)
    names = [stage.symbol for stage in found.stages]
    filled, hat, m = (found.numbers[:, names.index(symbol)] for symbol in ("1 − β₁ᵗ", "m̂", "m"))
    np.testing.assert_allclose(filled[:, 0], 1 - 0.9 ** np.arange(1, 4))
    np.testing.assert_allclose(m / filled, hat)


def test_a_walk_out_of_all_bounds_ends_and_says_so():
    found = walk(TOYS["rosenbrock"], "sgd", 1.0, (-1.2, 1.0), 50)
    assert "leads out of all bounds" in found.ended
    assert np.isfinite(found.places).all()
    assert len(found.places) == len(found.heights) == len(found.numbers) + 1
    nowhere = walk(TOYS["rosenbrock"], "sgd", 100.0, (1e3, 1e3), 50)
    assert len(nowhere.places) == 1
    assert nowhere.numbers.size == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "hill"}, "there is no toy surface hill; there are rosenbrock"),
        ({"start": (float("nan"), 0)}, "is no place on the surface"),
        ({"steps": 0}, "use 1 to 300"),
        ({"rates": [("lion", 0.1)]}, "there is no optimizer lion"),
        ({"rates": [("sgd", -1.0)]}, "lr"),
    ],
)
def test_what_cannot_be_walked_is_refused(arguments, words):
    request = {"name": "saddle", "start": (1.0, 0.5), "rates": [("sgd", 0.1)], "steps": 5} | arguments
    with pytest.raises(ValueError, match=words):
        views.walks(**request)


def test_a_request_gives_the_surface_and_every_walk():
    answer = views.walks("saddle", (1.0, 0.5), [("sgd", 0.1), ("adam", 0.1)], 5)
    assert [(walk.name, walk.lr, walk.ended) for walk in answer.walks] == [("sgd", 0.1, ""), ("adam", 0.1, "")]
    assert answer.heights.shape == (81, 81)
    assert answer.walks[1].places.shape == (6, 2)
    assert answer.walks[1].numbers.shape == (5, len(answer.walks[1].stages), 2)
    assert set(views.surfaces().toys) == set(TOYS)

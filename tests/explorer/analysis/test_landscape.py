"""The loss anywhere in weight space: what must come out where it is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY

from explorer.analysis.landscape import Landscape, first_samples, held_out, random_directions
from explorer.measure.plane import Plane
from explorer.training.loop import Training
from explorer.training.optimizers import Flat

# directions with rows of these lengths, by `filter_normalize_` of loss-landscapes 3.0.6 (its treatment of vectors is
# another: it scales them too)
WEIGHTS = [[3.0, 4.0], [1.0, 0.0], [0.0, 0.5]]
DRAWN = [[1.0, 1.0], [0.0, -2.0], [3.0, 4.0]]
NORMALISED = [[3.5355339, 3.5355339], [0.0, -1.0], [0.3, 0.4]]


def trained(steps: int) -> Training:
    training = Training(TINY)
    for _ in range(steps):
        next(training)
    return training


def weights(training: Training) -> np.ndarray:
    return training.flat.values.double().numpy().copy()


def landscape(steps: int = 5) -> tuple[Landscape, np.ndarray]:
    training = trained(steps)
    return Landscape(training, [first_samples(training.batch(steps))]), weights(training)


def test_at_the_origin_the_loss_is_that_of_the_batch_which_training_goes_on_with():
    over, home = landscape()
    plane = Plane(home, random_directions(over.flat, seed=3))
    (at_zero,) = over.over(plane)(0.0, 0.0)
    assert at_zero == next(trained(5)).loss  # the next step's, dropout is 0
    assert at_zero == over.losses_at(home)[0]


def test_along_the_way_to_other_weights_the_loss_at_1_is_theirs():
    over, home = landscape()
    there = weights(trained(12))
    values = [found[0] for found in over.along(home, there - home, np.array([0.0, 1.0]))]
    assert values[0] == over.losses_at(home)[0]
    assert values[1] == pytest.approx(over.losses_at(there)[0], rel=1e-5)
    other = trained(12)
    expected = Landscape(other, over.batches).losses()[0]
    assert over.losses_at(there)[0] == expected


def test_the_surface_is_the_loss_of_the_model_that_stands_there():
    over, home = landscape()
    plane = Plane(home, random_directions(over.flat, seed=1))
    point = plane.at(np.array([[0.4, -0.7]]))[0]
    assert over.over(plane)(0.4, -0.7)[0] == pytest.approx(over.losses_at(point)[0], rel=1e-5)


def test_directions_are_normalised_filter_by_filter_as_a_plain_loop_does():
    training = trained(3)
    for direction in random_directions(training.flat, seed=7):
        split = training.flat.split(torch.from_numpy(direction))
        for name, weight in training.weights().items():
            if weight.ndim < 2:
                assert (split[name] == 0).all()
                continue
            for row, own in zip(split[name], weight, strict=True):
                assert float(row.norm()) == pytest.approx(float(own.norm()), rel=1e-5)
    first, again = random_directions(training.flat, 7), random_directions(training.flat, 7)
    assert (first == again).all()
    assert abs(np.corrcoef(first)[0, 1]) < 0.2
    assert not np.allclose(first, random_directions(training.flat, 8))


def test_a_known_direction_is_normalised_as_the_reference_does(monkeypatch):
    flat = Flat({"w": torch.nn.Parameter(torch.tensor(WEIGHTS)), "b": torch.nn.Parameter(torch.ones(2))})
    monkeypatch.setattr(torch, "randn", lambda *shape, generator: torch.tensor(DRAWN))
    (direction,) = random_directions(flat, 0, count=1)
    split = flat.split(torch.from_numpy(direction).float())
    np.testing.assert_allclose(split["w"], NORMALISED, rtol=1e-6)
    assert (split["b"] == 0).all()


def test_held_out_samples_are_the_same_at_every_step_and_new_where_a_task_has_no_end():
    (one, fresh), (other, _) = held_out(trained(0)), held_out(trained(4))
    assert fresh
    assert (one.tokens == other.tokens).all()
    assert len(first_samples(one, 3).tokens) == 3

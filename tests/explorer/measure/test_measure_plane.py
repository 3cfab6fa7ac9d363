"""Planes through weight space: what is exact, and what numpy's SVD says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.measure import plane as planes
from explorer.measure.plane import Plane


def points(n: int, dimensions: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dimensions)) * np.linspace(3, 0.1, dimensions)


def test_points_of_the_plane_fall_on_their_own_coordinates():
    plane = Plane(points(1)[0], points(2, seed=1))  # neither of length 1 nor at right angles
    coordinates = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-2.5, 0.7]])
    found, distances = plane.project(plane.at(coordinates))
    np.testing.assert_allclose(found, coordinates, atol=1e-12)
    np.testing.assert_allclose(distances, 0, atol=1e-12)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_projection_is_that_of_least_squares(seed):
    plane, others = Plane(points(1)[0], points(2, seed=seed + 1)), points(5, seed=seed)
    found, distances = plane.project(others)
    for point, at, distance in zip(others, found, distances, strict=True):
        solved, residual, *_ = np.linalg.lstsq(plane.axes.T, point - plane.origin, rcond=None)
        np.testing.assert_allclose(at, solved, rtol=1e-8, atol=1e-10)
        assert distance == pytest.approx(float(residual[0]) ** 0.5)


def test_the_principal_plane_explains_what_numpys_svd_says():
    cloud = points(12)
    plane = planes.principal(cloud, cloud[-1])
    _, values, rows = np.linalg.svd(cloud - cloud[-1], full_matrices=False)
    np.testing.assert_allclose(plane.explained, values[:2] ** 2 / (values**2).sum(), rtol=1e-10)
    np.testing.assert_allclose(np.abs(plane.axes @ rows[:2].T), np.eye(2), atol=1e-8)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-10)
    assert (plane.axes @ (cloud[0] - cloud[-1]) >= 0).all()
    coordinates, distances = plane.project(cloud)
    inside, whole = (coordinates**2).sum(), ((cloud - cloud[-1]) ** 2).sum()
    assert inside / whole == pytest.approx(sum(plane.explained))
    left = planes.left_out(coordinates, distances, plane.axes)
    assert (left[:-1] * ((cloud[:-1] - cloud[-1]) ** 2).sum(1)).sum() == pytest.approx(whole - inside)
    assert left[-1] == 0


def test_points_on_a_line_span_no_plane():
    line = np.outer(np.arange(5.0), points(1)[0])
    with pytest.raises(ValueError, match="lie on a line or at one point"):
        planes.principal(line, line[-1])
    with pytest.raises(ValueError, match="the three points lie on a line"):
        planes.through(*line[:3])
    with pytest.raises(ValueError, match="the three points lie on a line"):
        planes.through(line[1], line[1], points(1, seed=1)[0])


def test_three_points_lie_in_the_plane_through_them():
    three = points(3)
    plane = planes.through(*three)
    coordinates, distances = plane.project(three)
    np.testing.assert_allclose(distances, 0, atol=1e-10)
    np.testing.assert_allclose(coordinates[0], 0, atol=1e-12)
    assert coordinates[1] == pytest.approx([np.linalg.norm(three[1] - three[0]), 0], abs=1e-10)
    assert coordinates[2][1] > 0
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)


def test_a_random_walk_lies_mostly_in_a_plane_too():
    # of a long even walk the k-th direction has 8 / ((2k − 1)² π²): the eigenvalues of Brownian motion's kernel
    assert planes.random_walk(np.arange(1, 2001)) == pytest.approx(8 / np.pi**2 * (1 + 1 / 9), rel=1e-3)
    steps = np.random.default_rng(0).normal(size=(30, 20_000)).cumsum(0)[::-1]  # walked, and seen from its end
    plane = planes.principal(steps, np.zeros(20_000))
    assert planes.random_walk(np.arange(30, 0, -1)) == pytest.approx(sum(plane.explained), abs=0.01)


def test_the_window_holds_its_points_with_a_margin():
    window = planes.window(np.array([[0.0, 0.0], [10.0, 1.0]]), margin=0.25)
    assert window.x == (-2.5, 12.5)
    assert window.y == pytest.approx((-2.5, 3.5))  # at least 0.4 of the long side
    grid = window.grid(5)
    assert grid.shape == (5, 5, 2)
    np.testing.assert_allclose(grid[0, 0], [-2.5, -2.5])
    np.testing.assert_allclose(grid[-1, 0], [-2.5, 3.5])


@pytest.mark.parametrize(("n", "strides"), [(41, [8, 4, 2, 1]), (11, [2, 1]), (7, [1])])
def test_the_grid_is_refined_from_coarse_to_fine_and_no_point_comes_twice(n, strides):
    order = planes.refinement(n)
    assert [stride for stride, _ in order] == strides
    known = np.zeros(n * n, dtype=int)
    for stride, indices in order:
        known[indices] += 1
        assert (known.reshape(n, n)[::stride, ::stride] == 1).all()
    assert (known == 1).all()

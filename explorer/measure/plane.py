"""A plane through weight space: how it is chosen, and where points of weight space fall on it.

P parameters, N points, coordinates (a, b): the point origin + a · axes[0] + b · axes[1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

RANDOM, OWN, ALL, THREE = "random", "own", "all", "three"
KINDS = (RANDOM, OWN, ALL, THREE)


class PlaneChoice(NamedTuple):
    """A plane through a run's weights at a step, as plain values for a request.

    kind: RANDOM, filter-normalised directions drawn from `seed`, from −reach to reach; OWN, nearest to the run's own
    snapshots until the step; ALL, nearest to those of `others`, paths of runs, too; THREE, through the points
    `through`, each a run's path and a step.   reach: widens the window of every kind.
    """

    kind: str = RANDOM
    seed: int = 0
    reach: float = 1.0
    others: tuple[str, ...] = ()
    through: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Plane:
    """origin (P,), axes (2, P), float64. The axes need neither length 1 nor right angles.

    explained: the share of its points' squared distances from the origin that lies in the plane; None if the plane was
    not fitted to points.
    """

    origin: np.ndarray
    axes: np.ndarray
    explained: tuple[float, float] | None = None

    def at(self, coordinates: np.ndarray) -> np.ndarray:
        """Points of weight space (N, P) for coordinates (N, 2)."""
        return self.origin + coordinates @ self.axes

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates (N, 2) of the nearest points of the plane, by least squares, and the distances to them (N,)."""
        away = np.asarray(points, dtype=np.float64) - self.origin
        coordinates = np.linalg.solve(self.axes @ self.axes.T, self.axes @ away.T).T
        return coordinates, np.linalg.norm(away - coordinates @ self.axes, axis=1)


def principal(points: np.ndarray, origin: np.ndarray) -> Plane:
    """The plane through `origin` nearest to points (N, P): their first two principal directions.

    The points are taken from `origin` and not from their mean, so that the plane holds the weights shown, as in Li et
    al. 2018, §6. Axes have length 1 and right angles, each turned so that the first point lies on its positive side.
    ValueError if the points do not span a plane.
    """
    origin = np.asarray(origin, dtype=np.float64)
    away = np.asarray(points, dtype=np.float64) - origin
    values, vectors = np.linalg.eigh(away @ away.T)  # N × N: there are far fewer points than parameters
    order = np.argsort(values)[::-1][:2]
    squares = np.maximum(values[order], 0)
    whole = float(np.trace(away @ away.T))
    if len(squares) < 2 or squares[1] <= 1e-12 * max(whole, 1e-300):
        raise ValueError("these weights lie on a line or at one point; go to a later step, or choose another plane")
    axes = (vectors[:, order].T @ away) / np.sqrt(squares)[:, None]
    signs = np.where(axes @ away[0] < 0, -1.0, 1.0)
    first, second = (float(square / whole) for square in squares)
    return Plane(origin, axes * signs[:, None], (first, second))


def through(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> Plane:
    """The plane through three points (P,), the first at (0, 0) and the second on the positive first axis.

    Axes of length 1 and at right angles (Garipov et al. 2018). ValueError if the three lie on a line.
    """
    origin, b, c = (np.asarray(point, dtype=np.float64) for point in (first, second, third))
    one, other = b - origin, c - origin
    length = np.linalg.norm(one)
    one = one / max(float(length), 1e-300)
    across = other - (other @ one) * one
    wide = np.linalg.norm(across)
    if length == 0 or wide <= 1e-6 * max(float(np.linalg.norm(other)), 1e-300):
        raise ValueError("the three points lie on a line; choose three that differ more")
    return Plane(origin, np.stack([one, across / wide]))


def left_out(coordinates: np.ndarray, distances: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The share of each point's squared distance from the origin that lies outside the plane (N,), 0 at the origin."""
    inside = np.einsum("na,ab,nb->n", coordinates, axes @ axes.T, coordinates)
    whole = inside + distances**2
    return np.where(whole > 0, distances**2 / np.maximum(whole, 1e-300), 0.0)


def random_walk(away: np.ndarray) -> float:
    """The share that two principal directions would explain if the weights had moved at random in many dimensions.

    away (N,): how many steps before the origin each point was taken. The inner product of two points of a random walk,
    both from its end, is on average proportional to the smaller of their `away` (Antognini & Sohl-Dickstein 2018, who
    take points from their mean).
    """
    steps = np.asarray(away, dtype=np.float64)
    values = np.linalg.eigvalsh(np.minimum.outer(steps, steps))
    return float(values[-2:].sum() / max(values.sum(), 1e-300))


@dataclass(frozen=True)
class Window:
    """The visible part of a plane: from low to high along the first axis, x, and the second, y."""

    x: tuple[float, float]
    y: tuple[float, float]

    def grid(self, n: int) -> np.ndarray:
        """The coordinates of n × n points, (n, n, 2): rows from the lowest y, columns from the lowest x."""
        x, y = np.linspace(*self.x, n), np.linspace(*self.y, n)
        return np.stack(np.meshgrid(x, y), axis=-1)


def window(coordinates: np.ndarray, margin: float = 0.25, narrowest: float = 0.4) -> Window:
    """A window that holds the coordinates (N, 2) with a margin; its short side is at least `narrowest` of the long."""
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    half = np.maximum((high - low) / 2 * (1 + 2 * margin), 1e-9)
    half = np.maximum(half, narrowest * half.max())
    middle = (low + high) / 2
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return Window((left, right), (bottom, top))


def refinement(n: int) -> list[tuple[int, np.ndarray]]:
    """The order in which n × n points are computed: (stride, flat indices (m,)), coarse to fine, each index once.

    n − 1 is a power of two times a number below 10: 41 gives strides 8, 4, 2, 1, grids of 6, 11, 21 and 41.
    """
    stride = 1
    while (n - 1) % (2 * stride) == 0 and (n - 1) // (2 * stride) >= 5:
        stride *= 2
    done = np.zeros((n, n), dtype=bool)
    order = []
    while stride:
        level = np.zeros_like(done)
        level[::stride, ::stride] = True
        order.append((stride, np.flatnonzero(level & ~done)))
        done |= level
        stride //= 2
    return order

"""Maps of points of a high-dimensional space: projections, their alignment, and how far to trust them.

N points, C dimensions of the original space, d of the map (2 or 3), K neighbours. layouts.py has UMAP and t-SNE.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, NamedTuple, get_args

import numpy as np

Metric = Literal["cosine", "euclidean"]
METRICS = get_args(Metric)


class Principal(NamedTuple):
    """points (N, d), and the share of the points' variance along each axis of the map, (d,)."""

    points: np.ndarray
    explained: np.ndarray


def principal(data: np.ndarray, dims: int = 2) -> Principal:
    """The first principal components of data (N, C): PCA (Pearson 1901; Hotelling 1933), through the SVD.

    Each axis is turned so that its largest loading is positive, as scikit-learn does; a map of more dimensions than
    the data has is filled up with zeros.
    """
    away = np.asarray(data, dtype=np.float64)
    away = away - away.mean(axis=0)
    left, values, right = np.linalg.svd(away, full_matrices=False)
    loadings = right[np.arange(len(right)), np.abs(right).argmax(axis=1)]
    points = left * values * np.where(loadings < 0, -1.0, 1.0)
    points = np.pad(points[:, :dims], ((0, 0), (0, max(0, dims - points.shape[1]))))
    return Principal(points, shares(points, data))


def shares(points: np.ndarray, data: np.ndarray) -> np.ndarray:
    """The variance of points (N, d) along each of their axes, as a share of that of data (N, C); 0 if that is 0."""
    whole = np.asarray(data, dtype=np.float64).var(axis=0).sum()
    return np.asarray(points, dtype=np.float64).var(axis=0) / max(float(whole), 1e-300)


def radius(points: np.ndarray) -> float:
    """Root mean square distance of points (N, d) from their centre: the unit of motion on a map."""
    points = np.asarray(points, dtype=np.float64)
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))


def aligned(points: np.ndarray, reference: np.ndarray, scaled: bool = False) -> np.ndarray:
    """Points (N, d) turned, mirrored and shifted to lie as near to the reference (N, d) as possible: Procrustes.

    The least sum of squared distances (Schönemann 1966); with `scaled` also stretched uniformly (Gower 1975), which
    shrinks a noisy map and so is not for chains of frames.
    """
    points, reference = (np.asarray(p, dtype=np.float64) for p in (points, reference))
    centre = reference.mean(axis=0)
    mine, theirs = points - points.mean(axis=0), reference - centre
    left, values, right = np.linalg.svd(mine.T @ theirs)
    stretch = values.sum() / max(float((mine**2).sum()), 1e-300) if scaled else 1.0
    return stretch * (mine @ (left @ right)) + centre


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far each point lies from itself on another map (N,), in radii of the other, after Procrustes with scale."""
    distances = np.linalg.norm(aligned(one, other, scaled=True) - other, axis=1)
    return distances / max(radius(other), 1e-300)


def noise(maps: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How much of an arrangement is random, from several maps (N, d) of the same data that differ in seed.

    Returns the root mean square of `apart` for each pair of maps, and for each point, (N,), over all pairs.
    """
    squares = np.stack([apart(one, other) ** 2 for one, other in combinations(maps, 2)])  # (pairs, N)
    return np.sqrt(squares.mean(axis=1)), np.sqrt(squares.mean(axis=0))


def distances(data: np.ndarray, metric: Metric = "cosine") -> np.ndarray:
    """Distances (N, N) in the original space: 1 − cosine of the angle, or Euclid's. A vector of zeros has angle 90°."""
    data = np.asarray(data, dtype=np.float64)
    if metric == "cosine":
        unit = data / np.maximum(np.linalg.norm(data, axis=1, keepdims=True), 1e-300)
        return np.clip(1 - unit @ unit.T, 0, 2)
    squares = (data**2).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * data @ data.T, 0))


def nearest(data: np.ndarray, count: int, metric: Metric = "cosine") -> tuple[np.ndarray, np.ndarray]:
    """The nearest other points of each point in the original space, nearest first: indices and distances (N, K).

    K is `count`, or the number of other points if smaller. Equally near ones come in the order of their index.
    """
    table = distances(data, metric)
    np.fill_diagonal(table, -1)  # a point is not its own neighbour: it comes first and is left out
    order = np.argsort(table, axis=1, kind="stable")[:, 1 : count + 1]
    return order.astype(np.int32), np.take_along_axis(table, order, axis=1).astype(np.float32)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The share of each point's neighbours (N, K) that were not among them before, (N,); 0 without neighbours."""
    kept = (after[:, :, None] == before[:, None, :]).any(axis=2)
    return 1 - kept.mean(axis=1) if kept.shape[1] else np.zeros(len(kept))


def trustworthiness(data: np.ndarray, points: np.ndarray, count: int, metric: Metric = "cosine") -> float | None:
    """How far the map's neighbours are the original's, in [0, 1] (Venna & Kaski 2001), by scikit-learn.

    count: neighbours compared, below half of the points; fewer if there are too few points. None for fewer than three
    points, which have no neighbourhoods to compare.
    """
    if len(data) < 3:
        return None
    from sklearn.manifold import trustworthiness as measured

    count = max(1, min(count, (len(data) - 1) // 2))
    return float(measured(data, points, n_neighbors=count, metric=metric))


def along(data: np.ndarray, start: int, end: int) -> tuple[np.ndarray, float]:
    """Coordinates (N,) on the axis through two points, 0 at the first, and the share of variance along it.

    The unit is that of the original space: the second lies at its distance from the first. ValueError if the two are at
    the same place.
    """
    data = np.asarray(data, dtype=np.float64)
    way = data[end] - data[start]
    length = float(np.linalg.norm(way))
    if length == 0:
        raise ValueError("the two ends of the axis are at one place; choose two others")
    coordinates = (data - data[start]) @ (way / length)
    return coordinates, float(shares(coordinates[:, None], data)[0])


def joint(queries: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Queries (n, D) and keys (m, D) of a head moved into one cloud, without changing the head's result.

    Softmax ignores a vector added to all keys, and scores ignore queries stretched and keys shrunk by one factor (Yeh
    et al. 2023, AttentionViz). Here the factor gives both the same spread, the vector the same centre.
    """
    queries, keys = (np.asarray(x, dtype=np.float64) for x in (queries, keys))
    factor = np.sqrt(max(radius(keys), 1e-12) / max(radius(queries), 1e-12))
    queries, keys = queries * factor, keys / factor
    return queries, keys - keys.mean(axis=0) + queries.mean(axis=0)

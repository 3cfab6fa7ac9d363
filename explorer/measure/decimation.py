"""Curves short enough to draw: buckets that keep their smallest and largest value, so spikes survive.

N points, M columns, K buckets.
"""

from __future__ import annotations

import warnings

import numpy as np

GRAD_NORM_MAX = 9  # where a run's table holds the largest gradient norm of a row


def decimate(
    x: np.ndarray, y: np.ndarray, points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At most `points` buckets of about equal length: first x, min, max and mean of y, each (K, ...).

    x (N,), y (N,) or (N, M). NaN counts as no value; a bucket without any is NaN. Infinities are values.
    As it is where N <= points.
    """
    y = np.asarray(y, dtype=np.float64)
    if len(x) <= points:
        return x, y, y, y
    starts = bucket_starts(len(x), points)
    low, high = np.fmin.reduceat(y, starts, axis=0), np.fmax.reduceat(y, starts, axis=0)
    return x[starts], low, high, _mean(y, np.ones(len(x)), starts)


def decimate_blocks(table: np.ndarray, points: int) -> np.ndarray:
    """The same for a run's rows of (first step, peak, and min, max, mean of each column): (N, M) to (K, M).

    Rows may stand for different numbers of steps; means are weighted by them. The last row counts one.
    """
    if len(table) <= points:
        return table
    starts = bucket_starts(len(table), points)
    span = np.diff(table[:, 0], append=table[-1, 0] + 1)
    result = np.empty((len(starts), table.shape[1]))
    result[:, 0] = table[starts, 0]
    ends = np.append(starts[1:], len(table))
    ruler = np.nan_to_num(table[:, GRAD_NORM_MAX], nan=-np.inf, posinf=np.inf)
    result[:, 1] = [table[a + ruler[a:b].argmax(), 1] for a, b in zip(starts, ends, strict=True)]
    result[:, 2::3] = np.fmin.reduceat(table[:, 2::3], starts, axis=0)
    result[:, 3::3] = np.fmax.reduceat(table[:, 3::3], starts, axis=0)
    result[:, 4::3] = _mean(table[:, 4::3], span, starts)
    return result


def bucket_starts(count: int, points: int) -> np.ndarray:
    """Where each of `points` buckets of about equal length begins: (points,), ascending, the first 0."""
    if points < 1:
        raise ValueError(f"points={points} leaves nothing to draw; use at least 1")
    return np.arange(points) * count // points


def _mean(y: np.ndarray, weight: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Weighted mean of each bucket of y (N, ...) over what is not NaN."""
    weight = weight.reshape(-1, *[1] * (y.ndim - 1))
    there = ~np.isnan(y)
    total = np.add.reduceat(np.where(there, weight, 0.0), starts, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ∞ − ∞ and 0 / 0 are NaN, as they should be
        return np.add.reduceat(np.where(there, y * weight, 0.0), starts, axis=0) / total

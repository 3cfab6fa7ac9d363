"""How alike positions are, and how far heads look, over distance.

T position, Q query, K key, B batch, H heads, C channels, n distances. A distance is query − key: 3 means that the key
stands three before the query, −1 that it comes right after.
"""

from __future__ import annotations

import numpy as np


def products(table: np.ndarray) -> np.ndarray:
    """Dot product of every two rows of a table (T, C), in float64, (T, T)."""
    rows = table.astype(np.float64)
    return rows @ rows.T


def cosines(table: np.ndarray) -> np.ndarray:
    """Cosine of every two rows of a table (T, C), (T, T); 0 where a row is zero."""
    sizes = np.linalg.norm(table.astype(np.float64), axis=-1)
    return products(table) / np.maximum(np.outer(sizes, sizes), np.finfo(np.float64).tiny)


def turns(length: int, width: int, base: float) -> np.ndarray:
    """The angle t · base^(−2i/C) of position t and channel pair i, (T, ⌈C/2⌉), as models/positions.py has it."""
    return np.multiply.outer(np.arange(length), float(base) ** (-np.arange(0, width, 2) / width))


def waves(angles: np.ndarray) -> np.ndarray:
    """Mean over channel pairs of cos((t − s) · θ) for positions t and s, from t · θ (T, pairs): (T, T).

    The cosine between two rows of a sinusoid; and between a vector whose pairs are equally long, turned as rotary
    turns it at t, and the same turned at s.
    """
    turned = np.concatenate([np.cos(angles), np.sin(angles)], axis=-1)
    return turned @ turned.T / angles.shape[-1]


def tilted(bias: np.ndarray, causal: bool) -> np.ndarray:
    """Attention where all scores are equal and only a bias (H, T, T) tells keys apart: its softmax, (H, T, T)."""
    seen = np.tril(np.ones(bias.shape[1:], dtype=bool)) if causal else np.ones(bias.shape[1:], dtype=bool)
    weights = np.exp(bias.astype(np.float64)) * seen
    return weights / weights.sum(-1, keepdims=True)


def along(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """A matrix (T, T) over the distance 0 to T − 1, each (T,): mean, least and most over all pairs so far apart.

    Of the lower triangle, query after key; the matrices here are symmetric.
    """
    diagonals = [np.diagonal(matrix, -distance) for distance in range(len(matrix))]
    return {
        "mean": np.array([d.mean() for d in diagonals]),
        "low": np.array([d.min() for d in diagonals]),
        "high": np.array([d.max() for d in diagonals]),
    }


def by_distance(patterns: np.ndarray, causal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much heads look at a key so far away: distances (n,), pairs (n,) and means (H, n), from (B, H, T, T).

    The mean of A[q, k] over samples and all pairs with q − k = distance, `pairs` in a sample: the attention that a key
    there gets from a query that has one. Weighted by pairs it is all attention: Σ pairs · mean = T. A causal head has
    distances from 0, another from −(T − 1).
    """
    T = patterns.shape[-1]
    distances = np.arange(0 if causal else 1 - T, T)
    mean = patterns.mean(axis=0, dtype=np.float64)
    means = np.stack([np.diagonal(mean, -distance, axis1=1, axis2=2).mean(-1) for distance in distances], axis=-1)
    return distances, T - np.abs(distances), means


def centre(distances: np.ndarray, pairs: np.ndarray, means: np.ndarray) -> np.ndarray:
    """How far away heads look on average, |q − k| weighted by their attention, (H,), from what `by_distance` gives."""
    return (means * pairs * np.abs(distances)).sum(-1) / (means * pairs).sum(-1)


def right_by_position(right: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Share of right answers at each position, (T,), from two masks (B, T); NaN where nothing is asked."""
    count = asked.sum(0)
    return np.where(count > 0, (right & asked).sum(0) / np.maximum(count, 1), np.nan)

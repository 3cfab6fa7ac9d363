"""Positions: their similarity, and how far heads look, over distance.

T position, Q query, K key, B batch, H heads, C channels, n distances. A distance is query − key: 3 means that the key
is three before the query, −1 that it comes right after.
"""

from __future__ import annotations

import numpy as np

ORDERED = 0.25  # of cosine, between neighbours and the far half: fresh tables have 0.1 or less, learned orders 0.4


def products(table: np.ndarray) -> np.ndarray:
    """Dot product of every two rows of a table (T, C), in float64, (T, T)."""
    rows = table.astype(np.float64)
    return rows @ rows.T


def cosines(table: np.ndarray) -> np.ndarray:
    """Cosine of every two rows of a table (T, C), (T, T); 0 if a row is zero."""
    sizes = np.linalg.norm(table.astype(np.float64), axis=-1)
    return products(table) / np.maximum(np.outer(sizes, sizes), np.finfo(np.float64).tiny)


def in_order(table: np.ndarray) -> bool:
    """Whether a table (T, C) shows that positions have an order: neighbours are clearly more alike than the far half.

    Random rows have cosines of 1/√C around 0, of which a mean over neighbours leaves a few hundredths.
    """
    n = len(table)
    if n < 3:
        return False
    alike = cosines(table)
    far = float(alike[np.triu_indices(n, max(2, n // 2))].mean())
    return float(np.diagonal(alike, 1).mean()) - far >= ORDERED


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
    """Attention with equal scores and only a bias (H, T, T): its softmax, (H, T, T)."""
    seen = np.tril(np.ones(bias.shape[1:], dtype=bool)) if causal else np.ones(bias.shape[1:], dtype=bool)
    weights = np.exp(bias.astype(np.float64)) * seen
    return weights / weights.sum(-1, keepdims=True)


def along(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """A matrix (T, T) over the distance 0 to T − 1, each (T,): mean, least and most over all pairs at that distance.

    Over the lower triangle, query after key; the matrices here are symmetric.
    """
    diagonals = [np.diagonal(matrix, -distance) for distance in range(len(matrix))]
    return {
        "mean": np.array([d.mean() for d in diagonals]),
        "low": np.array([d.min() for d in diagonals]),
        "high": np.array([d.max() for d in diagonals]),
    }


def by_distance(patterns: np.ndarray, causal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean attention by distance: distances (n,), pairs (n,) and means (H, n), from (B, H, T, T).

    The mean of A[q, k] over samples and all pairs with q − k = distance, `pairs` in a sample: the attention on a key at
    that distance from a query that has one. Weighted by pairs it is all attention: Σ pairs · mean = T. A causal head
    has distances from 0, others from −(T − 1).
    """
    T = patterns.shape[-1]
    distances = np.arange(0 if causal else 1 - T, T)
    mean = patterns.mean(axis=0, dtype=np.float64)
    means = np.stack([np.diagonal(mean, -distance, axis1=1, axis2=2).mean(-1) for distance in distances], axis=-1)
    return distances, T - np.abs(distances), means


def centre(distances: np.ndarray, pairs: np.ndarray, means: np.ndarray) -> np.ndarray:
    """How far away heads look on average, |q − k| weighted by their attention, (H,), from what `by_distance` gives."""
    return (means * pairs * np.abs(distances)).sum(-1) / (means * pairs).sum(-1)


def right_by_position(right: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Share of right answers at each position, (T,), from two masks (B, T); NaN if none is predicted there."""
    count = predicted.sum(0)
    return np.where(count > 0, (right & predicted).sum(0) / np.maximum(count, 1), np.nan)

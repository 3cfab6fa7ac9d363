"""Large matrices in few numbers: means over square blocks, and the strongest entries. H heads, Q query, K key, n side.

A block holds n × n pairs of a query and a key, fewer at the right and the lower edge. Pairs that are hidden, where a
query does not see a key, are in no mean: so a block's mean times how many of its pairs are seen is the sum over them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def means(matrix: np.ndarray, n: int, seen: np.ndarray, hidden: float = 0) -> np.ndarray:
    """The mean of each block's seen pairs: (…, Q, K) -> (…, ⌈Q/n⌉, ⌈K/n⌉), float32, summed in float64.

    seen: which pairs count, (Q, K) or as the matrix.   hidden: what a block without any is.
    """
    counts = sums(seen.astype(np.float64), n)
    with np.errstate(invalid="ignore"):  # +∞ and −∞ in one block have no mean
        total = sums(np.where(seen, matrix, 0).astype(np.float64), n)
        return np.where(counts > 0, total / np.maximum(counts, 1), hidden).astype(np.float32)


def sums(values: np.ndarray, n: int) -> np.ndarray:
    """The sum over each block, (…, Q, K) -> (…, ⌈Q/n⌉, ⌈K/n⌉)."""
    for axis in (-2, -1):
        values = np.add.reduceat(values, np.arange(0, values.shape[axis], n), axis=axis)
    return values


def cells(shape: tuple[int, int], n: int, causal: bool = False) -> int:
    """How many blocks a matrix (Q, K) has; of a causal one, those on the diagonal and below it."""
    rows, columns = (-(-length // n) for length in shape)
    return rows * (rows + 1) // 2 if causal else rows * columns


def side(shapes: Iterable[tuple[int, int, int, bool]], most: int) -> int:
    """The least n with which all matrices together have at most `most` blocks. shapes: H, Q, K and whether causal."""
    of, n = list(shapes), 1
    while sum(H * cells((Q, K), n, causal) for H, Q, K, causal in of) > most:
        n += 1
    return n


def strongest(matrix: np.ndarray, least: float, most: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Places q·K + k and values of the largest entries of (Q, K) that are at least `least`, and how many are.

    At most `most` of them, the largest first; of equal ones the first in reading order.
    """
    flat = matrix.ravel()
    (places,) = np.nonzero(flat >= least)
    count = len(places)
    if count > most:
        values = flat[places]
        kth = np.partition(values, count - most)[count - most]  # the least value that is sent
        above, equal = places[values > kth], places[values == kth]
        places = np.sort(np.concatenate([above, equal[: most - len(above)]]))
    order = np.argsort(-flat[places], kind="stable")
    return places[order], flat[places[order]], count

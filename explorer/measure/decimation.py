"""Curves short enough to draw: buckets that keep their smallest and largest value, so spikes survive."""

from __future__ import annotations

import numpy as np


def decimate_blocks(table: np.ndarray, points: int, peak: int) -> np.ndarray:
    """Rows merged to at most `points` buckets of about equally many steps.

    table (N, 2 + 3M): first step, step of the peak, then min, max and mean of each of M columns. Rows may
    stand for different numbers of steps (the last one counts one); means are weighted by them. A bucket's
    peak is that of its row with the largest value in column `peak`. Values are finite, steps ascend.
    """
    if len(table) <= points:
        return table
    starts = table[:, 0]
    edges = np.linspace(starts[0], starts[-1] + 1, points + 1)[:-1]
    first = np.unique(np.searchsorted(starts, edges))
    weight = np.diff(starts, append=starts[-1] + 1)
    out = np.empty((len(first), table.shape[1]))
    out[:, 0] = starts[first]
    out[:, 2::3] = np.minimum.reduceat(table[:, 2::3], first)
    out[:, 3::3] = np.maximum.reduceat(table[:, 3::3], first)
    total = np.add.reduceat(weight, first)[:, None]
    out[:, 4::3] = np.add.reduceat(table[:, 4::3] * weight[:, None], first) / total
    highest = np.repeat(np.maximum.reduceat(table[:, peak], first), np.diff(first, append=len(table)))
    at_peak = np.flatnonzero(table[:, peak] == highest)
    out[:, 1] = table[at_peak[np.searchsorted(at_peak, first)], 1]
    return out

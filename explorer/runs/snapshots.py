"""Snapshots: a quantity at a run's snapshots; only new ones are computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explorer.runs.kept import bytes_of, kept
from explorer.runs.restored import Progress, opened

MOST = 200  # snapshots that a history is made of
KEPT = 32  # histories kept in memory


def history(
    path: str,
    step: int,
    quantity: str,
    measure: Callable[[int], np.ndarray | None],
    progress: Progress,
    most: int = MOST,
    with_state: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """steps (N,) and their `measure`, (N, …): up to `most` of the run's snapshots until `step`.

    quantity: its name.   measure: its values at a snapshot, None if that was thinned away meanwhile. A snapshot is
    measured once, and again after an event at its step.   with_state: only those from which training can go on.
    """
    run = opened(path)
    by_moment: dict[tuple[int, int], np.ndarray] = kept("history", (run, quantity), dict, bytes_of, KEPT)
    stored = run.checkpoint_steps if with_state else run.snapshot_steps
    chosen = thinned([s for s in stored if s <= step], most)
    values_at = {}
    for done, at in enumerate(chosen):
        moment = run.moment(at)
        if moment not in by_moment:
            values = measure(at)
            if values is None:
                continue
            by_moment[moment] = values
            if progress is not None:
                progress(done, len(chosen))
        values_at[at] = by_moment[moment]
    return np.array(list(values_at)), np.array(list(values_at.values()))


def thinned(steps: list[int], most: int = MOST) -> list[int]:
    """At most this many of the steps: the newest, and others that later calls choose again.

    Of a growing run every second, fourth, … is kept, so that few measurements are wasted.
    """
    every = 1
    while len(steps[::every]) > most - 1:
        every *= 2
    chosen = steps[::every]
    return chosen if not steps or chosen[-1] == steps[-1] else [*chosen, steps[-1]]

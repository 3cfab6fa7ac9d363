"""A quantity at a run's snapshots: what is new is computed, what is known is kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explorer.runs.views.restored import Progress, opened

MOST = 200  # snapshots that a history is made of
KEPT = 32  # histories kept in memory

_known: dict[tuple[str, str], dict[int, np.ndarray]] = {}  # by run and quantity: step -> values


def history(
    path: str,
    step: int,
    quantity: str,
    measure: Callable[[int], np.ndarray | None],
    progress: Progress,
    most: int = MOST,
) -> tuple[np.ndarray, np.ndarray]:
    """steps (N,) and `measure` of them, (N, …): up to `most` of the run's snapshots until `step`.

    quantity: a name for what is measured.   measure: its values at a snapshot, None where that was thinned away
    meanwhile. A snapshot is measured once.
    """
    known = _known.pop((path, quantity), {})
    _known[path, quantity] = known  # the last used one is the last to go
    while len(_known) > KEPT:
        del _known[next(iter(_known))]
    chosen = thinned([s for s in opened(path).snapshot_steps if s <= step], most)
    found = {}
    for done, at in enumerate(chosen):
        if at not in known:
            values = measure(at)
            if values is None:
                continue
            known[at] = values
            if progress is not None:
                progress(done, len(chosen))
        found[at] = known[at]
    return np.array(list(found)), np.array(list(found.values()))


def forget() -> None:
    """Lets go of everything measured."""
    _known.clear()


def thinned(steps: list[int], most: int = MOST) -> list[int]:
    """At most so many of the steps: the newest, and of the others ones that later calls choose again.

    Of a growing run every second, fourth, … is kept, so that hardly any is measured for nothing.
    """
    every = 1
    while len(steps[::every]) > most - 1:
        every *= 2
    kept = steps[::every]
    return kept if not steps or kept[-1] == steps[-1] else [*kept, steps[-1]]

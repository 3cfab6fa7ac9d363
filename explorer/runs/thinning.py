"""Thinning: which checkpoints a run keeps: by the size of the model while it grows, and fewer once it is over.

A finished run keeps weights at a coarser stride, and what else training needs (with Adam twice as much) at an even
coarser one. Every step stays exact: where the file has the weights they are shown, elsewhere training is repeated.
"""

from __future__ import annotations

import math
import sqlite3

from explorer.home import number

MOST_BYTES = int(number("EXPLORER_SNAPSHOT_MB") * 1e6)  # of checkpoints in one growing run, for large models
USUAL = 96  # checkpoints that a growing run keeps, unless all of them are small or too large
SMALL_BYTES = 32_000_000  # of checkpoints, which any run may keep
RECENT = 16  # newest checkpoints, never thinned while a run grows
WEIGHTS_BYTES, FEWEST_WEIGHTS = 36_000_000, 16  # of the weights in a finished run; how many stay however large they are
STATE_BYTES, FEWEST_STATES = 20_000_000, 8  # the same of the rest of the state


class Checkpoints:
    """steps: after which the file has weights.   stride: to which the old ones are thinned, a power of two.

    budget, recent: bytes of checkpoints, MOST_BYTES if None, and how many of the newest are never thinned.
    """

    def __init__(self, connection: sqlite3.Connection, budget: int | None, recent: int):
        self.connection, self.recent = connection, recent
        self.budget = MOST_BYTES if budget is None else budget
        self.read()

    def read(self) -> None:
        """Takes them from the file."""
        self.steps = [s for (s,) in self.connection.execute("SELECT step FROM snapshots ORDER BY step")]
        common = math.gcd(*self.steps[: -self.recent]) if len(self.steps) > self.recent else 0
        self.stride = common & -common or 1

    def write(self, step: int, event: int, weights: bytes, state: bytes) -> None:
        """Writes one, after all events up to `event`, in the caller's transaction; where that fails, `read` again."""
        values = (step, event, weights, state)
        self.connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", values)
        self.add(step, len(weights) + len(state))

    def add(self, step: int, size: int) -> None:
        """Counts one of `size` bytes that was written, and thins the others."""
        if step not in self.steps[-1:]:
            self.steps = [*self.steps, step]
        self._thin(size)

    def _thin(self, size: int) -> None:
        """Removes old ones off the stride, and doubles the stride if that is not enough."""
        allowed = allowance(size, self.budget, self.recent)
        while len(self.steps) > allowed:
            old, recent = self.steps[: -self.recent], self.steps[-self.recent :]
            kept = [s for s in old if s % self.stride == 0] + recent
            if len(kept) > allowed:
                self.stride *= 2
                continue
            gone = [(s,) for s in set(self.steps) - set(kept)]
            self.connection.executemany("DELETE FROM snapshots WHERE step = ?", gone)
            self.steps = kept


def allowance(size: int, budget: int, recent: int) -> int:
    """The number of checkpoints of `size` bytes that a growing run keeps, at most `budget` bytes of them."""
    return max(min(budget, max(USUAL * size, SMALL_BYTES)) // size, 2 * recent)


def slim(connection: sqlite3.Connection) -> bool:
    """Removes what a run that is over can do without; False if there is nothing.

    What stays in full: the first checkpoint, the last, and those at which training moved to another machine.
    """
    rows = connection.execute(
        "SELECT step, length(weights), coalesce(length(state), 0) FROM snapshots ORDER BY step"
    ).fetchall()
    if not rows:
        return False
    moved = {step for (step,) in connection.execute("SELECT step FROM events WHERE kind = 'moved'")}
    steps = [step for step, _, _ in rows]
    always = {steps[0], steps[-1], *moved}
    weights, state = (max(row[column] for row in rows) for column in (1, 2))
    kept = always | sparse(steps, max(WEIGHTS_BYTES // max(weights, 1), FEWEST_WEIGHTS))
    whole = always | sparse([s for s in steps if s in kept], max(STATE_BYTES // max(state, 1), FEWEST_STATES))
    gone = [(step,) for step in steps if step not in kept]
    bare = [(step,) for step, _, size in rows if step in kept and step not in whole and size]
    connection.executemany("DELETE FROM snapshots WHERE step = ?", gone)
    connection.executemany("UPDATE snapshots SET state = NULL WHERE step = ?", bare)
    return bool(gone or bare)


def sparse(steps: list[int], most: int) -> set[int]:
    """At most `most` of the steps: the multiples of the smallest power of two that leaves so few."""
    stride = 1
    while sum(step % stride == 0 for step in steps) > most:
        stride *= 2
    return {step for step in steps if step % stride == 0}

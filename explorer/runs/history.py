"""History: a run's numbers over steps, as whole columns and as one short curve.

table steps ──────────────────────> Columns: every step of one column
tables overview, steps ─> blocks ─> Curve: all columns in a few hundred buckets
table tensors ────────────────────> TensorNorms: gradient norms and update ratios at some steps

They use the run's own `query`; a page that follows a run reads only what is new.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from explorer.measure.decimation import decimate_blocks
from explorer.runs.contents import floats, numbers
from explorer.runs.file import COLUMNS, FANOUT, LEVELS

Query = Callable[[str, tuple], list[tuple]]  # SQL and its values -> rows

SUMMARIES = tuple(f"{column}_{kind}" for column in COLUMNS for kind in ("min", "max", "mean"))
NAMES = ("step", "peak", *SUMMARIES)  # of a block: its first step, the one of its largest gradient norm
PEAK = NAMES.index("grad_norm_max")  # the column whose largest value names a bucket's peak
FINEST = 500  # a curve is made of the coarsest blocks of which there are at least this many


class Columns(Mapping[str, np.ndarray]):
    """The recorded steps by column, each read when needed: float64, one value per step."""

    def __init__(self, query: Query):
        self.query = query

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in tuple(self):
            raise KeyError(column)
        rows = self.query(f"SELECT {column} FROM steps ORDER BY step", ())
        return numbers(rows, 1)[:, 0]

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *COLUMNS, "tokens"))

    def __len__(self) -> int:
        return len(COLUMNS) + 2


class Curve:
    """The blocks read so far, by level: of a growing run only what is new is read."""

    def __init__(self, query: Query):
        self.query = query
        self._lock = threading.Lock()
        self._blocks = {level: np.empty((0, len(NAMES))) for level in range(LEVELS + 1)}

    def upto(self, last: int, points: int) -> dict[str, np.ndarray]:
        """The first `last` steps in at most `points` buckets, by NAMES."""
        table = decimate_blocks(self._table(last), points, PEAK)
        return dict(zip(NAMES, table.T, strict=True))

    def _table(self, last: int) -> np.ndarray:
        """Rows of NAMES, coarse blocks first and single steps at the end."""
        top = 0
        while last // FANOUT ** (top + 1) >= FINEST and top < LEVELS:
            top += 1
        parts = []
        start = 0
        with self._lock:
            for level in range(top, -1, -1):
                parts.append(self._level(level, start))
                if len(parts[-1]):
                    start = int(parts[-1][-1, 0]) + FANOUT**level
        return np.concatenate(parts)

    def _level(self, level: int, start: int) -> np.ndarray:
        """The complete blocks of one level from step `start` on."""
        blocks = self._blocks[level]
        blocks = blocks[blocks[:, 0] >= start]
        size = FANOUT**level
        first = int(blocks[-1, 0]) + size if len(blocks) else start
        if level:
            rows = self.query(
                f"SELECT block * {size}, peak, {', '.join(SUMMARIES)} FROM overview "
                "WHERE level = ? AND block >= ? ORDER BY block",
                (level, first // size),
            )
        else:
            columns = ", ".join(f"{c}, {c}, {c}" for c in COLUMNS)
            rows = self.query(f"SELECT step, step, {columns} FROM steps WHERE step >= ? ORDER BY step", (first,))
        if rows:
            blocks = np.concatenate([blocks, numbers(rows, len(NAMES))])
        self._blocks[level] = blocks
        return blocks


class TensorNorms:
    """Norms and ratios of P tensors at chosen steps; keeps those of a growing run's last picture."""

    def __init__(self, query: Query):
        self.query = query
        self._kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def at(self, steps: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Norms at the recorded ones of these steps (n,): gradient norms (n, P) and update ratios (n, P)."""
        wanted, kept = sorted({int(s) for s in steps}), self._kept
        missing = json.dumps([s for s in wanted if s not in kept])
        rows = self.query(
            "SELECT step, grad_norms, update_ratios FROM tensors WHERE step IN (SELECT value FROM json_each(?))",
            (missing,),
        )
        read = {s: (floats(norms, count), floats(ratios, count)) for s, norms, ratios in rows}
        shown = {s: read[s] if s in read else kept[s] for s in wanted if s in read or s in kept}
        if len(shown) > 1:  # a single step is no picture
            self._kept = shown
        norms, ratios = (np.array([pair[i] for pair in shown.values()]).reshape(-1, count) for i in (0, 1))
        return np.array(list(shown)), norms, ratios


class Clipped:
    """Clipped steps of a growing run: only what is new is counted."""

    def __init__(self, query: Query):
        self.query = query
        self._counted = (0, 0)  # steps, and clipped ones among them

    def upto_now(self) -> tuple[float, int]:
        """The share of the recorded steps whose gradient was clipped, and how many steps there are."""
        seen, count = self._counted
        (new, last), *_ = self.query(
            "SELECT count(*) FILTER (WHERE clipped_grad_norm < grad_norm), count(*) FROM steps WHERE step >= ?", (seen,)
        )
        self._counted = (seen + last, count + new)
        return self._counted[1] / max(1, self._counted[0]), self._counted[0]


class Right:
    """Since when a growing run answers right: only what is new is looked at."""

    def __init__(self, query: Query):
        self.query = query
        self._found: dict[float, tuple[int, int | None]] = {}  # by share: the next step to look at, the step found

    def first(self, share: float) -> int | None:
        """The first recorded step whose metric is at least this share; None before it."""
        seen, reached = self._found.get(share, (0, None))
        if reached is None:
            (reached, last), *_ = self.query(
                "SELECT min(step) FILTER (WHERE metric >= ?), max(step) FROM steps WHERE step >= ?", (share, seen)
            )
            self._found[share] = (seen if last is None else last + 1, reached)
        return reached


def sum_up(connection: sqlite3.Connection, first: int, end: int) -> None:
    """Writes the overview's blocks that steps `first` to `end` − 1 complete."""
    for level in range(1, LEVELS + 1):
        size = FANOUT**level
        blocks = range(first // size, end // size)
        if not blocks:
            return
        for block in blocks:
            start, stop = block * size, (block + 1) * size
            if level == 1:
                table, where, between = "steps", "step >= ? AND step < ?", (start, stop)
                terms = ", ".join(f"min({c}), max({c}), avg({c})" for c in COLUMNS)
                peak = "step", "grad_norm"
            else:
                table, where = "overview", f"level = {level - 1} AND block >= ? AND block < ?"
                between = (block * FANOUT, (block + 1) * FANOUT)
                terms = ", ".join(f"min({c}_min), max({c}_max), avg({c}_mean)" for c in COLUMNS)
                peak = "peak", "grad_norm_max"
            connection.execute(
                f"INSERT OR REPLACE INTO overview SELECT ?, ?, "
                f"(SELECT {peak[0]} FROM {table} WHERE {where} ORDER BY {peak[1]} DESC LIMIT 1), {terms} "
                f"FROM {table} WHERE {where}",
                (level, block, *between, *between),
            )

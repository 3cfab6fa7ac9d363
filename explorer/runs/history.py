"""History: a run's numbers over steps, as whole columns and as one short curve.

    table steps ──────────────────────> Columns: every step of one column
    tables overview, steps ─> blocks ─> Curve: all columns in a few hundred buckets
    table tensors ────────────────────> TensorNorms: gradient norms and update ratios at some steps

Both ask the run's own `query`; a page that follows a run reads only what is new since it last looked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from explorer.measure.decimation import decimate_blocks
from explorer.runs.file import COLUMNS, FANOUT, LEVELS

Query = Callable[[str, tuple], list[tuple]]  # SQL and its values -> rows

SUMMARIES = tuple(f"{column}_{kind}" for column in COLUMNS for kind in ("min", "max", "mean"))
NAMES = ("step", "peak", *SUMMARIES)  # of a block: its first step, the one of its largest gradient norm
PEAK = NAMES.index("grad_norm_max")  # the column whose largest value names a bucket's peak
FINEST = 500  # a curve is made of the coarsest blocks of which there are still so many


class Columns(Mapping[str, np.ndarray]):
    """The recorded steps by column, each read when asked for: float64, one value a step."""

    def __init__(self, query: Query):
        self.query = query

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in tuple(self):
            raise KeyError(column)
        rows = self.query(f"SELECT {column} FROM steps ORDER BY step", ())
        return np.array(rows, dtype=np.float64).reshape(-1)

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
        known = self._blocks[level]
        known = known[known[:, 0] >= start]
        size = FANOUT**level
        first = int(known[-1, 0]) + size if len(known) else start
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
            known = np.concatenate([known, np.array(rows, dtype=np.float64)])
        self._blocks[level] = known
        return known


class TensorNorms:
    """Norms and ratios of P tensors at steps asked for; those of a growing run's last picture are kept."""

    def __init__(self, query: Query):
        self.query = query
        self._known: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def at(self, steps: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Those of the steps that are recorded (n,), gradient norms (n, P) and update ratios (n, P)."""
        wanted, known = sorted({int(s) for s in steps}), self._known
        missing = json.dumps([s for s in wanted if s not in known])
        rows = self.query(
            "SELECT step, grad_norms, update_ratios FROM tensors WHERE step IN (SELECT value FROM json_each(?))",
            (missing,),
        )
        read = {s: (np.frombuffer(norms, np.float32), np.frombuffer(ratios, np.float32)) for s, norms, ratios in rows}
        found = {s: read[s] if s in read else known[s] for s in wanted if s in read or s in known}
        if len(found) > 1:  # a single step is no picture
            self._known = found
        norms, ratios = (np.array([pair[i] for pair in found.values()]).reshape(-1, count) for i in (0, 1))
        return np.array(list(found)), norms, ratios

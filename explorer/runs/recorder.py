"""Recorder: writes one run file while a training goes on.

One row a step, one transaction every tenth of a second, a checkpoint about as often. Checkpoints are
thinned to a budget of bytes: the newest stay, of the older ones every 2nd, 4th, 8th … step is kept, so
that the file's size is bounded and any step is at most one such stride of training away.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sqlite3
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import safetensors.numpy
import torch
from filelock import FileLock, Timeout

from explorer.runs import file
from explorer.runs.file import COLUMNS, FANOUT, LEVELS, LINE, RunFileError
from explorer.runs.run import lock_path
from explorer.training import Step, Training

COMMIT_SECONDS = 0.1
SEEN_SECONDS = 0.22  # between two commits at most, so that who watches a large race sees it move four times a second
REPLAY_SECONDS = 0.12  # training between two checkpoints, so that any step of a short run is that near
LIVE_SECONDS = 0.2  # without a checkpoint, after which whoever watches would see an old picture
VALIDATION_SHARE = 0.01  # of the training time
SNAPSHOT_BYTES = int(os.environ.get("EXPLORER_SNAPSHOT_MB", "160")) * 1_000_000
RECENT = 16  # newest checkpoints, never thinned


class Recorder:
    """Writes the run at `path`, which `file.begin` or another recorder made; a context manager.

    budget, recent: bytes of checkpoints, and how many of the newest are never thinned.   validates: by itself,
    as often as costs little time; else whoever trains says what was `validated`.   sharing: how many runs a process
    trains in turn; each is then written less often, and its checkpoints so much less, that all together cost no more
    than one.
    RunFileError where the file cannot be used or somebody else is writing it.
    """

    def __init__(
        self, path: Path, budget: int | None = None, recent: int = RECENT, validates: bool = True, sharing: int = 1
    ):
        self.path, self.recent, self.validates = path, recent, validates
        self.live_seconds = LIVE_SECONDS * sharing
        self.commit_seconds = min(COMMIT_SECONDS * sharing, SEEN_SECONDS)
        self.budget = SNAPSHOT_BYTES if budget is None else budget
        self._file_lock = FileLock(lock_path(path))
        try:
            self._file_lock.acquire(timeout=1)
        except Timeout:
            raise RunFileError(f"{path.name} is being trained by another process; stop that one first") from None
        try:
            self._connection = file.connect(path, write=True)
        except RunFileError:
            self._file_lock.release()
            raise
        (event,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        self._event: int = event
        self._stride = 1
        self._snapshots = [s for (s,) in self._connection.execute("SELECT step FROM snapshots ORDER BY step")]
        self._thin_stride = self._thinned_to()
        self._seconds = 0.0  # a step's, running average
        self._validation_seconds = 0.0
        self._next_validation = 0
        self._rows: list[tuple] = []
        self._tensors: list[tuple] = []
        self._last_commit = self._last_snapshot = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def describe(self, training: Training) -> None:
        """Writes what only the built training knows: its tensors, its text's fingerprint."""
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            file.set_meta(self._connection, "tensors", list(training.named))
            file.set_meta(self._connection, "fingerprint", training.task.fingerprint)
            file.set_meta(self._connection, "machine", machine())

    def status(self, state: str, reason: str = "") -> None:
        """Says what the run is doing, from now on."""
        self.commit()
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            file.set_meta(self._connection, "status", {"state": state, "reason": reason})

    def event(self, step: int, kind: str, detail: dict[str, Any]) -> None:
        """Writes that something happened after `step` steps."""
        self.commit()
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._event += 1
            values = (self._event, step, time.time(), kind, json.dumps(detail))
            self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", values)

    def add(self, step: Step, training: Training) -> None:
        """Records a step just taken; commits, takes a checkpoint and validates when it is time."""
        scalars = (step.index, *(getattr(step, c) for c in COLUMNS), step.tokens)
        self._rows.append(scalars)
        norms = np.fromiter(step.grad_norms.values(), np.float32, len(step.grad_norms)).tobytes()
        ratios = np.fromiter(step.update_ratios.values(), np.float32, len(step.update_ratios)).tobytes()
        self._tensors.append((step.index, norms, ratios))
        self._seconds = step.seconds if not self._seconds else 0.9 * self._seconds + 0.1 * step.seconds
        while self._stride * self._seconds < REPLAY_SECONDS and self._stride < 1024:
            self._stride *= 2
        on_stride = training.step % max(self._stride, self._thin_stride) == 0
        if on_stride or time.monotonic() - self._last_snapshot >= self.live_seconds:
            self.snapshot(training)
        elif training.step == LINE or time.monotonic() - self._last_commit >= self.commit_seconds:
            self.commit()
        if self.validates and training.step >= self._next_validation:
            self._validate(training)

    def _validate(self, training: Training) -> None:
        start = time.perf_counter()
        found = training.validate()
        cost = time.perf_counter() - start
        self._next_validation = training.step + max(10, round(cost / max(self._seconds, 1e-6) / VALIDATION_SHARE))
        if found is not None:
            self.validated(training.step, *found)

    def validated(self, step: int, loss: float, metric: float) -> None:
        """Records loss and metric on held-out data after `step` steps."""
        self._connection.execute("INSERT OR REPLACE INTO validation VALUES (?, ?, ?)", (step, loss, metric))

    def commit(self) -> None:
        """Writes what was added since the last commit."""
        self._last_commit = time.monotonic()
        if not self._rows:
            return
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
            self._connection.executemany("INSERT INTO tensors VALUES (?, ?, ?)", self._tensors)
            sum_up(self._connection, self._rows[0][0], self._rows[-1][0] + 1)
        self._rows, self._tensors = [], []

    def snapshot(self, training: Training) -> None:
        """Writes a checkpoint: the weights and state as they are now, after every event so far."""
        self.commit()
        self._last_snapshot = time.monotonic()
        # through numpy: three times faster than safetensors.torch.save, and the same bytes
        weights = {name: v.cpu().contiguous().numpy() for name, v in training.weights().items()}
        state = {name: v.cpu().contiguous().numpy() for name, v in training.state().items()}
        blobs = safetensors.numpy.save(weights), safetensors.numpy.save(state)
        values = (training.step, self._event, *blobs)
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", values)
            if training.step not in self._snapshots[-1:]:
                self._snapshots.append(training.step)
            self._thin(sum(map(len, blobs)))

    def _thinned_to(self) -> int:
        """The stride that the old checkpoints of a file are already thinned to: a power of two."""
        steps = self._snapshots
        common = math.gcd(*steps[: -self.recent]) if len(steps) > self.recent else 0
        return common & -common or 1

    def _thin(self, size: int) -> None:
        """Removes old checkpoints that are not on the stride, and doubles the stride where that is not enough."""
        allowed = max(self.budget // size, 2 * self.recent)
        while len(self._snapshots) > allowed:
            old, recent = self._snapshots[: -self.recent], self._snapshots[-self.recent :]
            kept = [s for s in old if s % self._thin_stride == 0] + recent
            if len(kept) > allowed:
                self._thin_stride *= 2
                continue
            gone = [(s,) for s in set(self._snapshots) - set(kept)]
            self._connection.executemany("DELETE FROM snapshots WHERE step = ?", gone)
            self._snapshots = kept

    def close(self) -> None:
        """Commits, makes the file a single one where nobody is reading, and lets it go."""
        try:
            self.commit()
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            pass  # a reader holds the file: its last connection tidies up
        finally:
            self._connection.close()
            self._file_lock.release()


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


def machine() -> dict[str, str]:
    """What the bits of a run depend on besides its config."""
    return {
        "torch": torch.__version__,
        "processor": platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
    }

"""Run: a run file, read. Plain numbers without torch; `model_at` loads it.

P parameters (tensors), N steps.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from explorer.config import RunConfig
from explorer.home import home
from explorer.runs import file
from explorer.runs.events import Event, head_name
from explorer.runs.file import COLUMNS, RunFileError
from explorer.runs.history import Columns, Curve, TensorNorms

if TYPE_CHECKING:
    from torch import nn

    from explorer.tasks.base import Task

__all__ = ["Event", "Run", "Snapshot", "Status", "head_name", "lock_path"]


@dataclass(frozen=True)
class Status:
    """state: waiting, training, paused, finished, diverged or interrupted. reason: why, in words."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Weights after `step` steps and the events up to id `event`, as safetensors bytes."""

    step: int
    event: int
    weights: bytes
    state: bytes | None


class Run:
    """One run. Opened with `Run.open(path)`; safe to share among threads.

    `last` is the number of steps taken: weights exist for steps 0 to `last`, losses for 0 to `last` − 1,
    and `steps["loss"][s]` is the loss of the weights at step s.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path = path
        self.steps = Columns(self.query)
        self._connection = connection
        self._lock = threading.Lock()
        self._curve = Curve(self.query)
        self._norms = TensorNorms(self.query)
        self._clipped = (0, 0)  # steps counted, and clipped ones among them
        self._events: list[Event] = []

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Opens a run file to read. RunFileError (a ValueError) says what is wrong with it."""
        path = Path(path)
        run = cls(path, file.connect(path))
        _ = run.config  # a run without a readable config is no run
        return run

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                raise RunFileError(f"{self.path.name} is damaged ({error}); open another run") from None

    def query(self, sql: str, values: tuple = ()) -> list[tuple]:
        """Rows of a read-only query. RunFileError where the file is damaged."""
        with self._reading() as connection:
            return connection.execute(sql, values).fetchall()

    def meta(self, key: str, default: Any = None) -> Any:
        """A JSON value of the file's meta table."""
        with self._reading() as connection:
            return file.get_meta(connection, key, default)

    @cached_property
    def config(self) -> RunConfig:
        """What the run was started with; `config_at` follows what was changed since."""
        plain = self.meta("config")
        if plain is None:
            raise RunFileError(f"{self.path.name} holds no config; it is damaged, open another run")
        try:
            return RunConfig.from_plain(plain)
        except ValueError as error:
            raise RunFileError(f"{self.path.name} holds a config that is refused: {error}") from None

    @cached_property
    def task(self) -> Task:
        """The run's task. RunFileError where it stands on a text that is another one here."""
        from explorer.tasks import build

        task = build(self.config.task, self.config.model)
        if task.fingerprint != self.meta("fingerprint", task.fingerprint):
            raise RunFileError(
                f"{self.path.name} was trained on another version of its text than this machine has; "
                "its numbers can be read, its pictures need the same text"
            )
        return task

    @property
    def id(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def last(self) -> int:
        """Steps taken and committed."""
        (last,) = self.query("SELECT max(step) FROM steps")[0]
        return 0 if last is None else last + 1

    @property
    def status(self) -> Status:
        """What the run is doing. A run that says `training` while nobody writes it was interrupted."""
        status = Status(**self.meta("status", {"state": "waiting", "reason": ""}))
        if status.state == "training" and not self.being_written():
            return Status("interrupted", "its process ended")
        return status

    def being_written(self) -> bool:
        """True while a recorder holds the file."""
        lock = FileLock(lock_path(self.path))
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        known = self._events  # another thread may be reading too: each adds to the list that it looked at
        first = known[-1].id if known else 0
        rows = self.query("SELECT id, step, time, kind, detail FROM events WHERE id > ? ORDER BY id", (first,))
        self._events = known + [Event(i, s, t, k, json.loads(d)) for i, s, t, k, d in rows]
        return self._events

    def config_at(self, step: int) -> RunConfig:
        """The config in force for step `step`, live changes included."""
        changes: dict[str, Any] = {}
        for event in self.events:
            if event.kind == "set" and event.step <= step:
                changes |= event.detail
        return self.config.replace(changes) if changes else self.config

    @property
    def snapshot_steps(self) -> list[int]:
        """Steps whose weights are in the file, ascending."""
        return [step for (step,) in self.query("SELECT step FROM snapshots ORDER BY step")]

    def newest_snapshot(self) -> int:
        """The last step whose weights are in the file."""
        (step,) = self.query("SELECT max(step) FROM snapshots")[0]
        return step or 0

    def snapshot(self, step: int) -> Snapshot | None:
        """The weights at one of `snapshot_steps`, without what training needs besides.

        None where there are none: a run that grows thins its older ones.
        """
        rows = self.query("SELECT step, event, weights, NULL FROM snapshots WHERE step = ?", (step,))
        return Snapshot(*rows[0]) if rows else None

    def checkpoint(self, step: int) -> Snapshot | None:
        """The last snapshot at or before `step` from which training can go on; None before the first."""
        rows = self.query(
            "SELECT step, event, weights, state FROM snapshots WHERE step <= ? AND state IS NOT NULL "
            "ORDER BY step DESC LIMIT 1",
            (step,),
        )
        return Snapshot(*rows[0]) if rows else None

    def distance(self, step: int) -> int:
        """How many steps have to be trained again to have the weights at `step`."""
        rows = self.query(
            "SELECT step FROM snapshots WHERE step <= ? AND state IS NOT NULL ORDER BY step DESC LIMIT 1",
            (step,),
        )
        return step - (rows[0][0] if rows else 0)

    def model_at(self, step: int) -> nn.Module:
        """The model exactly as it was after `step` steps, in evaluation mode.

        Loads the nearest earlier checkpoint and trains forward from it. ValueError where the run never
        came to that step.
        """
        from explorer.runs.replay import restore

        return restore(self, step).model.eval()

    @property
    def tensors(self) -> list[str]:
        """The parameters' names, in the order of `tensor_norms`' columns."""
        return self.meta("tensors", [])

    @property
    def validation(self) -> dict[str, np.ndarray]:
        """Held-out step, loss and metric, each (n,)."""
        rows = self.query("SELECT step, loss, metric FROM validation ORDER BY step")
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        return dict(zip(("step", "loss", "metric"), table.T, strict=True))

    def curve(self, points: int = 500) -> dict[str, np.ndarray]:
        """The whole run in at most `points` buckets: step, peak, and *_min, *_max, *_mean of each column.

        peak is the step of the bucket's largest gradient norm. Costs the same for a thousand steps and
        for a million: long runs are read from the overview, and only what is new is read at all.
        """
        return self._curve.upto(self.last, points)

    def tokens_at(self, steps: np.ndarray) -> np.ndarray:
        """Tokens asked so far, in all, at the given steps (n,); NaN at those that are not recorded."""
        wanted = json.dumps([int(s) for s in steps])
        rows = self.query("SELECT step, tokens FROM steps WHERE step IN (SELECT value FROM json_each(?))", (wanted,))
        found = dict(rows)
        return np.array([found.get(int(s), np.nan) for s in steps], dtype=np.float64)

    def tensor_norms(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """At the given steps that are recorded: steps (n,), gradient norms (n, P), update ratios (n, P)."""
        return self._norms.at(steps, len(self.tensors))

    def clipped(self) -> tuple[float, int]:
        """The share of the recorded steps whose gradient was clipped, and how many steps there are."""
        seen, count = self._clipped  # of a growing run only what is new is counted
        (new, last), *_ = self.query(
            "SELECT count(*) FILTER (WHERE clipped_grad_norm < grad_norm), count(*) FROM steps WHERE step >= ?", (seen,)
        )
        self._clipped = (seen + last, count + new)
        return self._clipped[1] / max(1, self._clipped[0]), self._clipped[0]

    def step_row(self, step: int) -> dict[str, float] | None:
        """One recorded step by column; None where there is none."""
        rows = self.query(f"SELECT step, {', '.join(COLUMNS)}, tokens FROM steps WHERE step = ?", (step,))
        return dict(zip(self.steps, rows[0], strict=True)) if rows else None

    def speed(self) -> float | None:
        """Steps a second over the last 20 steps; None before the first."""
        rows = self.query("SELECT seconds FROM steps ORDER BY step DESC LIMIT 20")
        return len(rows) / sum(s for (s,) in rows) if rows else None


def lock_path(path: Path) -> Path:
    """The lock that a run's recorder holds: apart from the run, which stays a single file."""
    name = hashlib.blake2b(str(path.resolve()).encode(), digest_size=12).hexdigest()
    locks = home() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return locks / f"{name}.lock"

"""Run: a run file, read. Plain numbers without torch; `model_at` loads it.

P parameters (tensors), N steps.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.config.run import RunConfig
from explorer.runs import contents, ends, file
from explorer.runs.events import Event, in_force
from explorer.runs.file import COLUMNS, RunFileError
from explorer.runs.history import Clipped, Columns, Curve, Right, TensorNorms
from explorer.runs.lock import held, run_lock
from explorer.runs.reading import Reading

if TYPE_CHECKING:
    from torch import nn

    from explorer.tasks.base import Task

__all__ = ["Event", "Run", "Snapshot", "Status"]


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

    def __init__(self, path: Path):
        self.path = path
        self.identity = file.identity(path)
        self.steps = Columns(self.query)
        self._file = Reading(path)
        self._curve = Curve(self.query)
        self._norms = TensorNorms(self.query)
        self._clipped = Clipped(self.query)
        self._right = Right(self.query)
        self._events: list[Event] = []

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Opens a run file to read. RunFileError (a ValueError) says what is wrong with it."""
        run = cls(Path(path))
        try:
            with run._reading() as connection:
                contents.check(connection, run.path.name)
            _ = run.config, run.events
        except BaseException:
            run.close()
            raise
        return run

    def check_rows(self) -> None:
        """Also checks each row of the long tables. RunFileError says what is wrong with one."""
        contents.check_rows(self.query, self.path.name, COLUMNS, len(self.tensors))

    def close(self) -> None:
        """Closes the file until its next use."""
        self._file.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._file.use() as connection:
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                raise RunFileError(f"{self.path.name} is damaged ({file.reason(error)}); open another run") from None

    def query(self, sql: str, values: tuple = ()) -> list[tuple]:
        """Rows of a read-only query. RunFileError if the file is damaged."""
        with self._reading() as connection:
            return connection.execute(sql, values).fetchall()

    def meta(self, key: str, default: Any = None) -> Any:
        """A JSON value of the file's meta table."""
        with self._reading() as connection:
            return file.get_meta(connection, key, default)

    @cached_property
    def config(self) -> RunConfig:
        """The config at the start; `config_at` includes later changes."""
        plain = self.meta("config")
        if plain is None:
            raise RunFileError(f"{self.path.name} holds no config; it is damaged, open another run")
        try:
            return RunConfig.from_plain(plain)
        except ValueError as error:
            raise RunFileError(f"{self.path.name} holds a config that is refused: {error}") from None

    @cached_property
    def task(self) -> Task:
        """The run's task. RunFileError if its text is a different one on this machine."""
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
        """The run's status. One that says `training` without a writer was interrupted."""
        if displacement := self.displacement:
            return Status("interrupted", f"its file {displacement}")
        stored = self.meta("status", {"state": "waiting"})
        status = Status(stored["state"], stored.get("reason", ""))
        if status.state in ("training", "waiting") and not self.being_written():
            if self._lacks_newest():
                return Status("interrupted", ends.COPIED)
            if status.state == "training":
                return Status("interrupted", "its process ended")
        return status

    @property
    def displacement(self) -> str:
        """What happened to this file since it was opened, in words; empty while it is in place."""
        return file.displacement(self.path, self.identity)

    def _lacks_newest(self) -> bool:
        with self._reading() as connection:
            return file.lacks_newest(connection, self.path)

    def being_written(self) -> bool:
        """True while a recorder holds the file."""
        return held(run_lock(self.path))

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        previous = self._events  # another thread may be reading too: each adds to the list that it saw
        first = previous[-1].id if previous else 0
        rows = self.query("SELECT id, step, time, kind, detail FROM events WHERE id > ? ORDER BY id", (first,))
        if rows:
            self._events = previous + self._checked([Event(*contents.event(row, self.path.name)) for row in rows])
        return self._events

    def _checked(self, new: list[Event]) -> list[Event]:
        """The same events. RunFileError if one has a step that does not exist, or sets a refused value."""
        if max(event.step for event in new) > self.last:
            raise RunFileError(f"{self.path.name} holds events of steps that it has not; {contents.OTHER}")
        config = in_force(self.config, self._events, contents.MOST_STEPS)
        try:
            for event in new:
                config = config.replace(event.detail) if event.kind == "set" else config
        except ValueError as error:
            raise RunFileError(f"{self.path.name} holds a change that is refused: {error}") from None
        return new

    def config_at(self, step: int) -> RunConfig:
        """The config in force for step `step`, live changes included."""
        return in_force(self.config, self.events, step)

    def moment(self, step: int) -> tuple[int, int]:
        """What a picture at a step depends on: the step and the last event until then."""
        return step, max((e.id for e in self.events if e.step <= step), default=0)

    @property
    def snapshot_steps(self) -> list[int]:
        """Steps whose weights are in the file, ascending."""
        return [step for (step,) in self.query("SELECT step FROM snapshots ORDER BY step")]

    @property
    def checkpoint_steps(self) -> list[int]:
        """Those of `snapshot_steps` from which training can go on; few in a finished run."""
        return [s for (s,) in self.query("SELECT step FROM snapshots WHERE state IS NOT NULL ORDER BY step")]

    def newest_snapshot(self) -> int:
        """The last step whose weights are in the file."""
        (step,) = self.query("SELECT max(step) FROM snapshots")[0]
        return step or 0

    def snapshot(self, step: int) -> Snapshot | None:
        """The weights at one of `snapshot_steps` alone; None if there are none: a growing run thins its older ones."""
        rows = self.query("SELECT step, event, weights, NULL FROM snapshots WHERE step = ?", (step,))
        return Snapshot(*rows[0]) if rows else None

    def checkpoint(self, step: int) -> Snapshot | None:
        """The last of `checkpoint_steps` at or before `step`; None before the first."""
        rows = self.query(
            "SELECT step, event, weights, state FROM snapshots WHERE step <= ? AND state IS NOT NULL "
            "ORDER BY step DESC LIMIT 1",
            (step,),
        )
        return Snapshot(*rows[0]) if rows else None

    def distance(self, step: int) -> int:
        """How many steps must be trained again for the weights at `step`."""
        rows = self.query("SELECT max(step) FROM snapshots WHERE step <= ? AND state IS NOT NULL", (step,))
        return step - (rows[0][0] or 0)

    def model_at(self, step: int) -> nn.Module:
        """The model exactly as it was after `step` steps, in evaluation mode.

        Trained from the nearest checkpoint. ValueError if the run never reached that step.
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
        table = contents.numbers(self.query("SELECT step, loss, metric FROM validation ORDER BY step"), 3)
        return dict(zip(("step", "loss", "metric"), table.T, strict=True))

    def curve(self, points: int = 500) -> dict[str, np.ndarray]:
        """The whole run in at most `points` buckets: step, peak (of the gradient norm), *_min, *_max, *_mean by column.

        Costs the same for a thousand steps and for a million: long runs are read from the overview.
        """
        return self._curve.upto(self.last, points)

    def tokens_at(self, steps: np.ndarray) -> np.ndarray:
        """Predicted tokens so far, in total, at the given steps (n,); NaN at unrecorded ones."""
        wanted = json.dumps([int(s) for s in steps])
        rows = self.query("SELECT step, tokens FROM steps WHERE step IN (SELECT value FROM json_each(?))", (wanted,))
        tokens = dict(rows)
        return contents.numbers([(tokens.get(int(s), np.nan),) for s in steps], 1)[:, 0]

    def tensor_norms(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """At the given steps that are recorded: steps (n,), gradient norms (n, P), update ratios (n, P)."""
        return self._norms.at(steps, len(self.tensors))

    def clipped(self) -> tuple[float, int]:
        """The share of the recorded steps whose gradient was clipped, and how many steps there are."""
        return self._clipped.upto_now()

    def first_right(self, share: float) -> int | None:
        """The first recorded step whose metric is at least this share; None before it."""
        return self._right.first(share)

    def step_row(self, step: int) -> dict[str, float] | None:
        """One recorded step by column; None if there is none. Steps and tokens are integers."""
        sql = f"SELECT step, tokens, {', '.join(COLUMNS)} FROM steps WHERE step = ?"
        for number, tokens, *real in self.query(sql, (step,)):
            values = contents.numbers([(*real,)], len(COLUMNS))[0].tolist()
            return dict(zip(self.steps, (number, *values, contents.whole(tokens)), strict=True))
        return None

    def speed(self) -> float | None:
        """Steps a second over the last 20 steps, as fast as they were computed; None before the first."""
        rows = self.query("SELECT seconds FROM steps ORDER BY step DESC LIMIT 20")
        seconds = float(contents.numbers(rows, 1).sum())
        return len(rows) / seconds if seconds > 0 else None

    def pace(self) -> float | None:
        """Steps a second by the clock, waiting included; None before the second step since training began."""
        value = self.meta("pace")
        return float(value) if type(value) in (int, float) and 0 < value < math.inf else None

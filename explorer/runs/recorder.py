"""Recorder: writes one run file during training.

One row per step, one transaction every tenth of a second, a checkpoint about as often: SQLite writes these while the
training goes on, see `aside`. Checkpoints are thinned to a budget of bytes: the newest stay, of the older ones every
2nd, 4th, 8th … step is kept, so that the file's size is bounded and any step is at most one such stride of training
away. A finished run is made slim, see `thinning`.
"""

from __future__ import annotations

import json
import math
import platform
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import Timeout

from explorer.runs import contents, file, rows, thinning, whereabouts
from explorer.runs.aside import Aside
from explorer.runs.blobs import saved
from explorer.runs.file import LINE, RunFileError
from explorer.runs.lock import run_lock
from explorer.runs.pace import Pace
from explorer.runs.rows import Rows, Taken
from explorer.runs.thinning import RECENT, Checkpoints
from explorer.training.device import place
from explorer.training.loop import Step, Training

COMMIT_SECONDS = 0.1
SEEN_SECONDS = 0.22  # between two commits at most, so that viewers of a large race see it move four times a second
REPLAY_SECONDS = 0.12  # training between two checkpoints, so that any step of a short run is that near
LIVE_SECONDS = 0.2  # after so long without a checkpoint, viewers would see an old picture
CHECKPOINT_SHARE = 0.05  # of the training time, of the processor: where steps wait for others, that is not the clock's
VALIDATION_SHARE = 0.01  # of the training time


class Recorder:
    """Writes the run at `path`, which `file.begin` or another recorder made; a context manager.

    budget, recent: bytes of checkpoints, and how many of the newest are never thinned.   validates: by itself, as often
    as costs little time; else `validated` is called.   sharing: how many runs a process trains in turn; each is then
    written less often, so that all together cost no more than one. RunFileError if the file is unusable or somebody
    else writes it, and from any call once the file was moved: the training then stops.
    """

    def __init__(
        self, path: Path, budget: int | None = None, recent: int = RECENT, validates: bool = True, sharing: int = 1
    ):
        self.path, self.validates, self.sharing = path, validates, sharing
        self.live_seconds = LIVE_SECONDS * sharing
        self.commit_seconds = min(COMMIT_SECONDS * sharing, SEEN_SECONDS)
        self._identity = file.identity(path)
        self._displacement = ""
        with file.writing(path.name):
            self._file_lock = run_lock(path)
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
        beside = [path.resolve().with_name(f"{path.resolve().name}{ending}") for ending in ("-wal", "-shm")]
        self._beside = {other: file.identity(other) for other in beside if other.is_file()}
        self._stride = 1
        self._checkpoints = Checkpoints(self._connection, budget, recent)
        self._seconds = 0.0  # of the processor, per step, running average
        self._costs, self._since = (0.0, 0.0), 0.0  # of the last two checkpoints, the first is dear; and since then
        self._left = math.inf  # this thread's time when the last step was recorded
        self._next_validation = 0
        self._pace = Pace()
        self._rows, self._aside = Rows(), Aside()
        self._last_commit = self._last_snapshot = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def describe(self, training: Training) -> None:
        """Writes what only the built training knows: its tensors, its text's fingerprint, where and how it is computed.

        If training goes on at another place, an event says so and the weights at that point are kept: so the place of
        each step is known.
        """
        here, before = place(training.device.type), whereabouts.newest(self._connection)
        with self._writing():
            file.set_meta(self._connection, "tensors", list(training.named))
            file.set_meta(self._connection, "fingerprint", training.task.fingerprint)
            file.set_meta(self._connection, "plain because", training.plain_because)
            if not self._checkpoints.steps:
                file.set_meta(self._connection, "machine", here.plain() | {"python": platform.python_version()})
        if self._checkpoints.steps and not here.same(before):
            self.event(training.step, "moved", here.plain())
            if training.step not in self._checkpoints.steps:
                self.snapshot(training)
        self._left = time.thread_time()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction. Unwritable if there is no room for it: the file is then as before."""
        self._aside.wait()
        with file.writing(self.path.name), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def status(self, state: str, reason: str = "", behind: bool = False) -> None:
        """Writes the run's status. behind: without the steps that could not be written."""
        if not behind:
            self.commit()
        self._write_status(state, reason)
        if state != "training":  # so that a copy made from now on has the status, and all else
            with file.writing(self.path.name):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _write_status(self, state: str, reason: str) -> None:
        with self._writing():
            file.set_meta(self._connection, "status", {"state": state, "reason": reason})
            if state == "training":
                self._another_pace()

    def event(self, step: int, kind: str, detail: dict[str, Any]) -> None:
        """Records an event after `step` steps. RunFileError if it is invalid."""
        text = json.dumps(detail)
        contents.detail(kind, text, self.path.name)
        self.commit()
        self._write_event(step, kind, text)

    def _write_event(self, step: int, kind: str, text: str) -> None:
        with self._writing():
            values = (self._event + 1, step, time.time(), kind, text)
            self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", values)
            if kind == "speed":
                self._another_pace()
        self._event += 1

    def _another_pace(self) -> None:
        """Forgets the pace until two more steps are taken."""
        self._pace.restart()
        file.set_meta(self._connection, "pace", None)

    def add(self, step: Step, training: Training) -> None:
        """Records a step just taken; commits, takes a checkpoint and validates when due. Raises what failed before."""
        self._rows.add(step)
        self._pace.add(time.monotonic())
        seconds = self._took(step)
        self._seconds = seconds if not self._seconds else 0.9 * self._seconds + 0.1 * seconds
        self._since += seconds
        while self._stride * self._seconds < REPLAY_SECONDS and self._stride < 1024:
            self._stride *= 2
        self._aside.hear()
        if self._due(training.step):
            self._aside.begin(partial(self._checkpoint, *self._gathered(training)))
            self._left = time.thread_time()
        elif training.step == LINE or time.monotonic() - self._last_commit >= self.commit_seconds:
            self._aside.begin(partial(self._commit, *self._taken()))
        if self.validates and training.step >= self._next_validation:
            self._validate(training)
        self._left = time.thread_time()

    def _due(self, step: int) -> bool:
        """Whether a checkpoint is to be taken after `step` steps."""
        old = time.monotonic() - self._last_snapshot >= self.live_seconds
        old = old and CHECKPOINT_SHARE * self._since >= min(self._costs)
        if old or step % self._stride == 0:
            self._aside.wait()  # the one before it may double the stride
        return old or step % max(self._stride, self._checkpoints.stride) == 0

    def _took(self, step: Step) -> float:
        """Seconds of the processor that a step took: what it takes to repeat it, however busy the machine is."""
        took = (time.thread_time() - self._left) / self.sharing
        return min(step.seconds, took) if took > 0 else step.seconds

    def _validate(self, training: Training) -> None:
        start = time.thread_time()
        held_out = training.validate()
        cost = time.thread_time() - start
        self._next_validation = training.step + max(10, round(cost / max(self._seconds, 1e-6) / VALIDATION_SHARE))
        if held_out is not None:
            self.validated(training.step, *held_out)

    def validated(self, step: int, loss: float, metric: float) -> None:
        """Records loss and metric on held-out data after `step` steps."""
        with self._writing():
            self._connection.execute("INSERT OR REPLACE INTO validation VALUES (?, ?, ?)", (step, loss, metric))

    def commit(self) -> None:
        """Writes what is new. RunFileError if the file was moved; Unwritable without room, and it is kept."""
        self._commit(*self._taken())

    def _taken(self) -> tuple[Taken, float | None]:
        """What is new: rows and the pace. The caller writes them."""
        self._aside.wait()
        self._last_commit = time.monotonic()
        return self._rows.take(), self._pace.value

    def _commit(self, new: Taken, pace: float | None) -> None:
        if not self._displacement:
            self._write_rows(new, pace)
            self._displacement = file.displacement(self.path, self._identity)
            if self._displacement:
                self._take_leave()
        if self._displacement:
            raise RunFileError(f"{self.path.name} {self._displacement} while it was trained; the training has stopped")

    def _write_rows(self, new: Taken, pace: float | None) -> None:
        if not new.steps:
            return
        try:
            with self._writing():
                rows.write(self._connection, new)
                if pace is not None:
                    file.set_meta(self._connection, "pace", pace)
        except file.Unwritable:
            self._rows.give_back(new)
            raise

    def _take_leave(self) -> None:
        """Leaves a whole run under the file's present name, and nothing next to its former name.

        SQLite finds the -wal by the file's name: it would be lost, or be read into another run.
        """
        with suppress(sqlite3.Error, RunFileError):  # nothing can be written any more, and the file is gone anyway
            step = self._connection.execute("SELECT coalesce(max(step) + 1, 0) FROM steps").fetchone()[0]
            reason = f"its file {self._displacement}"
            self._write_event(step, "paused", json.dumps({"reason": reason}))
            self._write_status("paused", reason)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for path, inode in self._beside.items():
            with suppress(OSError, RunFileError):
                if file.identity(path) == inode:
                    path.unlink()

    def snapshot(self, training: Training) -> None:
        """Writes a checkpoint: weights and state as they are now, after all events so far."""
        self._checkpoint(*self._gathered(training))
        self._left = time.thread_time()

    def _gathered(self, training: Training) -> tuple:
        """A checkpoint as it is written: what is new, the step, newest event, weights, state; and what that cost."""
        new, begun = self._taken(), time.thread_time()
        self._last_snapshot, self._since = time.monotonic(), 0.0
        weights = {name: v.cpu().contiguous().numpy() for name, v in training.weights().items()}
        state = {name: v.cpu().contiguous().numpy() for name, v in training.state().items()}
        values = (training.step, self._event, saved(weights), saved(state))
        return new, values, time.thread_time() - begun

    def _checkpoint(self, new: tuple, values: tuple[int, int, bytes, bytes], cost: float) -> None:
        self._commit(*new)
        begun = time.thread_time()
        try:
            with self._writing():
                self._checkpoints.write(*values)
        except file.Unwritable:
            self._checkpoints.read()
            raise
        self._costs = (self._costs[1], cost + time.thread_time() - begun)

    def slim(self) -> None:
        """Makes the file of a run that is over small; without room to rewrite it, it stays as it is."""
        self.commit()
        with suppress(file.Unwritable):
            with self._writing():
                thinner = thinning.slim(self._connection)
            if thinner:
                self._checkpoints.read()
                with file.writing(self.path.name):
                    self._connection.execute("VACUUM")
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Commits, merges the -wal if nobody is reading, and closes the file."""
        try:
            with suppress(RunFileError):
                self._aside.end()
            if not self._displacement:
                self.commit()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._connection.execute("PRAGMA journal_mode = DELETE")
        except (sqlite3.OperationalError, file.Unwritable):
            pass  # a reader's last connection tidies up; or there is no room
        finally:
            self._connection.close()
            self._file_lock.release()

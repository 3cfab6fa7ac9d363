"""Trial: trains one run of a search in its own process, and ends it early by the search's rules.

The arithmetic is that of any run: a trial's losses equal those of its config trained alone, bit for bit, up to its end.
It measures itself every `search.every` steps, stops when patience is over, is given up when it is hopeless compared
with its rivals, and records why as an event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from explorer.measure.names import finite, fixed, plural
from explorer.processes.roles import Task
from explorer.runs.file import Unwritable
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.search import ledger, study
from explorer.search.ledger import Trial
from explorer.search.search import Search, made, read
from explorer.search.stopping import out_of_patience
from explorer.training.divergence import Diverged
from explorer.training.loop import Training

BUDGET, RECENT = 12_000_000, 4  # of checkpoints: there are many trials
STOPPED = "the search was stopped"


def complete(path: Path, search: Search, rivals: Sequence[Trial], stopped: Callable[[], bool]) -> None:
    """Trains the trial in the run at `path` from its last step to its end, or until `stopped`."""
    with Recorder(path, BUDGET, RECENT, validates=False) as recorder:
        run = Run.open(path)
        try:
            training = restore(run, run.last)
            fresh = not run.tensors
            recorder.describe(training)
            if fresh:
                recorder.snapshot(training)
            course = Course(search, rivals, run, training)
            begun = any(e.kind in ("started", "resumed") for e in run.events)
        finally:
            run.close()
        recorder.event(training.step, "resumed" if begun else "started", {})
        recorder.status("training")
        while not stopped():
            end = course.evaluated(recorder) or course.advanced(recorder)
            if end is not None:
                kind, reason = end
                recorder.event(training.step, kind, {"reason": reason})
                recorder.snapshot(training)
                recorder.status("diverged" if kind == "diverged" else "finished", reason)
                return
        recorder.snapshot(training)
        recorder.event(training.step, "paused", {"reason": STOPPED})
        recorder.status("paused", STOPPED)


class Course:
    """A trial's course: its measurements so far, and whether they end it."""

    def __init__(self, search: Search, rivals: Sequence[Trial], run: Run, training: Training):
        self.search, self.rivals, self.training = search, rivals, training
        self.losses: list[float] = run.steps["loss"].tolist()
        steps, values, self.held_out = ledger.measured(run, search.every, run.last)
        self.steps: list[int] = steps.tolist()
        self.values: list[float] = values.tolist()
        self.seen = -1  # the last measurement evaluated

    def advanced(self, recorder: Recorder) -> tuple[str, str] | None:
        """Takes one step. Returns the event that ends the trial, and why, if it cannot go on."""
        try:
            step = next(self.training)
        except Diverged as error:
            return "diverged", error.what
        except StopIteration:
            return "finished", f"all {self.search.steps:,} step{plural(self.search.steps)}"
        recorder.add(step, self.training)
        self.losses.append(step.loss)
        return None

    def evaluated(self, recorder: Recorder) -> tuple[str, str] | None:
        """Measures the trial when it is due. Returns the event that ends it, and why, if a rule does."""
        now, every = self.training.step, self.search.every
        if now == 0 or now % every or now == self.seen:
            return None
        self.seen = now
        if now not in self.steps[-1:]:
            self.measure(recorder)
        best = out_of_patience(self.steps, self.values, self.search.patience)
        if best is not None:
            what = "held-out" if self.held_out else "training"
            return (
                "stopped early",
                f"{what} loss no better than at step {best:,} for {now - best:,} step{plural(now - best)}",
            )
        if now < self.search.steps and study.hopeless(self.search, self.rivals, self.steps, self.values):
            return "pruned", given_up(min(self.values), len(self.rivals))
        return None

    def measure(self, recorder: Recorder) -> None:
        """Adds a measurement: the held-out loss or, if every batch is new, the mean loss of the last ones."""
        losses = self.training.validate()
        self.held_out = losses is not None
        if losses is None:
            value = ledger.window_mean(self.losses[-self.search.every :])
        else:
            value = losses[0]
            recorder.validated(self.training.step, *losses)
        self.steps.append(self.training.step)
        self.values.append(float(ledger.nan_as_infinite(value)))


def given_up(best: float, rivals: int) -> str:
    """Why a trial was given up: its best loss against its rivals'."""
    reached = f"{fixed(best, 4)} at best" if finite(best) else "never finite"
    return f"{reached}, where half of {rivals} trials before it had less"


def main(task: Task, orders: Connection) -> None:
    """A trial's whole life, in its own process: until its end, or until the driver's end of the pipe closes.

    task: also the search's file as `search` and the trial's `number`.
    """
    path = Path(task["paths"][0])
    try:
        search, _ = read(Path(task["search"]))
        trials = ledger.Ledger(Path(task["search"])).trials(search)
        mine = next(t for t in trials if t.number == task["number"])
        rivals = study.rivals(search, trials, mine.number, mine.params)
        if task["bridge"]:
            send(path, search, rivals, task["bridge"], orders)
        else:
            complete(path, search, rivals, lambda: closed(orders))
    except Unwritable as error:  # not the trial's fault: the search stops, and goes on when there is room
        orders.send_bytes(json.dumps({"lost": str(error)}).encode())
    except ValueError as error:  # an unusable file, or a task that cannot be built: reported in words
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())


def send(path: Path, search: Search, rivals: Sequence[Trial], bridge: str, orders: Connection) -> None:
    """The same on the cluster, where `receive` runs it. Reports a lost cluster, or a lost machine of it, as such."""
    from explorer.cluster import away

    task = {"role": "received trial", "search": search.model_dump(mode="json"), "rivals": [t.plain() for t in rivals]}
    try:
        away.train(task, [path], bridge, orders, budget=BUDGET, recent=RECENT, validates=False)
    except away.Left as left:
        away.tell(orders, {"left": str(left)})
    except away.Lost as lost:
        away.tell(orders, {"lost": str(lost)})


def receive(task: Task, orders: Connection) -> None:
    """A trial's life on a machine of the cluster, on a copy of its run. task: what `send` sends."""
    path = Path(task["paths"][0])
    try:
        rivals = [Trial.of_plain(plain) for plain in task["rivals"]]
        complete(path, made(task["search"]), rivals, lambda: closed(orders))
    except ValueError as error:
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())


def closed(orders: Connection) -> bool:
    """True once the other end of a pipe has closed."""
    try:
        return orders.poll(0) and not orders.recv_bytes()
    except (EOFError, ConnectionError):
        return True

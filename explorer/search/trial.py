"""Trial: trains one run of a search in a process of its own, and ends it early where that is the rule.

The arithmetic is that of any run: a trial's losses equal those of its config trained alone, bit for bit, up
to where it ends. It measures itself every `search.every` steps, stops when patience is over, is given up when
it is hopeless beside its rivals, and says so as an event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from explorer.divergence import Diverged
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.search import ledger, study
from explorer.search.ledger import Trial
from explorer.search.search import Search, made, read
from explorer.search.stopping import out_of_patience
from explorer.training import Training

BUDGET, RECENT = 12_000_000, 4  # of checkpoints: there are many trials
STOPPED = "the search was stopped"


def complete(path: Path, search: Search, rivals: Sequence[Trial], stopped: Callable[[], bool]) -> None:
    """Trains the trial in the run at `path` from where it stands to its end, or until `stopped`."""
    with Recorder(path, BUDGET, RECENT, validates=False) as recorder:
        run = Run.open(path)
        try:
            training = restore(run, run.last)
            if not run.tensors:
                recorder.describe(training)
                recorder.snapshot(training)
            course = Course(search, rivals, run, training)
            begun = any(e.kind in ("started", "resumed") for e in run.events)
        finally:
            run.close()
        recorder.event(training.step, "resumed" if begun else "started", {})
        recorder.status("training")
        while not stopped():
            end = course.judged(recorder) or course.advanced(recorder)
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
    """How a trial goes: its measurements so far, and whether they end it."""

    def __init__(self, search: Search, rivals: Sequence[Trial], run: Run, training: Training):
        self.search, self.rivals, self.training = search, rivals, training
        self.losses: list[float] = run.steps["loss"].tolist()
        steps, values, self.held_out = ledger.measured(run, search.every, run.last)
        self.steps: list[int] = steps.tolist()
        self.values: list[float] = values.tolist()
        self.seen = -1  # the measurement that was judged last

    def advanced(self, recorder: Recorder) -> tuple[str, str] | None:
        """One step more; the event that ends the trial, and why, where it cannot go on."""
        try:
            step = next(self.training)
        except Diverged as error:
            return "diverged", error.what
        except StopIteration:
            return "finished", f"all {self.search.steps} steps"
        recorder.add(step, self.training)
        self.losses.append(step.loss)
        return None

    def judged(self, recorder: Recorder) -> tuple[str, str] | None:
        """Measures the trial where it is time; the event that ends it, and why, where that is the rule."""
        now, every = self.training.step, self.search.every
        if now == 0 or now % every or now == self.seen:
            return None
        self.seen = now
        if now not in self.steps[-1:]:
            self.measure(recorder)
        best = out_of_patience(self.steps, self.values, self.search.patience)
        if best is not None:
            what = "held-out" if self.held_out else "training"
            return "stopped early", f"{what} loss no better than at step {best} for {now - best} steps"
        if now < self.search.steps and study.hopeless(self.search, self.rivals, self.steps, self.values):
            return (
                "pruned",
                f"{min(self.values):.4f} at best, where half of {len(self.rivals)} trials before it had less",
            )
        return None

    def measure(self, recorder: Recorder) -> None:
        """One measurement more: the held-out loss or, where every batch is new, the mean loss of the last ones."""
        found = self.training.validate()
        self.held_out = found is not None
        if found is None:
            value = ledger.window_mean(self.losses[-self.search.every :])
        else:
            value = found[0]
            recorder.validated(self.training.step, *found)
        self.steps.append(self.training.step)
        self.values.append(float(ledger.known(value)))


def main(path: Path, told: dict, orders: Connection) -> None:
    """A trial's whole life, in a process of its own: until its end, or until the driver's end of the pipe closes.

    told: the search's file as `search`, the trial's `number`, and the `bridge` to the cluster if one trains it.
    """
    try:
        search, _ = read(Path(told["search"]))
        trials = ledger.Ledger(Path(told["search"])).trials(search)
        mine = next(t for t in trials if t.number == told["number"])
        rivals = study.rivals(search, trials, mine.number, mine.params)
        if told["bridge"]:
            send(path, search, rivals, told["bridge"], orders)
        else:
            complete(path, search, rivals, lambda: closed(orders))
    except ValueError as error:  # a file that cannot be used, a task that cannot be built: said in words
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())


def send(path: Path, search: Search, rivals: Sequence[Trial], bridge: str, orders: Connection) -> None:
    """The same on the cluster: `receive` does it there. A cluster that is lost is told as such."""
    from explorer.cluster import away

    told = {"role": "trial", "search": search.model_dump(mode="json"), "rivals": [t.plain() for t in rivals]}
    try:
        away.train(told, [path], bridge, orders, budget=BUDGET, recent=RECENT, validates=False)
    except away.Lost as lost:
        away.tell(orders, {"lost": str(lost)})


def receive(path: Path, told: dict, orders: Connection) -> None:
    """A trial's life on a machine of the cluster, on a copy of its run. told: what `send` tells."""
    try:
        rivals = [Trial.of_plain(plain) for plain in told["rivals"]]
        complete(path, made(told["search"]), rivals, lambda: closed(orders))
    except ValueError as error:
        orders.send_bytes(json.dumps({"failed": str(error)}).encode())


def closed(orders: Connection) -> bool:
    """True once the other end of a pipe has gone."""
    try:
        return orders.poll(0) and not orders.recv_bytes()
    except (EOFError, ConnectionError):
        return True

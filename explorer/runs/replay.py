"""Replay: any step of a run, exactly: training repeated from the nearest earlier checkpoint.

The order at one step is: s steps taken, then the events at s, then step s. `restore(run, s)` returns the training after
the events at s, so its weights are those whose loss was recorded as step s. `Playback` does the same at snapshots, one
after the other, without what only further steps need.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

from explorer.runs import footprint, tensors
from explorer.runs.contents import RunFileError
from explorer.runs.events import in_force
from explorer.runs.run import Event, Run, Snapshot
from explorer.training.divergence import Diverged
from explorer.training.loop import Training
from explorer.training.place import OLDEST


def restore(run: Run, step: int, progress: Callable[[int, int], None] | None = None) -> Training:
    """The training as it was after `step` steps. ValueError if the run never reached it, or memory is too small.

    progress(done, of) is called after each repeated step.
    """
    last = run.last
    if isinstance(step, bool) or not isinstance(step, Integral):  # True is 1 to Python, but a slip here
        raise ValueError(f"{run.path.name} has steps 0 to {last:,} and not {step!r}; use a whole number")
    if not 0 <= step <= last:
        raise ValueError(f"{run.path.name} has steps 0 to {last:,} and not {step:,}; choose one of them")
    checkpoint = run.checkpoint(step)
    if checkpoint is None or checkpoint.step < step:
        footprint.check_again(run.config_at(step), run.task)
    training = Training(run.config, run.task, run.meta("implementation", OLDEST))
    events = [e for e in run.events if e.step <= step] if checkpoint is None else place(training, run, step, checkpoint)
    start = training.step

    def forward(target: int) -> None:
        while training.step < target:
            try:
                next(training)
            except (
                Diverged,
                StopIteration,
            ) as error:  # what was recorded once comes again, unless the file was changed
                why = error.what if isinstance(error, Diverged) else "its config ends before"
                raise RunFileError(f"{run.path.name} cannot be trained again to step {target:,}: {why}") from None
            if progress is not None:
                progress(training.step - start, step - start)

    for event in events:
        forward(event.step)
        training.apply(event.kind, event.detail)
    forward(step)
    return training


def place(training: Training, run: Run, step: int, snapshot: Snapshot) -> list[Event]:
    """Sets a training of the run to a snapshot: weights, settings, heads, and the optimizer's state if there is one.

    Returns the events after the snapshot, until `step`.
    """
    events = [e for e in run.events if e.step <= step]
    earlier = [e for e in events if e.id <= snapshot.event]
    training.adopt(in_force(run.config, earlier, step))
    training.heads.release()
    for event in earlier:
        # settings take effect at once; the snapshot has a reset head's weights, and those after an edit
        if event.kind not in ("set", "reset", "edit"):
            training.apply(event.kind, event.detail)
    shapes = training.flat.shapes
    state = None if snapshot.state is None else tensors.state(run, snapshot, shapes)
    training.load(snapshot.step, tensors.weights(run, snapshot, shapes), state)
    return [e for e in events if e.id > snapshot.event]


def shown(run: Run, step: int) -> Training | None:
    """The training at a step whose weights the file has, to look at, without the rest; None at any other step."""
    snapshot = run.snapshot(step)
    if snapshot is None:
        return None
    training = Training(run.config, run.task, run.meta("implementation", OLDEST))
    for event in place(training, run, step, snapshot):
        training.apply(event.kind, event.detail)
    return training


class Playback:
    """One training, set to a run's snapshots one after the other, each with its own weights, settings and heads.

    For measuring many snapshots, since the model is built once. No step can be taken from there: the optimizer's state
    is left out.
    """

    def __init__(self, run: Run):
        self.run = run
        self.training = Training(run.config, run.task, run.meta("implementation", OLDEST))
        self.training.model.eval()

    def at(self, step: int) -> Training | None:
        """The training after the events at a snapshot's step; None if it was thinned away."""
        snapshot = self.run.snapshot(step)
        if snapshot is None:
            return None
        for event in place(self.training, self.run, step, snapshot):
            self.training.apply(event.kind, event.detail)
        return self.training

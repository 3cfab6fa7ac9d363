"""Restored: the training at a step and the input, from which every view starts.

A training at a step comes from here or from `replay.restore`, never from the run's config alone: settings, heads and
batches may have changed by hand until that step.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Sequence

from explorer.runs.kept import forget, kept, training_bytes
from explorer.runs.replay import Playback, restore, shown
from explorer.runs.run import Run
from explorer.tasks.base import Batch
from explorer.training.loop import Training
from explorer.training.randomness import stream

Progress = Callable[[int, int], None] | None
KEPT = 6  # restored trainings kept in memory
RUNS = 16  # kept open

_opened: OrderedDict[str, Run] = OrderedDict()  # by path and last use


def opened(path: str) -> Run:
    """A run, kept open until its file moves. With a run that is let go, all that is kept of it goes: its task may be
    larger than its pictures."""
    run = _opened.pop(path, None)
    if run is not None and run.displacement:
        forget(run)
        run = None
    if run is None:
        while len(_opened) >= RUNS:
            forget(_opened.popitem(last=False)[1])
            gc.collect()  # a run and what reads it hold each other; by itself the collector comes 150 runs later
        run = Run.open(path)
    _opened[path] = run
    return run


def training_at(
    path: str, step: int, progress: Progress, needs: Sequence[str] = (), steps_on: bool = False
) -> Training:
    """The training at a step: its weights, settings and heads. The last few are kept.

    needs: the parts that the answer looks at. ValueError if the run's model lacks one.   steps_on: whether it takes
    steps or reads the optimizer's state, which a finished run keeps at fewer steps than its weights.
    """
    run = opened(path)
    run.config.need(*needs)

    def make() -> Training:
        training = None if steps_on else shown(run, step)
        training = training or restore(run, step, progress)
        training.model.eval()
        return training

    return kept("training", (run, run.moment(step), steps_on), make, training_bytes, KEPT)


def playback(path: str) -> Playback:
    """A playback of the run, kept."""
    run = opened(path)
    return kept("playback", (run,), lambda: Playback(run), lambda made: training_bytes(made.training), KEPT)


def glance(path: str, step: int, progress: Progress = None) -> Training:
    """The training at a step, for what is copied from it at once: at a snapshot it is the playback's, which is set to
    another step by whoever asks next."""
    return playback(path).at(step) or training_at(path, step, progress)


def chosen_input(training: Training, text: str | None = None, sample: int | None = None) -> Batch:
    """A batch of one: the run's probe, sample number `sample` of the task, or the visitor's own text.

    ValueError names what the model does not know.
    """
    task = training.task
    if text is not None:
        batch = task.encode(text)
    elif sample is not None:
        generator = stream(0, "sample", sample)
        held_out = task.held_out(1, generator)
        batch = task.batch(1, generator) if held_out is None else held_out
    else:
        batch = task.probe()
    return batch.to(training.device)


def tokens_of(training: Training, batch: Batch) -> dict[str, list[str] | None]:
    """The input's tokens as text, with the encoder's if there is one."""
    show = training.task.vocabulary.show
    return {
        "tokens": show(batch.tokens[0]),
        "source": None if batch.source is None else show(batch.source[0]),
    }

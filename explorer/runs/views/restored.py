"""The training at a step and the input that is looked at: what every view starts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from explorer.randomness import stream
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.tasks.base import Batch
from explorer.training import Training

Progress = Callable[[int, int], None] | None
KEPT = 6  # restored trainings kept in memory

_trainings: dict[tuple[str, int, int], Training] = {}


@lru_cache(maxsize=32)
def opened(path: str) -> Run:
    """A run, kept open."""
    return Run.open(path)


def training_at(path: str, step: int, progress: Progress) -> Training:
    """The training at a step; the last few are kept, told apart by the events before them too."""
    run = opened(path)
    event = max((e.id for e in run.events if e.step <= step), default=0)
    key = (path, step, event)
    if key not in _trainings:
        while len(_trainings) >= KEPT:
            del _trainings[next(iter(_trainings))]
        _trainings[key] = restore(run, step, progress)
        _trainings[key].model.eval()
    return _trainings[key]


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
    """The input's tokens as text, with the encoder's where there is one."""
    show = training.task.vocabulary.show
    return {
        "tokens": show(batch.tokens[0]),
        "source": None if batch.source is None else show(batch.source[0]),
    }

"""Any step of a run, exactly: the nearest earlier checkpoint, and training again from there.

The order of things at one step is: s steps taken, then the events at s, then step s. `restore(run, s)`
gives the training after the events at s, so its weights are those whose loss was recorded as step s.
"""

from __future__ import annotations

from collections.abc import Callable

import safetensors.torch

from explorer.runs.run import Run
from explorer.training import Training


def restore(run: Run, step: int, progress: Callable[[int, int], None] | None = None) -> Training:
    """The training as it stood after `step` steps. ValueError where the run never came there.

    progress(done, of) is called after each step trained again.
    """
    last = run.last
    if not 0 <= step <= last:
        raise ValueError(f"{run.path.name} has steps 0 to {last} and not {step}; choose one of them")
    events = [e for e in run.events if e.step <= step]
    checkpoint = run.checkpoint(step)
    training = Training(run.config, run.task)
    if checkpoint is not None:
        for event in events:
            if event.id <= checkpoint.event and event.kind != "reset":  # its weights are in the checkpoint
                training.apply(event.kind, event.detail)
        assert checkpoint.state is not None
        weights, state = safetensors.torch.load(checkpoint.weights), safetensors.torch.load(checkpoint.state)
        training.load(checkpoint.step, weights, state)
        events = [e for e in events if e.id > checkpoint.event]
    start = training.step

    def forward(target: int) -> None:
        while training.step < target:
            next(training)
            if progress is not None:
                progress(training.step - start, step - start)

    for event in events:
        forward(event.step)
        training.apply(event.kind, event.detail)
    forward(step)
    return training

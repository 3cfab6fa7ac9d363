"""Small runs, recorded without a host."""

from __future__ import annotations

from pathlib import Path

from explorer import Run, RunConfig
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore

TINY = RunConfig.preset("reverse").replace(
    {
        "model.width": 16,
        "model.heads": 2,
        "model.context": 12,
        "task.length": 6,
        "task.symbols": 8,
        "train.batch": 4,
        "train.steps": None,
        "optimizer.schedule": "constant",
        "optimizer.warmup": 0,
    }
)


def recorded(path: Path, steps: int, config: RunConfig = TINY, every: int = 7) -> Run:
    """A run of so many steps with a checkpoint every few."""
    file.begin(path, config)
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        for _ in range(steps):
            recorder.add(next(training), training)
            if training.step % every == 0:
                recorder.snapshot(training)
        recorder.status("paused")
    return Run.open(path)

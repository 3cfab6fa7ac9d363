"""Small runs, recorded without a host."""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path

from explorer import Run, RunConfig
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.verification import check, stretches
from explorer.training.divergence import Diverged

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


def problems(run: Run) -> list[str]:
    """What is wrong with a run's stretches when they are trained again."""
    return [problem for stretch in stretches(run) if (problem := check(run, stretch).problem)]


TRAINED = tempfile.TemporaryDirectory(prefix="tiny-runs-")
_paths: dict[tuple[str, int, int], Path] = {}


def recorded(path: Path, steps: int, config: RunConfig = TINY, every: int = 7) -> Run:
    """A run of this many steps with a checkpoint every few: trained once by a process, and then a copy of that file."""
    key = config.to_json(), steps, every
    if key not in _paths:
        trained(path, steps, config, every)
        kept = Path(TRAINED.name) / f"{len(_paths)}.run"
        shutil.copyfile(path, kept)
        _paths[key] = kept
    else:
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_paths[key], path)
    return Run.open(path)


def trained(path: Path, steps: int, config: RunConfig = TINY, every: int = 7) -> None:
    """Trains such a run."""
    file.begin(path, config)
    with Recorder(path) as recorder:
        # the snapshots that are asked for and no more, however slow the machine is
        recorder.live_seconds, recorder._stride = math.inf, 1024
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        try:
            for _ in range(steps):
                recorder.add(next(training), training)
                if training.step % every == 0:
                    recorder.snapshot(training)
            recorder.status("paused")
        except Diverged as error:
            recorder.event(error.index, "diverged", {"reason": error.what})
            recorder.status("diverged", error.what)

"""What is seen where a training is repeated: by PyTorch alone, or at other learning rates."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from explorer.config.run import RunConfig
from explorer.lessons.measurements.registry import POSITIVE, Trial, measurement

WAIT = 300  # seconds, after which a script of some steps is taken for stuck


@measurement("difference of a loss in PyTorch alone", "", POSITIVE)
def off_script(trial: Trial, at: int, seed: int = 0) -> float:
    """The largest over the steps before `at`, as a share of the loss. seed: added to the run's own in the script."""
    from explorer.answers.task import torch_script

    script = torch_script(str(trial.run.path), at)
    present = trial.run.config_at(0).train.seed
    if f"LR = {present}," not in script.text:
        raise ValueError("the script does not begin with its seed; it cannot be given another")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(script.zipped.tobytes())) as archive:
            archive.extractall(folder)
        (path,) = Path(folder).glob("*/train.py")
        path.write_text(script.text.replace(f"LR = {present},", f"LR = {present + seed},", 1), "utf-8")
        printed = subprocess.run(
            [sys.executable, path.name], cwd=path.parent, capture_output=True, text=True, check=True, timeout=WAIT
        ).stdout
    losses = np.array([float(line.split()[1]) for line in printed.splitlines()])
    true = np.asarray(trial.run.steps["loss"][: len(losses)], float)
    return float(np.abs(losses / true - 1).max())


@measurement("loss of the rate that pruning keeps, above that of the best", "nats", POSITIVE)
def lost_by_pruning(trial: Trial, at: int, rates: str, early: int) -> float:
    """Each of `rates` is trained to step `at`. Pruning keeps the one whose loss is the lowest at step `early`.

    A training that diverges has an infinite loss from there on.
    """
    by_step = losses_at_rates(trial.run.config_at(0), tuple(map(float, rates.split())), at)
    first, last = (by_step[:, max(0, end - 10) : end].mean(1) for end in (early, at))
    return float(last[int(first.argmin())] - last.min())


@lru_cache(maxsize=1)
def losses_at_rates(config: RunConfig, rates: tuple[float, ...], steps: int) -> np.ndarray:
    """(rates, steps) The loss of each step at each learning rate; infinite from where a training diverges."""
    from explorer.training.divergence import Diverged
    from explorer.training.loop import Training

    by_step = np.full((len(rates), steps), np.inf)
    for curve, rate in zip(by_step, rates, strict=True):
        try:
            for step in Training(config.replace({"optimizer.lr": rate, "train.steps": steps})):
                curve[step.index] = step.loss
        except Diverged:
            pass
    return by_step

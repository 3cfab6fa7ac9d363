"""What an optimizer keeps and how large its steps are, number by number. P numbers of a tensor, N snapshots."""

from __future__ import annotations

import numpy as np
import safetensors.numpy
import torch
from torch import Tensor

from explorer.runs.answer import Answer
from explorer.runs.views import snapshots
from explorer.runs.views.restored import Progress, opened, training_at
from explorer.schedules import learning_rate
from explorer.training import Training

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = np.linspace(-16, 4, 81)  # of log10 of the size: a quarter of a decade each
MOST = 60  # snapshots
KEYS = {  # what torch keeps, as its symbol
    "exp_avg": "m",
    "exp_avg_sq": "v",
    "momentum_buffer": "b",
    "square_avg": "v",
    "sum": "Σg²",
}


def spread(path: str, step: int, progress: Progress = None) -> Answer:
    """Sizes of all that the optimizer keeps, at snapshots until `step`.

    keys: torch's names, symbols beside them.   steps (N,); by key `key:quantiles` (N, QUANTILES), NaN before there
    is any, and `key:histogram` (BINS − 1,) at the last of the steps: the share of the numbers that are not 0.
    """
    run = opened(path)

    def measure(at: int) -> np.ndarray | None:
        checkpoint = run.checkpoint(at)
        if checkpoint is None or checkpoint.step != at or checkpoint.state is None:
            return None
        return measured(safetensors.numpy.load(checkpoint.state))

    steps, found = snapshots.history(path, step, "optimizer state", measure, progress, MOST)
    arrays: dict[str, np.ndarray] = {"steps": steps}
    keys = []
    for i, key in enumerate(KEYS):
        if len(steps) and np.isfinite(found[:, i]).any():
            keys.append(key)
            arrays[f"{key}:quantiles"] = found[:, i, : len(QUANTILES)]
            arrays[f"{key}:histogram"] = found[-1, i, len(QUANTILES) :]
    return {"step": step, "keys": keys, "symbols": [KEYS[key] for key in keys]}, arrays


def measured(state: dict[str, np.ndarray]) -> np.ndarray:
    """Quantiles and histogram of each of KEYS, (KEYS, QUANTILES + BINS − 1); NaN where nothing is kept."""
    rows = np.full((len(KEYS), len(QUANTILES) + len(BINS) - 1), np.nan)
    for i, key in enumerate(KEYS):
        own = [value.ravel() for path, value in state.items() if path.endswith(f"/{key}")]
        sizes = np.abs(np.concatenate(own)) if own else np.empty(0)
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)].astype(np.float64)
        if len(sizes):
            counts, _ = np.histogram(np.log10(sizes).clip(BINS[0], BINS[-1]), BINS)
            rows[i] = [*np.quantile(sizes, QUANTILES), *(counts / len(sizes))]
    return rows


def effective(path: str, step: int, progress: Progress = None) -> Answer:
    """By how much each gradient, or its average, is multiplied in the next step: η / (√v̂ + ε), or η alone.

    lr: η of the next step, at a run's end that of the last one.   names: of tensors; sizes (names, QUANTILES): over a
    tensor's numbers.   whole: the tensors that Muon steps as whole matrices, for which there is no such factor.
    """
    training = training_at(path, step, progress)
    steps = training.config.train.steps
    at = training.step if steps is None else min(training.step, steps - 1)
    lr = learning_rate(training.config.optimizer, at, steps)
    names, sizes, whole = [], [], []
    for name, factor in factors(training, lr).items():
        if factor is None:
            whole.append(name)
        else:
            names.append(name)
            sizes.append(np.quantile(factor.double().numpy(), QUANTILES))
    plain = {"step": step, "lr": lr, "names": names, "whole": whole, "rule": training.config.optimizer.name}
    return plain, {"sizes": np.array(sizes).reshape(-1, len(QUANTILES))}


def factors(training: Training, lr: float) -> dict[str, Tensor | None]:
    """By tensor what each of its gradients is multiplied by; None where it is stepped as a whole matrix."""
    state = training.optimizer.state()
    shapes = {id(piece.parameter): piece.shapes for piece in training.optimizer.pieces}
    found: dict[str, Tensor | None] = {}
    for part in training.optimizer.parts:
        for group in part.param_groups:
            for name in (name for parameter in group["params"] for name in shapes[id(parameter)]):
                found[name] = None if isinstance(part, torch.optim.Muon) else factor(state, name, group, lr)
    return {name: found[name] for name in training.named}


def factor(state: dict[str, Tensor], name: str, group: dict, lr: float) -> Tensor:
    """η / (√v̂ + ε) of one tensor, (P,); η where nothing is divided by, or nothing is known yet."""
    for key in ("exp_avg_sq", "square_avg", "sum"):
        if f"{name}/{key}" in state:
            v = state[f"{name}/{key}"].flatten().cpu()
            if key == "exp_avg_sq":
                v = v / (1 - group["betas"][1] ** state[f"{name}/step"].item())
            return lr / (v.sqrt() + group["eps"])
    return torch.full((1,), lr)

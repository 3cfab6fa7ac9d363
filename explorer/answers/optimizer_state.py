"""The state that an optimizer keeps and the size of its steps, number by number. P numbers of a tensor, N snapshots."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.optimizer_state import KeptNumbers, OptimizerState, StepSizes
from explorer.config.optimizers import rule_named
from explorer.runs import snapshots, tensors
from explorer.runs.restored import Progress, opened, training_at
from explorer.training.optimizers import steppings
from explorer.training.schedules import learning_rate

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = np.linspace(-16, 4, 81)  # of log10 of the size: a quarter of a decade each
MOST = 60  # snapshots


def spread(path: str, step: int, progress: Progress = None) -> OptimizerState:
    """Sizes of all that the optimizer keeps, at snapshots until `step`."""
    run = opened(path)
    kept_by_key = {kept.key: kept for kept in rule_named(run.config.optimizer.name).all_kept}

    def measure(at: int) -> np.ndarray | None:
        checkpoint = run.checkpoint(at)
        if checkpoint is None or checkpoint.step != at or checkpoint.state is None:
            return None
        claimed = tensors.shapes_of(run, at, checkpoint.weights)
        state = tensors.state(run, checkpoint, {name: shape for name, (_, shape) in claimed.items()})
        return measured({path: tensor.numpy() for path, tensor in state.items()}, list(kept_by_key))

    steps, rows = snapshots.history(path, step, "optimizer state", measure, progress, MOST, with_state=True)
    numbers = [
        KeptNumbers(key, one.symbol, rows[:, i, : len(QUANTILES)], rows[-1, i, len(QUANTILES) :])
        for i, (key, one) in enumerate(kept_by_key.items())
        if len(steps) and np.isfinite(rows[:, i]).any()
    ]
    return OptimizerState(step=step, steps=steps, kept=numbers)


def measured(state: dict[str, np.ndarray], keys: list[str]) -> np.ndarray:
    """Quantiles and histogram of each of `keys`, (keys, QUANTILES + BINS − 1); NaN if nothing is kept."""
    rows = np.full((len(keys), len(QUANTILES) + len(BINS) - 1), np.nan)
    for i, key in enumerate(keys):
        values = [value.ravel() for path, value in state.items() if path.endswith(f"/{key}")]
        sizes = np.abs(np.concatenate(values)) if values else np.empty(0)
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)].astype(np.float64)
        if len(sizes):
            counts, _ = np.histogram(np.log10(sizes).clip(BINS[0], BINS[-1]), BINS)
            rows[i] = [*np.quantile(sizes, QUANTILES), *(counts / len(sizes))]
    return rows


def effective(path: str, step: int, progress: Progress = None) -> StepSizes:
    """The factor of each gradient, or of its average, in the next step: η / (√v̂ + ε), or η alone."""
    training = training_at(path, step, progress, steps_on=True)
    steps = training.config.train.steps
    at = training.step if steps is None else min(training.step, steps - 1)
    lr = learning_rate(training.config.optimizer, at, steps)
    names, sizes, whole, waiting = [], [], [], []
    by_name = steppings(training.optimizer)
    for name in training.named:
        factor = by_name[name].factor(lr)
        if factor is not None:
            names.append(name)
            sizes.append(np.quantile(factor.double().numpy(), QUANTILES))
        elif by_name[name].rule.divisor is None:
            whole.append(name)
        else:
            waiting.append(name)
    quantiles = np.array(sizes).reshape(-1, len(QUANTILES))
    return StepSizes(step=step, lr=lr, names=names, whole=whole, waiting=waiting, sizes=quantiles)

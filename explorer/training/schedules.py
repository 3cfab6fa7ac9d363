"""The step size of a step: a linear warm-up, then the schedule's shape."""

from __future__ import annotations

from explorer.config.run import OptimizerConfig
from explorer.config.schedules import SCHEDULES


def learning_rate(config: OptimizerConfig, step: int, steps: int | None) -> float:
    """The step size of step `step` (from 0) of `steps`: linear warm-up, then the schedule's shape."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    schedule, after = SCHEDULES[config.schedule], step - config.warmup
    assert steps is not None or not schedule.ends, "the config was checked for an end"
    n = max(1, after if steps is None else steps - config.warmup)
    return config.lr * schedule.share(config, min(n, after), n)

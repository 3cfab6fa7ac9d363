"""Early stopping: patience, and the step from which a model only memorizes its training data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def out_of_patience(steps: Sequence[int], losses: Sequence[float], patience: int) -> int | None:
    """The step of the lowest loss if it is `patience` steps or more ago; None while there is patience, or for 0.

    The first of equally low losses counts (Prechelt 1998, “Early stopping – but when?”, the UP criterion of
    one strip, in steps).
    """
    if not patience or not len(losses):
        return None
    best = int(steps[int(np.argmin(losses))])
    return best if steps[-1] - best >= patience else None


def overfitting_from(
    steps: np.ndarray, held_out: np.ndarray, train_steps: np.ndarray, train: np.ndarray
) -> tuple[int, float, float] | None:
    """From where the held-out loss rises while the training loss still falls: step, both changes since, in nats.

    The step is that of the lowest held-out loss. None if nothing was measured after it, the held-out loss
    ends less than 2 % above it, or the training loss did not fall since.   train: loss (n,) at `train_steps` (n,).
    """
    if len(held_out) < 3 or not len(train):
        return None
    lowest = int(np.argmin(held_out))
    rise = float(held_out[-1] - held_out[lowest])
    if lowest == len(held_out) - 1 or not rise > 0.02 * abs(float(held_out[lowest])):
        return None
    step = int(steps[lowest])
    near = max(1, int(steps[-1] - steps[-2]))

    def around(end: int) -> float:
        """The training loss over the steps before `end`."""
        window = train[(train_steps >= end - near) & (train_steps < end)]
        return float(window.mean()) if len(window) else float("nan")

    fall = around(step) - around(int(steps[-1]))
    return (step, rise, fall) if fall > 0 else None

"""The loss along a line through weight space: to another step, another run, or in a random direction."""

from __future__ import annotations

import numpy as np

from explorer.analysis.landscape import Landscape, first_samples, held_out, random_directions
from explorer.answers import weight_space as weights
from explorer.answers.records.landscape import Slice
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, opened

POINTS = 49
FROM, TO = -0.25, 1.25  # along a line whose ends are 0 and 1, both among the points


def line(
    path: str,
    step: int,
    to: str | None = None,
    at: int = 0,
    seed: int = 0,
    reach: float = 1.0,
    progress: Progress = None,
) -> Slice:
    """The loss at θ + t · d, with θ the weights of a step, dropout off.

    to, at: the path of a run and the step of it that lies at t = 1; t goes from FROM to TO. Without them d is random,
    filter-normalised, drawn from `seed`, and t goes from −reach to reach.
    """
    training = restore(opened(path), step)
    batch, (other, fresh) = first_samples(training.batch(step)), held_out(training)
    landscape = Landscape(training, [batch, other])
    home = weights.finite(landscape.home.double().cpu().numpy(), f"the weights at step {step:,}")
    if to is None:
        (direction,), t = random_directions(training.flat, seed, 1), np.linspace(-reach, reach, POINTS)
    else:
        run = weights.fitting(to, training)
        direction, t = weights.at_step(run, at, training) - home, np.linspace(FROM, TO, POINTS)
    t = np.where(np.abs(t) < 1e-12, 0.0, t)
    losses = []
    for pair in landscape.along(home, direction, t):
        losses.append(pair)
        if progress is not None:
            progress(len(losses), POINTS)
    table = np.array(losses)
    return Slice(
        step=step,
        distance=float(np.linalg.norm(direction)),
        samples=(len(batch.tokens), len(other.tokens)),
        fresh=fresh,
        t=t,
        train=table[:, 0],
        held_out=table[:, 1],
    )

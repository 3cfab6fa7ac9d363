"""How fast a model writes, with the cache of what it has read and without."""

from __future__ import annotations

import numpy as np

from explorer.analysis.pace import pace
from explorer.answers.records.writing import Speed
from explorer.answers.writing.text import writer
from explorer.runs.restored import Progress
from explorer.training.device import numerics

LENGTHS = (16, 32, 64, 128, 256, 512)  # tokens


def speed(path: str, step: int, progress: Progress = None) -> Speed:
    """Tokens a second at each length up to the model's context, measured now in this process.

    The text is the task's own prompt or probe again and again: how long it takes does not depend on what stands there.
    """
    training = writer(path, step, progress)
    context = training.config.model.context
    opening = training.task.opening()
    source = None if opening.source is None else opening.source.to(training.device)
    lengths = [length for length in LENGTHS if length <= context] or [context]
    seconds = []
    with numerics(training.config):
        for length in lengths:
            repeated = opening.tokens.repeat(1, -(-length // opening.tokens.shape[1]))[:, :length]
            seconds.append(np.median(pace(training.model, repeated.to(training.device), source), axis=0))
    with_cache, without = 1 / np.array(seconds).T
    return Speed(step, lengths, with_cache, without, context)

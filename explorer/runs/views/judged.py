"""What is known of a run's tokens: how often training shows them, and how hard they are to foretell.

B batch, T position, V vocabulary.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from explorer.randomness import stream
from explorer.runs.views.restored import opened
from explorer.tasks.base import IGNORE
from explorer.tasks.text import TextTask
from explorer.tasks.words import WordTask
from explorer.trace import Trace, observe
from explorer.training import Training

COUNTED = 2048  # examples that token frequencies are counted in where there is no text
JUDGED = 32  # examples of the probe that losses are measured on


@lru_cache(maxsize=16)
def frequencies(path: str) -> dict[str, np.ndarray]:
    """How often each token is read (input, and by an encoder: source) and asked for (output) in training, as shares."""
    task = opened(path).task
    if isinstance(task, TextTask):
        low, high = task.splits["trained"]
        counts = np.bincount(task.data[low:high].numpy(), minlength=len(task.vocabulary))
        return dict.fromkeys(("input", "output"), counts / counts.sum())
    if isinstance(task, WordTask):
        return dict.fromkeys(("input", "output"), task.known.counts / task.known.counts.sum())
    batch = task.batch(COUNTED, stream(0, "frequencies"))
    read = {"input": batch.tokens, "output": batch.targets[batch.targets != IGNORE]}
    if batch.source is not None:
        read["source"] = batch.source
    found = {}
    for side, tokens in read.items():
        kept = tokens if task.vocabulary.pad is None else tokens[tokens != task.vocabulary.pad]
        counts = torch.bincount(kept.flatten(), minlength=len(task.vocabulary)).numpy()
        found[side] = counts / max(1, counts.sum())
    return found


def judged(training: Training, size: int = JUDGED) -> Trace:
    """The probe's first examples, run through the model for their losses."""
    batch = training.task.probe(size).to(training.device)
    return observe(training.model, batch, False, lambda name: False, training.task.objective)


def by_target(training: Training) -> np.ndarray:
    """The mean loss where each token is asked for, (V,), on the probe; NaN where it is not.

    Of word vectors that of all examples whose true word it is, with their noise.
    """
    if isinstance(training.task, WordTask):
        trace = judged(training, COUNTED)
        assert trace.source is not None
        return mean_by(trace.source[:, 0], np.nanmean(trace.token_loss, axis=1), len(training.task.vocabulary))
    trace = judged(training)
    return mean_by(trace.targets, trace.token_loss, len(training.task.vocabulary))


def mean_by(groups: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The mean of the values of each group 0 to count − 1, NaN where there is none; NaN values do not count."""
    there = ~np.isnan(values)
    sums = np.bincount(groups[there], values[there], minlength=count)
    numbers = np.bincount(groups[there], minlength=count)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)

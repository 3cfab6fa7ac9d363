"""Facts about a run's tokens: how often training shows them, and how hard they are to predict.

B batch, T position, V vocabulary.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from explorer.runs.restored import opened
from explorer.tasks.base import IGNORE
from explorer.tasks.text import TextTask
from explorer.tasks.words import WordTask
from explorer.trace import Trace, observe
from explorer.training.loop import Training
from explorer.training.randomness import stream

COUNTED = 2048  # examples in which token frequencies are counted without a text
LOSS_EXAMPLES = 32  # examples of the probe for losses


@lru_cache(maxsize=16)
def frequencies(path: str) -> dict[str, np.ndarray]:
    """How often each token is read (input, or source for an encoder) and predicted (output) in training, as shares."""
    task = opened(path).task
    if isinstance(task, TextTask):
        low, high = task.splits["trained"]
        counts = np.bincount(task.data[low:high].numpy(), minlength=len(task.vocabulary))
        return dict.fromkeys(("input", "output"), counts / counts.sum())
    if isinstance(task, WordTask):
        return dict.fromkeys(("input", "output"), task.lexicon.counts / task.lexicon.counts.sum())
    batch = task.batch(COUNTED, stream(0, "frequencies"))
    read = {"input": batch.tokens, "output": batch.targets[batch.targets != IGNORE]}
    if batch.source is not None:
        read["source"] = batch.source
    shares = {}
    for side, tokens in read.items():
        kept = tokens if task.vocabulary.pad is None else tokens[tokens != task.vocabulary.pad]
        counts = torch.bincount(kept.flatten(), minlength=len(task.vocabulary)).numpy()
        shares[side] = counts / max(1, counts.sum())
    return shares


def with_loss(training: Training, size: int = LOSS_EXAMPLES) -> Trace:
    """The probe's first examples, run through the model for their losses."""
    batch = training.task.probe(size).to(training.device)
    return observe(training.model, batch, False, lambda name: False, training.task.objective)


def by_target(training: Training) -> np.ndarray:
    """The mean loss of predicting each token, (V,), on the probe; NaN if it is not predicted there.

    For word vectors, over all examples with it as the true word, with their noise.
    """
    if isinstance(training.task, WordTask):
        trace = with_loss(training, COUNTED)
        assert trace.source is not None
        return mean_by(trace.source[:, 0], np.nanmean(trace.token_loss, axis=1), len(training.task.vocabulary))
    trace = with_loss(training)
    return mean_by(trace.targets, trace.token_loss, len(training.task.vocabulary))


def mean_by(groups: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The mean of the values of each group 0 to count − 1, NaN if there is none; NaN values do not count."""
    there = ~np.isnan(values)
    sums = np.bincount(groups[there], values[there], minlength=count)
    numbers = np.bincount(groups[there], minlength=count)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)

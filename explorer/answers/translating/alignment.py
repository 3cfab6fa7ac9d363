"""How far each head keeps to what the task says belongs together, over training. H heads, T, S position."""

from __future__ import annotations

import numpy as np
import torch

from explorer.analysis import translating
from explorer.answers.records.translating.answer import AlignmentHistory
from explorer.measure.text import links
from explorer.runs import snapshots
from explorer.runs.restored import Progress, opened, playback
from explorer.tasks.base import Batch
from explorer.trace import copied, evaluating, watching, whole
from explorer.training.device import numerics
from explorer.training.loop import Training

NEEDS = ("logits", "attention")  # parts of the model
EXAMPLES, SNAPSHOTS = 32, 32


def history(path: str, step: int, progress: Progress = None) -> AlignmentHistory:
    """The alignment error rate of each head that reads the source, at up to 32 of the snapshots until `step`.

    It is measured after the right tokens, on 32 examples. ValueError if the task does not say what belongs together.
    """
    opened(path).config.need(*NEEDS)
    training = playback(path).training
    batch = training.task.probe(EXAMPLES)
    gold = alignments(training, batch)

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        return None if training is None else links.error_rates(patterns(training, batch), gold)

    steps, rates = snapshots.history(path, step, "alignment error", measure, progress, SNAPSHOTS)
    heads = translating.heads(training.model, batch.source is not None)
    return AlignmentHistory(step, steps, heads, rates.reshape(len(steps), len(heads)), links.chance(gold), EXAMPLES)


def alignments(training: Training, batch: Batch) -> list[np.ndarray]:
    """The task's links of each example, (T, S). ValueError if there are none."""
    alignment = training.task.links(batch)
    if alignment is None:
        raise ValueError(
            "this task does not say which part of its input an answer comes from; look at one that translates, "
            "reverses, copies, sorts or tallies"
        )
    return list(alignment.cpu().numpy())


@torch.no_grad()
def patterns(training: Training, batch: Batch) -> list[np.ndarray]:
    """What all heads that read the source attend to after the right tokens, (H, T, S) of each example."""
    model, moved = training.model, batch.to(training.device)
    names = {f"{path}.pattern" for path in translating.readers(model, batch.source is not None)}
    with numerics(training.config), evaluating(model), watching(model, names.__contains__) as seen:
        model(moved.tokens, moved.source)
    every = np.concatenate([copied(value) for value in whole(model, seen).values()], 1)  # (B, H, T, S)
    return list(every)

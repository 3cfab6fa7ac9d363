"""Writing over a whole run: the entropy of the tree of continuations, and the share of samples that are Python."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from explorer.analysis.decoding import entropy
from explorer.answers.records.writing import ParseHistory, TreeHistory
from explorer.answers.writing.decoding import DEPTH, THRESHOLD, WIDTH, check_tree, likeliest, scored
from explorer.answers.writing.text import writer
from explorer.runs import snapshots
from explorer.runs.restored import Progress, playback
from explorer.tasks.text import Python
from explorer.trace import evaluating
from explorer.training.device import numerics
from explorer.training.randomness import stream
from models.cache import cache_of

TREES, TEXTS = 32, 16  # snapshots, at most: a live page waits for the first answer
SAMPLES, LENGTH = 16, 96  # texts a snapshot, tokens of each
REFERENCES = 200  # texts of each baseline


def tree_history(
    path: str,
    step: int,
    text: str | None = None,
    width: int = WIDTH,
    depth: int = DEPTH,
    threshold: float = THRESHOLD,
    progress: Progress = None,
) -> TreeHistory:
    """The entropy of the tree at the snapshots until `step`; the settings are the tree's. NaN where it diverged."""
    check_tree(width, depth, threshold)
    scored(writer(path, step, progress), text)  # refuses what cannot be read

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        if training is None:
            return None
        try:
            return np.array(entropy(likeliest(training, text, width, depth, threshold)[0]))
        except ValueError:
            return np.array(np.nan)

    quantity = f"tree {width} {depth} {threshold} {text}"
    steps, bits = snapshots.history(path, step, quantity, measure, progress, TREES)
    return TreeHistory(step, steps, bits)


def parse_history(path: str, step: int, progress: Progress = None) -> ParseHistory:
    """The share of texts whose whole lines are Python by its grammar, at the snapshots until `step`.

    ValueError for a run on another task.
    """
    task = writer(path, step, progress).task
    if not isinstance(task, Python):
        raise ValueError("this run does not write Python; look at a run with task.name=python")

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        if training is None:
            return None
        prompt = task.opening().tokens.expand(SAMPLES, -1).to(training.device)
        with numerics(training.config):
            texts = sampled(training.model, prompt, LENGTH, training.config.model.context, stream(0, "syntax"))
        return np.array(np.mean([task.accepts(task.readable(row)) for row in texts]))

    steps, share = snapshots.history(path, step, "syntax", measure, progress, TEXTS)
    return ParseHistory(step, steps, share, *references(task), SAMPLES, LENGTH)


@torch.no_grad()
def sampled(model: nn.Module, tokens: Tensor, length: int, context: int, generator: torch.Generator) -> Tensor:
    """Texts (B, length) that go on after tokens (B, t), drawn from the model's probabilities."""
    begun, cache = tokens.shape[1], cache_of(model)
    with evaluating(model):
        for _ in range(length):
            if cache is not None and tokens.shape[1] <= context:
                logits = model(tokens[:, cache.length :], None, cache)[:, -1]
            else:
                logits = model(tokens[:, -context:])[:, -1]
            p = logits.float().softmax(-1).cpu().nan_to_num(1.0)
            tokens = torch.cat([tokens, torch.multinomial(p, 1, generator=generator).to(tokens.device)], 1)
    return tokens[:, begun:]


def references(task: Python) -> tuple[float, float]:
    """The same share of held-out code that is cut as the samples are, and of tokens drawn by their frequency."""
    low, high = task.splits["held out"]
    line = task.opening().tokens[0, 0]
    starts = (task.data[low : high - LENGTH - 1] == line).nonzero()[:, 0] + low + 1
    g = stream(0, "syntax references")
    chosen = starts[torch.randint(len(starts), (REFERENCES,), generator=g)] if len(starts) else starts
    counts = task.data[:low].long().bincount(minlength=len(task.vocabulary)).float()
    texts = torch.multinomial(counts.expand(REFERENCES, -1), LENGTH, replacement=True, generator=g)
    real = [task.accepts(task.readable(task.data[at : at + LENGTH])) for at in chosen.tolist()]
    return float(np.mean(real)) if real else np.nan, float(np.mean([task.accepts(task.readable(row)) for row in texts]))

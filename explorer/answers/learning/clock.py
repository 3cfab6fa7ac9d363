"""Addition on a clock: the waves that embedding, unembedding and logits are made of, at a step and over training.

p numbers, F frequencies, C width.
"""

from __future__ import annotations

import numpy as np
import torch

from explorer.answers.records.learning.clock import (
    EMBEDDING,
    LOGITS,
    PARTS,
    UNEMBEDDING,
    Clock,
    ClockHistory,
    ClockLosses,
    Waves,
)
from explorer.measure import fourier
from explorer.runs import snapshots
from explorer.runs.restored import Progress, opened, playback, training_at
from explorer.tasks.synthetic import Addition
from explorer.trace import copied, evaluating
from explorer.training.device import numerics
from explorer.training.loop import Training

Array = np.ndarray
NEEDS = ("token embedding", "logits")  # parts of the model
SNAPSHOTS = 48
AT_ONCE = 4096  # pairs


def clock(path: str, step: int, progress: Progress = None) -> Clock:
    """The waves of each part at a step. ValueError for a run whose tokens are no numbers of a clock."""
    training = training_at(path, step, progress, needs=NEEDS)
    p, tables, answers = tables_of(training)
    sums = np.add.outer(np.arange(p), np.arange(p)) % p
    if not all(np.isfinite(table).all() for table in tables.values()):
        raise ValueError(f"at step {step:,} the model's numbers are not finite any more; choose an earlier step")
    return Clock(step, p, {name: waves(name, tables[name]) for name in PARTS}, float((answers == sums).mean()))


def history(path: str, step: int, progress: Progress = None) -> ClockHistory:
    """The share of each frequency in each part, at up to 48 of the snapshots until `step`."""
    opened(path).config.need(*NEEDS)
    addition(playback(path).training)

    def measure(at: int) -> Array | None:
        training = playback(path).at(at)
        return None if training is None else every_share(training)

    steps, values = snapshots.history(path, step, "clock", measure, progress, SNAPSHOTS)
    F = addition(playback(path).training).p // 2
    values = values.reshape(len(steps), len(PARTS), F)
    return ClockHistory(step, steps, {name: values[:, i] for i, name in enumerate(PARTS)})


def losses(path: str, step: int, progress: Progress = None) -> ClockLosses:
    """The loss with the logits' key frequencies alone, and without them (Nanda et al. 2023, §5.1), over training."""
    keys = clock(path, step).parts[LOGITS].keys

    def measure(at: int) -> Array | None:
        training = playback(path).at(at)
        return None if training is None else every_loss(training, keys)

    quantity = " ".join(("clock losses", *map(str, sorted(keys))))
    steps, values = snapshots.history(path, step, quantity, measure, progress, SNAPSHOTS)
    return ClockLosses(step, steps, keys, *values.reshape(len(steps), 4).T)


def every_loss(training: Training, keys: list[int]) -> Array:
    """The mean loss of pairs trained on, of others, of all with these waves alone, of those trained on without, (4,).

    Without keys there is nothing to keep or leave out, and the last two are NaN.
    """
    task, logits = addition(training), all_logits(training)
    p = task.p
    sums = np.add.outer(np.arange(p), np.arange(p)) % p
    pairs = {name: which.numpy() for name, which in task.splits.items()}

    def mean(of: Array, which: Array | slice) -> float:
        rows = of.reshape(p * p, -1)[which]
        right = rows[np.arange(len(rows)), sums.reshape(-1)[which]]
        return float((torch.from_numpy(rows).logsumexp(1).numpy() - right).mean())

    plain = [mean(logits, pairs["trained"]), mean(logits, pairs["held out"])]
    if not keys:
        return np.array([*plain, np.nan, np.nan])
    rest = mean(fourier.restricted(logits, keys), slice(None)), mean(fourier.excluded(logits, keys), pairs["trained"])
    return np.array([*plain, *rest])


def addition(training: Training) -> Addition:
    """The run's task. ValueError for another."""
    if not isinstance(training.task, Addition):
        raise ValueError("the tokens of this run are no numbers of a clock; look at a run with task.name=addition")
    return training.task


def every_share(training: Training) -> Array:
    """The share of each frequency in each part, (parts, F); NaN where the model diverged."""
    tables = tables_of(training)[1]
    return np.stack([shares(name, tables[name]) for name in PARTS])


def shares(name: str, table: Array) -> Array:
    """The share of each frequency in one part, (F,)."""
    return fourier.logit_shares(table) if name == LOGITS else fourier.shares(table)


def waves(name: str, table: Array) -> Waves:
    """One part, beside the same with the numbers in random orders.

    Of logits the sums are shuffled, so that what depends on a + b still does.
    """
    share = shares(name, table)
    rows, whole = table, 1.0
    if name == LOGITS:
        rows, whole = fourier.by_sum(table - table.mean(-1, keepdims=True)), float(share.sum())
    random = fourier.shuffled(rows) * whole
    bound = float(random.max())
    return Waves(share, random[0], bound, fourier.keys(share, bound))


@torch.no_grad()
def all_logits(training: Training) -> Array:
    """The logits of every token where the sum of each pair is asked for, (p, p, V), float64."""
    p = addition(training).p
    pairs = torch.arange(p * p)
    batch = addition(training).arrange(pairs // p, pairs % p).to(training.device)
    with numerics(training.config), evaluating(training.model):
        logits = torch.cat([training.model(part)[:, 2] for part in batch.tokens.split(AT_ONCE)])
    return copied(logits).astype(np.float64).reshape(p, p, -1)


def tables_of(training: Training) -> tuple[int, dict[str, Array], Array]:
    """p, what is over its numbers, and the likeliest token for each pair, (p, p).

    The rows of embedding and unembedding are (p, C); the logits (p, p, p), of a, b and the answer, are those of the p
    numbers where a sum is asked for.
    """
    p, logits, weights = addition(training).p, all_logits(training), training.weights()
    tables = {
        EMBEDDING: copied(weights["embedding.weight"][:p]),
        UNEMBEDDING: copied(weights["unembedding.weight"][:p]),
        LOGITS: logits[..., :p],
    }
    return p, tables, logits.argmax(-1)

"""Since which step each example of a fixed set stays right, and the loss of each token, over a run's snapshots.

After example forgetting (Toneva et al. 2019): what is learned and not forgotten again. An answer is right if each of
its tokens is the likeliest after the right ones before it, which is when greedy writing gives exactly this answer.
B batch, T position, E examples, P places, N steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.analysis import answering
from explorer.answers.records.learning.graduation import NEVER, Graduation, PlaceLosses
from explorer.runs import snapshots
from explorer.runs.restored import Progress, opened, playback
from explorer.tasks.base import IGNORE, Batch, Task
from explorer.tasks.fields import TASKS
from explorer.tasks.synthetic import Addition
from explorer.trace import copied, evaluating, token_losses
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.families import kind_of

Array = np.ndarray
NEEDS = ("logits",)  # parts of the model
EXAMPLES, TOKENS = 64, 96  # answers, and tokens of a text
PLACES, LEAST = 64, 12  # tokens whose loss is followed; of more examples than one if that has fewer than LEAST
SNAPSHOTS, MOST = 64, 200
BEFORE = 24  # characters of a text that are shown before a token
AT_ONCE = 2048  # examples of three tokens


@dataclass(frozen=True)
class Examples:
    """A fixed set. batch: what is read.   read, right, trained, of, modulus: as Graduation has them."""

    batch: Batch
    read: list[str]
    right: list[str]
    trained: Array
    of: str
    modulus: int = 0


def since(path: str, step: int, most: int = SNAPSHOTS, progress: Progress = None) -> Graduation:
    """Since which snapshot until `step` each example stays right, of up to `most` of them.

    ValueError for a number of snapshots that is none.
    """
    if not 2 <= most <= MOST:
        raise ValueError(f"most={most} is no number of snapshots to look at; choose 2 to {MOST}")
    opened(path).config.need(*NEEDS)
    examples = examples_of(playback(path).training)

    def measure(at: int) -> Array | None:
        training = playback(path).at(at)
        return None if training is None else right(training, examples)

    steps, rights = snapshots.history(path, step, "graduation", measure, progress, most)
    first, wrong = graduated(steps, rights.reshape(len(steps), len(examples.read)))
    return Graduation(
        step=step,
        steps=steps,
        since=first,
        wrong=wrong,
        read=examples.read,
        right=examples.right,
        trained=examples.trained,
        of=examples.of,
        modulus=examples.modulus,
    )


def graduated(steps: Array, rights: Array) -> tuple[Array, Array]:
    """Since which step each example stays right, and at which it was last wrong, (E,) each; NEVER where at none.

    steps (N,), in order.   rights (N, E): whether each is right at each.
    """
    N, E = rights.shape
    if not N:
        return np.full(E, NEVER), np.full(E, NEVER)
    wrong = ~rights.astype(bool)
    last = np.where(wrong.any(0), N - 1 - wrong[::-1].argmax(0), -1)  # place of the last wrong one
    first = np.where(last + 1 < N, steps[np.minimum(last + 1, N - 1)], NEVER)
    return first, np.where(last >= 0, steps[last], NEVER)


def examples_of(training: Training) -> Examples:
    """All pairs of a task that adds; the tokens of a held-out text; of any other task its probe."""
    task, config = training.task, training.config
    if isinstance(task, Addition):
        return every_pair(task)
    if TASKS[config.task.name].corpus is not None:
        return tokens_of_text(task)
    batch = task.probe(EXAMPLES)
    in_place = kind_of(config.model).reads == "in place"
    return Examples(
        batch,
        [task.readable(tokens) for tokens in answering.inputs(batch, in_place)],
        [task.readable(tokens) for tokens in answering.right_answers(batch)],
        np.zeros(len(batch.tokens), dtype=np.int64),
        "answer",
    )


def every_pair(task: Addition) -> Examples:
    """All p² sums."""
    p = task.p
    pairs = torch.arange(p * p)
    trained = torch.zeros(p * p, dtype=torch.long)
    trained[task.splits["trained"]] = 1
    texts = [f"{a} + {b}" for a in range(p) for b in range(p)]
    right = [str((a + b) % p) for a in range(p) for b in range(p)]
    return Examples(task.arrange(pairs // p, pairs % p), texts, right, trained.numpy(), "answer", p)


def tokens_of_text(task: Task) -> Examples:
    """The first tokens that are predicted in held-out rows of a text, each an example with what stands before it."""
    batch, read, right = task.probe(1), list[str](), list[str]()
    rows = 1
    while batch.predicted < TOKENS and rows < TOKENS:
        rows *= 2
        batch = task.probe(rows)
    for row, t in (batch.targets != IGNORE).nonzero().tolist():
        before = task.readable(batch.tokens[row, : t + 1])
        read.append(before if len(before) <= BEFORE else f"…{before[-BEFORE:]}")
        right.append(task.vocabulary.symbols[int(batch.targets[row, t])])
    return Examples(batch, read[:TOKENS], right[:TOKENS], np.zeros(len(right[:TOKENS]), dtype=np.int64), "token")


@torch.no_grad()
def right(training: Training, examples: Examples) -> Array:
    """Whether each example is right, (E,); a model that diverged gets none right."""
    batch = examples.batch.to(training.device)
    rows: list[Tensor] = []
    with numerics(training.config), evaluating(training.model):
        for part in answering.parts(batch, AT_ONCE if examples.modulus else answering.AT_ONCE):
            logits = training.model(part.tokens, part.source)
            hit = (logits.argmax(-1) == part.targets) & logits.isfinite().all(-1)
            wanted = part.targets != IGNORE
            rows.append(hit[wanted] if examples.of == "token" else (hit | ~wanted).all(1))
    return copied(torch.cat(rows))[: len(examples.read)]


def losses(path: str, step: int, progress: Progress = None) -> PlaceLosses:
    """The loss of each token of the probe's first examples, at up to 64 of the snapshots until `step`."""
    opened(path).config.need(*NEEDS)
    task = playback(path).training.task
    rows = 1
    while task.probe(rows).predicted < LEAST and rows < LEAST:
        rows += 1
    batch = task.probe(rows)
    wanted = (batch.targets != IGNORE).nonzero()[:PLACES]

    @torch.no_grad()
    def measure(at: int) -> Array | None:
        training = playback(path).at(at)
        if training is None:
            return None
        moved = batch.to(training.device)
        with numerics(training.config), evaluating(training.model):
            nats = token_losses(training.model(moved.tokens, moved.source), moved.targets)
        return copied(nats[wanted[:, 0], wanted[:, 1]]).astype(np.float64)

    steps, values = snapshots.history(path, step, "loss of each token", measure, progress, SNAPSHOTS)
    values = values.reshape(len(steps), len(wanted))
    return PlaceLosses(
        step=step,
        steps=steps,
        tokens=task.vocabulary.show(batch.targets[wanted[:, 0], wanted[:, 1]]),
        examples=wanted[:, 0].numpy().copy(),
        losses=np.where(np.isfinite(values), values, np.nan),
    )

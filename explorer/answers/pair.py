"""One training pair explained: its words in their place, its scores, its loss, and how its step moves the vectors.

B batch, I words read, J words scored (the true one first), C width.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Generator, Tensor

from explorer.analysis.weight import Film
from explorer.answers import weight as xray
from explorer.answers.records.pair import Count, Noise, Pair, Place, Scored, Weighed
from explorer.answers.words import task_of
from explorer.runs.restored import Progress
from explorer.tasks.base import Batch
from explorer.tasks.objective import IGNORE, WeightedSquares
from explorer.tasks.words import Cbow, Glove, SampledTask
from explorer.trace import copied
from explorer.training.randomness import stream
from models.word_vectors import nearness

AROUND = 9  # words shown on each side of the place


def pair(path: str, step: int, row: int = 0, progress: Progress = None) -> Pair:
    """Example `row` of the step taken from the weights at `step`, or after the end of training of the last step.

    Examples are numbered over all batches of the step. ValueError if there is no such example.
    """
    film = xray.film_at(path, xray.taken(path, step), progress)
    training, at = film.training, film.step.index
    task = task_of(training)
    batches, size = training.batches(at), training.config.train.batch
    if not 0 <= row < len(batches) * size:
        raise ValueError(f"the step has examples 0 to {len(batches) * size - 1} and not {row}; choose one of them")
    part, place = divmod(row, size)
    batch = batches[part]
    read, weights = reading(task, batch, place)
    scored = batch.source[place].tolist() if batch.source is not None else []
    vectors = looked_at(film.before, read, weights, scored)
    moved = looked_at(film.after, read, weights, scored) - vectors
    rows = [
        replace(one, word=task.vocabulary.symbols[token], times=sum(int((b.source == token).sum()) for b in batches))
        for one, token in zip(
            explained(film, task.objective, batch, place, vectors, vectors + moved, read), scored, strict=True
        )
    ]
    return Pair(
        step=step,
        taken=at,
        row=row,
        batch=len(batches) * size,
        kind=training.config.model.kind,
        read=[Weighed(task.vocabulary.symbols[t], w) for t, w in zip(read, weights.tolist(), strict=True)],
        scored=rows,
        loss=sum(one.loss for one in rows) / max(1, sum(one.counts for one in rows)),
        targets=batch.predicted,
        lr=film.step.lr,
        place=place_of(task, stream(training.config.train.seed, "batch", at, part), size, place),
        times=sum(int((b.tokens == read[0]).sum()) for b in batches),
        vectors=vectors.astype(np.float32),
        moved=moved.astype(np.float32),
    )


def reading(task: Any, batch: Batch, row: int) -> tuple[list[int], np.ndarray]:
    """The words read (I), and the weight of each in the vector that is scored (I,)."""
    read = batch.tokens[row].tolist()
    weights = copied(nearness(task.window)).astype(np.float64) if isinstance(task, Cbow) else np.ones(1)
    return read, weights


def looked_at(weights: dict[str, Tensor], read: list[int], share: np.ndarray, scored: list[int]) -> np.ndarray:
    """The vector that is scored and those it is scored with, (1 + J, C), in float64."""
    embedding, context = (copied(weights[f"{name}.weight"]).astype(np.float64) for name in ("embedding", "context"))
    return np.concatenate([(share[:, None] * embedding[read]).sum(0, keepdims=True), context[scored]])


def explained(
    film: Film, objective: Any, batch: Batch, row: int, before: np.ndarray, after: np.ndarray, read: list[int]
) -> list[Scored]:
    """The contribution of each scored word, still without its name and count."""
    assert batch.source is not None
    scores, later = before[1:] @ before[0], after[1:] @ after[0]
    targets = copied(batch.targets[row]).astype(np.float64)
    share = float(np.linalg.norm(before[0])) / batch.predicted / film.training.config.train.accumulate
    if isinstance(objective, WeightedSquares):
        words = (read[0], int(batch.source[row, 0]))
        rows = from_count(film, objective, float(targets[0]), words, scores, later)
    else:
        rows = from_noise(targets, scores, later, film.training.config.train.label_smoothing)
    return [replace(one, gradient=abs(one.pull) * share) for one in rows]


def from_noise(targets: np.ndarray, scores: np.ndarray, later: np.ndarray, smoothing: float) -> list[Scored]:
    """Negative sampling: each word's p = σ(u · v). Smoothing pulls towards ε/2 and 1 − ε/2 instead of 0 and 1."""
    p = 1 / (1 + np.exp(-scores))
    counts = targets != IGNORE
    losses = np.where(counts, np.logaddexp(0, np.where(targets == 1, -scores, scores)), 0.0)
    pulls = np.where(counts, p - np.where(targets == 1, 1 - smoothing / 2, smoothing / 2), 0.0)
    return [
        Scored(
            word="",
            times=0,
            score=float(scores[j]),
            counts=bool(counts[j]),
            loss=float(losses[j]),
            pull=float(pulls[j]),
            gradient=0.0,
            score_after=float(later[j]),
            noise=Noise(target=int(targets[j] == 1), p=float(p[j])),
        )
        for j in range(len(scores))
    ]


def from_count(
    film: Film, objective: WeightedSquares, x: float, words: tuple[int, int], scores: np.ndarray, later: np.ndarray
) -> list[Scored]:
    """GloVe: the one pair, its count x in the text and the model's value for log x."""
    names = ("bias", "context_bias")
    biases, changed = (
        [float(weights[name][i]) for name, i in zip(names, words, strict=True)] for weights in (film.before, film.after)
    )
    weight = min(1.0, x / objective.x_max) ** objective.alpha
    total = float(scores[0]) + sum(biases)
    error = total - math.log(x)
    return [
        Scored(
            word="",
            times=0,
            score=float(scores[0]),
            counts=True,
            loss=weight * error**2,
            pull=2 * weight * error,
            gradient=0.0,
            score_after=float(later[0]) + sum(changed),
            count=Count(x, math.log(x), weight, biases[0], biases[1], total),
        )
    ]


def place_of(task: Any, generator: Generator, size: int, row: int) -> Place | None:
    """The place of an example in the thinned text; None for GloVe, whose pairs stand in many places.

    generator: the one from which its batch of `size` examples is drawn.
    """
    if isinstance(task, Glove):
        return None
    assert isinstance(task, SampledTask)
    places, distances, _ = task.places("trained", size, generator)
    place, distance = int(places[row]), int(distances[row])
    start = max(0, place - AROUND)
    words = task.vocabulary.show(task.data[start : place + AROUND + 1].tolist())
    true = place if isinstance(task, Cbow) else place + distance
    near = list(range(place - task.window - start, place + task.window + 1 - start))
    read = [i for i in near if i != place - start] if isinstance(task, Cbow) else [place - start]
    return Place(words, read, true - start, distance)

"""One training pair explained: its words where they stand, its scores, its loss, and how its step moves the vectors.

B batch, I words read, J words scored (the true one first), C width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor

from explorer.objective import IGNORE, WeightedSquares
from explorer.randomness import stream
from explorer.runs.answer import Answer
from explorer.runs.views import xray
from explorer.runs.views.restored import Progress
from explorer.runs.views.words import task_of
from explorer.tasks.base import Batch
from explorer.tasks.words import Cbow, Glove, SampledTask
from explorer.trace import copied
from explorer.xray import Film
from models.word_vectors import nearness

AROUND = 9  # words told on each side of the place


def pair(path: str, step: int, row: int = 0, progress: Progress = None) -> Answer:
    """Example `row` of the batch of the step taken from the weights at `step`, or where training ended of the last.

    plain: step, taken (the step's index), row, batch (examples), kind, read (the words read, each with its weight),
    scored (a dict for each of J, see `explained`), loss (of the example), asked (targets of the whole batch), times
    (how often each scored word and each read word is in the batch), around (the place in the text), lr, coefficient (of
    clipping). Arrays: vectors (1 + J, C), that which is scored and those that it is scored with; moved (1 + J, C), how
    the step changed them.
    ValueError where there is no such example.
    """
    film = xray.film_at(path, xray.taken(path, step), progress)
    training, at = film.training, film.step.index
    task = task_of(training)
    batch = training.batch(at)
    if not 0 <= row < len(batch.tokens):
        raise ValueError(f"the batch has examples 0 to {len(batch.tokens) - 1} and not {row}; choose one of them")
    read, weights = reading(task, batch, row)
    scored = batch.source[row].tolist() if batch.source is not None else []
    vectors = looked_at(film.before, read, weights, scored)
    moved = looked_at(film.after, read, weights, scored) - vectors
    plain = {
        "step": step,
        "taken": at,
        "row": row,
        "batch": len(batch.tokens),
        "kind": training.config.model.kind,
        "read": [
            {"word": task.vocabulary.symbols[t], "weight": w} for t, w in zip(read, weights.tolist(), strict=True)
        ],
        "asked": batch.asked,
        "lr": film.step.lr,
        "coefficient": film.step.clipped_grad_norm / max(film.step.grad_norm, 1e-300),
        "around": around(task, training.config.train.seed, training.config.train.batch, at, row),
        "times": int((batch.tokens == read[0]).sum()),
    }
    rows = explained(film, task.objective, batch, row, vectors, vectors + moved, read)
    for said, token in zip(rows, scored, strict=True):
        said |= {"word": task.vocabulary.symbols[token], "times": int((batch.source == token).sum())}
    plain |= {"scored": rows, "loss": sum(said["loss"] for said in rows) / max(1, sum(said["asked"] for said in rows))}
    return plain, {"vectors": vectors.astype(np.float32), "moved": moved.astype(np.float32)}


def reading(task: Any, batch: Batch, row: int) -> tuple[list[int], np.ndarray]:
    """The words read (I), and what each weighs in the vector that is scored (I,)."""
    read = batch.tokens[row].tolist()
    weights = copied(nearness(task.window)).astype(np.float64) if isinstance(task, Cbow) else np.ones(1)
    return read, weights


def looked_at(weights: dict[str, Tensor], read: list[int], share: np.ndarray, scored: list[int]) -> np.ndarray:
    """The vector that is scored and those it is scored with, (1 + J, C), in float64."""
    embedding, context = (copied(weights[f"{name}.weight"]).astype(np.float64) for name in ("embedding", "context"))
    return np.concatenate([(share[:, None] * embedding[read]).sum(0, keepdims=True), context[scored]])


def explained(
    film: Film, objective: Any, batch: Batch, row: int, before: np.ndarray, after: np.ndarray, read: list[int]
) -> list[dict[str, Any]]:
    """What each scored word contributes: score u · v, whether it is asked for, its own loss, pull (∂ of that loss by
    the score), pulled (length of this pair's gradient on u, as its share of the batch's mean), then (the score after
    the step), and what `told_from_noise` or `counted` know besides."""
    assert batch.source is not None
    scores, later = before[1:] @ before[0], after[1:] @ after[0]
    targets = copied(batch.targets[row]).astype(np.float64)
    if isinstance(objective, WeightedSquares):
        rows = counted(film, objective, float(targets[0]), (read[0], int(batch.source[row, 0])), scores, later)
    else:
        rows = told_from_noise(targets, scores, later, film.training.config.train.label_smoothing)
    share = float(np.linalg.norm(before[0])) / batch.asked / film.training.config.train.accumulate
    return [
        {"score": float(score), "pulled": abs(said["pull"]) * share} | said
        for score, said in zip(scores, rows, strict=True)
    ]


def told_from_noise(
    targets: np.ndarray, scores: np.ndarray, later: np.ndarray, smoothing: float
) -> list[dict[str, Any]]:
    """Of negative sampling: target and p = σ(u · v). Smoothing pulls towards ε/2 and 1 − ε/2 instead of 0 and 1."""
    p = 1 / (1 + np.exp(-scores))
    asked = targets != IGNORE
    losses = np.where(asked, np.logaddexp(0, np.where(targets == 1, -scores, scores)), 0.0)
    pulls = np.where(asked, p - np.where(targets == 1, 1 - smoothing / 2, smoothing / 2), 0.0)
    return [
        {
            "target": int(t == 1),
            "p": float(q),
            "asked": bool(is_asked),
            "loss": float(loss),
            "pull": float(pull),
            "then": float(score),
        }
        for t, q, is_asked, loss, pull, score in zip(targets, p, asked, losses, pulls, later, strict=True)
    ]


def counted(
    film: Film, objective: WeightedSquares, x: float, words: tuple[int, int], scores: np.ndarray, later: np.ndarray
) -> list[dict[str, Any]]:
    """Of GloVe: x, its log, its weight f(x), both biases, and what is said of log x."""
    names = ("bias", "context_bias")
    biases, changed = (
        [float(weights[name][i]) for name, i in zip(names, words, strict=True)] for weights in (film.before, film.after)
    )
    weight = min(1.0, x / objective.x_max) ** objective.alpha
    said = float(scores[0]) + sum(biases)
    error = said - math.log(x)
    told = {"x": x, "log": math.log(x), "weight": weight, "bias": biases[0], "other": biases[1], "said": said}
    pulled = {"asked": True, "loss": weight * error**2, "pull": 2 * weight * error}
    return [told | pulled | {"then": float(later[0]) + sum(changed)}]


def around(task: Any, seed: int, size: int, step: int, row: int) -> dict[str, Any] | None:
    """Where the example stands in the thinned text: words, the place read, the place of the true word or gap."""
    if isinstance(task, Glove):
        return None
    assert isinstance(task, SampledTask)
    places, distances, _ = task.places("trained", size, stream(seed, "batch", step, 0))
    place, distance = int(places[row]), int(distances[row])
    start = max(0, place - AROUND)
    words = task.vocabulary.show(task.data[start : place + AROUND + 1].tolist())
    true = place if isinstance(task, Cbow) else place + distance
    near = list(range(place - task.window - start, place + task.window + 1 - start))
    read = [i for i in near if i != place - start] if isinstance(task, Cbow) else [place - start]
    return {"words": words, "read": read, "true": true - start, "distance": distance}

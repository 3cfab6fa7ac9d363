"""Telling apart: every held-out text's class, and one text's, with where the class token looks."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.answers.records.reading.telling import Confusion, Mistake, Verdict
from explorer.runs.restored import Progress, training_at
from explorer.tasks.telling import CLASS, Telling
from explorer.trace import copied, evaluating, watching
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.attention import patterned

NEEDS = ("logits", "attention")  # parts of the model
TEXTS, ROWS = 600, 200  # classified, and at once
LISTED = 40  # mistakes


def teller(path: str, step: int, progress: Progress) -> tuple[Training, Telling]:
    """The training at a step and its task. ValueError if that tells nothing apart."""
    training = training_at(path, step, progress, needs=NEEDS)
    if not isinstance(training.task, Telling):
        raise ValueError("this task tells no texts apart; look at which-language")
    return training, training.task


@torch.no_grad()
def class_chances(training: Training, task: Telling, which: Tensor) -> np.ndarray:
    """p (N, C) of each class for texts by their numbers (N,)."""
    parts = []
    with numerics(training.config), evaluating(training.model):
        for some in which.split(ROWS):
            batch = task.arrange(some).to(training.device)
            p = training.model(batch.tokens, None)[:, 0].softmax(-1)
            parts.append(copied(p[:, CLASS + 1 : task.first]))
    return np.concatenate(parts)


def spread(which: Tensor) -> Tensor:
    """At most TEXTS of these, evenly spread."""
    count = min(TEXTS, len(which))
    return which[torch.linspace(0, len(which) - 1, count).long()]


def confusion(path: str, step: int, progress: Progress = None) -> Confusion:
    """How the held-out texts are classified, beside always saying the most frequent class."""
    training, task = teller(path, step, progress)
    which = spread(task.splits["held out"])
    p, labels = class_chances(training, task, which), task.labels[which].numpy()
    answers = p.argmax(1)
    counts = np.zeros((len(task.classes), len(task.classes)))
    np.add.at(counts, (labels, answers), 1)
    seen = spread(task.splits["trained"])
    taught = class_chances(training, task, seen).argmax(1) == task.taught[seen].numpy()
    wrong = sorted(np.flatnonzero(answers != labels), key=lambda i: -p[i, answers[i]])[:LISTED]
    return Confusion(
        step=step,
        classes=list(task.classes),
        counts=counts,
        right=float((answers == labels).mean()),
        majority=float((labels == task.majority).mean()),
        most=task.classes[task.majority],
        taught=float(taught.mean()),
        mistakes=[
            Mistake(
                task.texts[int(which[i])], task.classes[labels[i]], task.classes[answers[i]], float(p[i, answers[i]])
            )
            for i in wrong
        ],
        of=len(task.splits["held out"]),
    )


@torch.no_grad()
def verdict(path: str, step: int, text: str | None = None, progress: Progress = None) -> Verdict:
    """The class of a visitor's text, or of the first held-out one."""
    training, task = teller(path, step, progress)
    text = task.texts[int(task.splits["held out"][0])] if text is None else " ".join(text.split())
    whole = task.whole(text)
    tokens = whole[:, : task.length].to(training.device)
    heads, rows = [], []
    with (
        numerics(training.config),
        evaluating(training.model),
        watching(training.model, lambda name: name.endswith(".pattern")) as seen,
    ):
        p = training.model(tokens, None)[0, 0].softmax(-1)
        for name in patterned(training.model):
            pattern = seen[f"{name}.pattern"][0, :, 0]  # (H, T), the class token's row
            heads += [f"{name}.{head}" for head in range(len(pattern))]
            rows.append(copied(pattern))
    number = task.texts.index(text) if text in task.texts else None
    return Verdict(
        step=step,
        text=text,
        tokens=task.vocabulary.show(tokens[0]),
        classes=list(task.classes),
        p=copied(p[CLASS + 1 : task.first]),
        cut=whole.shape[1] - tokens.shape[1],
        right="" if number is None else task.classes[int(task.labels[number])],
        heads=heads,
        attention=np.concatenate(rows),
    )

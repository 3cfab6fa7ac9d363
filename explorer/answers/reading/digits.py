"""Digits: the word written for one picture with its attention to the patches, and all held-out ones counted."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.answers.records.reading.digits import Readings, Written
from explorer.runs.restored import Progress, training_at
from explorer.tasks.answering import END, START
from explorer.tasks.digits import LONGEST, PATCH, WORDS, Digits, pixels
from explorer.trace import copied, evaluating, watching, whole
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.attention import patterned

NEEDS = ("logits", "cross-attention")  # parts of the model
NO_WORD = "no such word"


def reader(path: str, step: int, progress: Progress) -> tuple[Training, Digits]:
    """The training at a step and its task. ValueError if that is about no pictures."""
    training = training_at(path, step, progress, needs=NEEDS)
    if not isinstance(training.task, Digits):
        raise ValueError("this task has no pictures to read; look at digits")
    return training, training.task


def written_tokens(training: Training, sources: Tensor) -> Tensor:
    """What the model writes for each picture (N, S): START and the likeliest token each time, (N, 1 + LONGEST)."""
    tokens = sources.new_full((len(sources), 1), START)
    for _ in range(LONGEST):
        best = training.model(tokens, sources)[:, -1].argmax(-1)
        tokens = torch.cat([tokens, best[:, None]], 1)
    return tokens


def word(task: Digits, tokens: list[int]) -> str:
    """What was written before the end."""
    return task.readable(tokens[: tokens.index(END)] if END in tokens else tokens)


@torch.no_grad()
def written(path: str, step: int, picture: int | None = None, progress: Progress = None) -> Written:
    """The word for one picture, by its number; the first held-out one where none is given."""
    training, task = reader(path, step, progress)
    count = len(task.digits)
    picture = int(task.splits["held out"][0]) if picture is None else picture
    if not 0 <= picture < count:
        raise ValueError(f"there is no picture {picture}; use 0 to {count - 1}")
    source = task.sources[[picture]].to(training.device)
    names = [name for name in patterned(training.model) if name.endswith(".cross")]
    with numerics(training.config), evaluating(training.model):
        tokens = written_tokens(training, source)
        letters = tokens[0, 1:].tolist()
        T = letters.index(END) + 1 if END in letters else LONGEST
        with watching(training.model, lambda name: name.endswith(".cross.pattern")) as seen:
            p = training.model(tokens[:, :T], source)[0].softmax(-1).gather(1, tokens[0, 1 : T + 1, None])[:, 0]
            patterns = [copied(pattern[0]) for pattern in whole(training.model, seen).values()]  # (H, T, S) each
    return Written(
        step=step,
        picture=picture,
        pictures=count,
        shades=copied(pixels(task.sources[[picture]] - PATCH)[0]),
        letters=task.vocabulary.show(letters[:T]),
        p=copied(p),
        right=WORDS[int(task.digits[picture])],
        heads=[f"{name}.{head}" for name, pattern in zip(names, patterns, strict=True) for head in range(len(pattern))],
        attention=np.concatenate(patterns),
    )


@torch.no_grad()
def readings(path: str, step: int, progress: Progress = None) -> Readings:
    """The words for all held-out pictures."""
    training, task = reader(path, step, progress)
    which = task.splits["held out"]
    with numerics(training.config), evaluating(training.model):
        tokens = written_tokens(training, task.sources[which].to(training.device))[:, 1:].tolist()
    letters = [word(task, row) for row in tokens]
    digits = task.digits[which].tolist()
    counts = np.zeros((len(WORDS), len(WORDS) + 1))
    for digit, one in zip(digits, letters, strict=True):
        counts[digit, WORDS.index(one) if one in WORDS else len(WORDS)] += 1
    wrong = [(int(i), one) for i, digit, one in zip(which, digits, letters, strict=True) if one != WORDS[digit]]
    return Readings(step, [*WORDS, NO_WORD], counts, 1 - len(wrong) / len(which), wrong)

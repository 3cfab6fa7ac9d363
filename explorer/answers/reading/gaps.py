"""Gaps: what a model says at places of a text, from both sides or, as its causal twin, from the left alone."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from explorer.analysis import masking
from explorer.answers.records.reading.gaps import Gap, GapScore, Surprisals
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.text import TextTask
from explorer.trace import copied, evaluating
from explorer.training.device import numerics
from explorer.training.loop import Training

NEEDS = ("logits",)  # parts of the model
WINDOWS, EACH = 16, 16  # stretches of held-out text that are scored, and gaps in each


def reader(path: str, step: int, progress: Progress) -> tuple[Training, TextTask, int | None]:
    """The training at a step, its task, and the token that hides one. ValueError if the task is on no text."""
    training = training_at(path, step, progress, needs=NEEDS)
    task = training.task
    if not isinstance(task, TextTask):
        raise ValueError("this task has no text to hide tokens of; look at fill-shakespeare")
    return training, task, task.mask if task.reads == "in place" else None


def text_of(training: Training, task: TextTask, text: str | None) -> Tensor:
    """A visitor's text, or the probe of the task, in tokens (1, T)."""
    return task.unhidden(chosen_input(training, text))


def surprisals(path: str, step: int, text: str | None = None, progress: Progress = None) -> Surprisals:
    """How much each token of a text surprises the model: of one that hides them, given all others."""
    training, task, mask = reader(path, step, progress)
    tokens = text_of(training, task, text)
    with numerics(training.config), evaluating(training.model):
        nats = copied(masking.surprisals(training.model, tokens, mask)).astype(np.float64)
    return Surprisals(
        step=step,
        tokens=task.vocabulary.show(tokens[0]),
        bits=nats / math.log(2),
        perplexity=float(np.exp(np.nanmean(nats))),
        text=task.readable(tokens[0]),
    )


def gap(
    path: str,
    step: int,
    text: str | None = None,
    masked: tuple[int, ...] = (0,),
    at: int = 0,
    progress: Progress = None,
) -> Gap:
    """What the model says at place `at` of a text with gaps at `masked`."""
    training, task, mask = reader(path, step, progress)
    tokens = text_of(training, task, text)
    count = tokens.shape[1]
    if wrong := [place for place in (*masked, at) if not 0 <= place < count]:
        raise ValueError(f"there is no token {wrong[0]} to hide; the text has {count}, from 0 to {count - 1}")
    with numerics(training.config), evaluating(training.model):
        p, read = masking.at_gap(training.model, tokens, masked, at, mask)
    show = task.vocabulary.show
    return Gap(step, at, list(task.vocabulary.symbols), copied(p), show(tokens[0, [at]])[0], show(read[0]))


def score(path: str, step: int, progress: Progress = None) -> GapScore:
    """How often the model is right at held-out gaps, which are the same for every model on the same text."""
    training, task, mask = reader(path, step, progress)
    generator = torch.Generator().manual_seed(20_19)
    texts = task.windows("held out", WINDOWS, generator)[:, :-1]
    order = torch.rand(WINDOWS, task.length - 1, generator=generator)
    places = 1 + order.topk(min(EACH, task.length - 1)).indices  # the first has no left side
    texts, places = texts.to(training.device), places.to(training.device)
    with numerics(training.config), evaluating(training.model):
        logits = masking.gap_logits(training.model, texts, places, mask)
    hidden = texts.gather(1, places)
    nats = -logits.log_softmax(-1).gather(2, hidden[..., None])
    right = (logits.argmax(-1) == hidden).float()
    return GapScore(step, float(right.mean()), float(nats.mean()), hidden.numel())

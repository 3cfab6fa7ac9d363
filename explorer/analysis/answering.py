"""Answering: what a model says to many examples at once, the likeliest token each time, and how likely the right is.

B batch, T position, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from explorer.tasks.base import IGNORE, Batch, Task
from explorer.trace import evaluating, token_losses
from models.cache import cache_of

AT_ONCE = 50  # examples


def parts(batch: Batch, size: int = AT_ONCE) -> Iterator[Batch]:
    """The same examples, some at a time."""
    sources = [None] * len(batch.tokens) if batch.source is None else batch.source.split(size)
    for tokens, targets, source in zip(batch.tokens.split(size), batch.targets.split(size), sources, strict=False):
        yield Batch(tokens, targets, source)


def right_answers(batch: Batch) -> list[list[int]]:
    """The right tokens of each example."""
    return [row[row != IGNORE].tolist() for row in batch.targets]


def inputs(batch: Batch, in_place: bool) -> list[list[int]]:
    """What each example gives to read: the source, or what stands before the token that asks for the answer.

    in_place: the model answers where it reads, so that all of it is input.
    """
    if batch.source is not None or in_place:
        return (batch.tokens if batch.source is None else batch.source).tolist()
    first = (batch.targets != IGNORE).int().argmax(1).tolist()
    return [row[:at] for row, at in zip(batch.tokens.tolist(), first, strict=True)]


@torch.no_grad()
def losses(model: nn.Module, batch: Batch) -> Tensor:
    """The nats of each example's right answer after the right tokens before each, (B,), float64."""
    with evaluating(model):
        return token_losses(model(batch.tokens, batch.source), batch.targets).double().sum(1)


@torch.no_grad()
def in_place(model: nn.Module, batch: Batch) -> list[list[int]]:
    """The likeliest token at each place that is asked about, where no answer is read again."""
    with evaluating(model):
        best = model(batch.tokens, batch.source).argmax(-1)
    return [tokens[row != IGNORE].tolist() for tokens, row in zip(best, batch.targets, strict=True)]


@torch.no_grad()
def greedy(model: nn.Module, task: Task, batch: Batch, context: int) -> list[list[int]]:
    """What the model writes to each example, reading its own tokens: up to the token that ends an answer, with it.

    context: the most tokens that the model reads. All examples go on together, each from where its answer begins.
    """
    opening = task.opening()
    assert opening.length is not None, "a text without an end is no answer"
    begins = (batch.targets != IGNORE).int().argmax(1) + 1  # (B,): tokens that are given
    width = min(context, int(begins.max()) + opening.length - 1)
    tokens = batch.tokens.new_zeros(len(batch.tokens), width)
    given = min(width, batch.tokens.shape[1])
    tokens[:, :given] = batch.tokens[:, :given]
    answers: list[list[int]] = [[] for _ in batch.tokens]
    cache, read = cache_of(model), 0
    with evaluating(model):
        for t in range(int(begins.min()), width + 1):  # the token at t is written now
            if cache is None:
                logits = model(tokens[:, :t], batch.source)
            else:
                logits = model(tokens[:, read:t], batch.source, cache)
            best, read, going = logits[:, -1].argmax(-1), t, False
            for answer, token, begin in zip(answers, best.tolist(), begins.tolist(), strict=True):
                if t >= begin and len(answer) < opening.length and (not answer or answer[-1] != opening.end):
                    answer.append(token)
                going |= len(answer) < opening.length and (not answer or answer[-1] != opening.end)
            if not going:
                break
            if t < width:
                tokens[:, t] = torch.where(begins <= t, best, tokens[:, t])
    return answers

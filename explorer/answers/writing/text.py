"""What a model says next, and a text that it writes token after token."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import torch

from explorer.analysis import writing
from explorer.analysis.attribution import attribution
from explorer.answers.records.writing import NextToken, Text, Why
from explorer.measure.sampling import ORDERS, USUAL, checked
from explorer.runs.restored import Progress, training_at
from explorer.runs.run import Run
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.randomness import stream
from models.families import kind_of

NEEDS = ("logits",)  # parts of the model
LEADING = 12  # tokens offered at each place
MOST = 512  # tokens written at once


def writer(path: str, step: int, progress: Progress) -> Training:
    """The training at a step. ValueError where its model fills gaps instead of writing on."""
    training = training_at(path, step, progress, needs=NEEDS)
    kind = training.config.model.kind
    if kind_of(training.config.model).reads == "in place":
        raise ValueError(f"model.kind={kind} answers all places at once and does not write on; look at a decoder")
    return training


def next_token(path: str, step: int, text: str | None = None, progress: Progress = None) -> NextToken:
    """The logits of what comes after a text, or after the task's own prompt or example."""
    training = writer(path, step, progress)
    task, context = training.task, training.config.model.context
    opening = task.opening(text)
    tokens = opening.tokens.to(training.device)
    source = None if opening.source is None else opening.source.to(training.device)
    with numerics(training.config):
        logits = writing.logits_after(training.model, tokens, source, context)
    read = tokens[0, -context:]
    return NextToken(
        step=step,
        source="" if opening.source is None else task.readable(opening.source[0]),
        tokens=task.vocabulary.show(read),
        cut=tokens.shape[1] - len(read),
        seen=tokens[0].cpu().numpy(),
        symbols=list(task.vocabulary.symbols),
        logits=logits.astype(np.float32),
    )


def text(
    path: str,
    step: int,
    text: str | None = None,
    length: int = 80,
    repetition: float = 1.0,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    order: str = USUAL,
    seed: int = 0,
    forced: tuple[tuple[int, int], ...] = (),
    progress: Progress = None,
) -> Text:
    """A text that the model writes on after the input.

    length: of tokens; an answer ends where the task's ends.   forced: places after the prompt, and the tokens there.
    """
    if not 1 <= length <= MOST:
        raise ValueError(f"length={length} is out of range; use 1 to {MOST}")
    training = writer(path, step, progress)
    task, symbols = training.task, training.task.vocabulary.symbols
    for place, token in forced:
        if not (0 <= place < length and 0 <= token < len(symbols)):
            raise ValueError(f"there is no token {token} to write at place {place}; choose one that is offered")
    opening = task.opening(text)
    settings = {
        "repetition": repetition,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
    }
    with numerics(training.config):
        going = writing.write(
            training.model,
            opening.tokens.to(training.device),
            training.config.model.context,
            stream(seed, "writing"),
            settings,
            tuple(order.split()) if order not in ORDERS else ORDERS[order],
            dict(forced),
            None if opening.source is None else opening.source.to(training.device),
        )
        written = []
        for one in islice(going, length if opening.length is None else min(length, opening.length)):
            written.append(one)
            if one.token == opening.end:
                break
    numbers = np.array([one.token for one in written])
    leading = np.array([np.argsort(-one.p, kind="stable")[:LEADING] for one in written])
    readable = task.readable(numbers.tolist())
    return Text(
        step=step,
        prompt=task.vocabulary.show(opening.tokens[0]),
        tokens=task.vocabulary.show(numbers.tolist()),
        numbers=numbers,
        bits=np.array([one.bits for one in written]),
        rank=np.array([one.rank for one in written]),
        leading=leading,
        p=np.array([one.p[best] for one, best in zip(written, leading, strict=True)]),
        sampled=np.array([one.sampled[best] for one, best in zip(written, leading, strict=True)]),
        forced=[place for place, _ in forced if place < len(written)],
        symbols=list(symbols),
        prompt_text=task.readable((opening.tokens if opening.source is None else opening.source)[0]),
        text=readable,
        verdict=task.verdict(readable),
    )


def why(path: str, step: int, text: str | None = None, said: tuple[int, ...] = (0,), progress: Progress = None) -> Why:
    """Which input tokens made a written token likely. said: what was written, up to that token and with it."""
    training = writer(path, step, progress)
    task, symbols = training.task, training.task.vocabulary.symbols
    if not said or not all(0 <= token < len(symbols) for token in said):
        raise ValueError("these are no tokens of the text; click one again")
    opening = task.opening(text)
    before = torch.cat([opening.tokens, torch.tensor([said[:-1]], dtype=torch.long)], 1)
    tokens = before[:, -training.config.model.context :].to(training.device)
    source = None if opening.source is None else opening.source.to(training.device)
    stacks = kind_of(training.config.model).stacks
    with numerics(training.config):
        log_p, gradient, ablation = attribution(training.model, stacks, tokens, source, said[-1])
    read = ([] if source is None else task.vocabulary.show(source[0])) + task.vocabulary.show(tokens[0])
    return Why(step, read, symbols[said[-1]], log_p, gradient, ablation)


def write(
    run: Run,
    prompt: str | None = None,
    length: int = 200,
    *,
    step: int | None = None,
    seed: int = 0,
    order: str = USUAL,
    **settings: float,
) -> Text:
    """What a run's model writes on after a prompt, or answers to it; `.text` is the text itself.

    prompt: the task's own if not given.   length: tokens at most, 1 to 512; an answer ends where the task's
    ends.   step: of the weights; the newest if not given.   seed: the same one writes the same text.   order: of the
    stages, a name in `measure.sampling.ORDERS` or all stages with spaces between.   settings: of the stages, by name:
    `temperature=0.7, top_p=0.9`.

    The returned `Text` has for each of its N tokens `bits` (N,), the surprisal −log₂ p by the model's own p, and `rank`
    (N,). ValueError names what the model does not know, a setting that is out of range or no stage, and a model that
    does not write or has diverged.
    """
    values: dict[str, Any] = checked(settings)
    values["top_k"] = int(values["top_k"])
    at = run.last if step is None else step
    return text(str(run.path), at, prompt, length, order=order, seed=seed, **values)

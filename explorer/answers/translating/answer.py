"""One input answered, by itself or with a beginning, a token or a row of attention put by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from explorer.analysis import translating
from explorer.answers.records.translating.answer import Translation
from explorer.measure.names import plural
from explorer.measure.symbols import by_code
from explorer.runs.restored import Progress, training_at
from explorer.tasks.base import IGNORE, Batch, Opening, Task
from explorer.training.device import numerics
from explorer.training.loop import Training

NEEDS = ("logits",)  # parts of the model
LEADING = 8  # tokens offered at each place


def answering(path: str, step: int, progress: Progress) -> Training:
    """The training at a step. ValueError where its model writes on without end, or answers all at once."""
    training = training_at(path, step, progress, needs=NEEDS)
    if training.task.prompt is not None:
        raise ValueError("this run writes on without end and answers nothing; look at one that translates or sorts")
    if not training.config.reads_its_answer:
        raise ValueError("this run answers all places at once, so nothing it writes is read again; look at a decoder")
    return training


def opening_of(task: Task, text: str | None) -> tuple[Opening, Batch]:
    """What an answer begins with, and the same with the right answer."""
    return task.opening(text), task.probe() if text is None else task.encode(text)


def on(opening: Opening, device: torch.device) -> Opening:
    """The same on a device."""
    source = None if opening.source is None else opening.source.to(device)
    return replace(opening, tokens=opening.tokens.to(device), source=source)


def begun(task: Task, text: str) -> list[int]:
    """The tokens of a beginning that somebody typed. ValueError names what the model does not know."""
    symbols = task.vocabulary.symbols
    single = [symbol for symbol in symbols if len(symbol) == 1]
    pieces = list(text) if len(single) == len(symbols) else text.split()
    if " " not in symbols:
        pieces = [piece for piece in pieces if not piece.isspace()]
    unknown = sorted(set(pieces) - set(symbols))
    if unknown:
        names = by_code(", ".join(unknown[:12]))
        raise ValueError(f"the model does not know {names}; begin the answer as it writes answers")
    return [symbols.index(piece) for piece in pieces]


def answer(
    path: str,
    step: int,
    text: str | None = None,
    begin: str = "",
    forced: tuple[tuple[int, int], ...] = (),
    head: str = "",
    place: int = 0,
    key: int = -1,
    progress: Progress = None,
) -> Translation:
    """What the model answers to an input.

    begin: how the answer begins, as text.   forced: places in the answer, and the tokens put there.   head, place, key:
    a head that at this place of the answer reads this token of the source alone; −1: it reads as it does.
    """
    training = answering(path, step, progress)
    task, symbols = training.task, training.task.vocabulary.symbols
    opening, batch = opening_of(task, text)
    start = opening.tokens.shape[1] - 1
    source = batch.tokens[0, :start] if batch.source is None else batch.source[0]
    assert opening.length is not None
    fixed = dict(enumerate(begun(task, begin))) | dict(forced)
    for at, token in fixed.items():
        if not (0 <= at < opening.length and 0 <= token < len(symbols)):
            raise ValueError(
                f"an answer has {opening.length} place{plural(opening.length)} at most; put fewer tokens there"
            )
    heads = [
        f"{path}.{h}"
        for path, n in translating.readers(training.model, batch.source is not None).items()
        for h in range(n)
    ]
    row = None
    if key >= 0:
        if head not in heads or key >= len(source) or not 0 <= place < opening.length:
            raise ValueError("there is no such head, place or token of the source; choose one that is shown")
        module, _, number = head.rpartition(".")
        row = translating.Row(module, int(number), start + place, key)
    with numerics(training.config):
        written = translating.write(training.model, on(opening, training.device), fixed, row)
    leading = np.argsort(-written.p, axis=1, kind="stable")[:, :LEADING]
    return Translation(
        step=step,
        read=task.readable(source),
        source=task.vocabulary.show(source),
        text=task.readable(written.tokens),
        tokens=task.vocabulary.show(written.tokens),
        numbers=written.tokens,
        p=written.p[np.arange(len(written.tokens)), written.tokens],
        leading=leading,
        chances=np.take_along_axis(written.p, leading, 1),
        symbols=list(symbols),
        heads=heads,
        patterns=written.patterns[:, :, : len(source)].astype(np.float32),
        right=task.readable(batch.targets[0][batch.targets[0] != IGNORE]),
        gold=gold(task, batch, written.tokens, len(source)),
        aligned=task.links(batch) is not None,
        forced=sorted(fixed),
    )


def gold(task: Task, batch: Batch, tokens: list[int], sources: int) -> np.ndarray | None:
    """The task's links of an answer, (N, S); None where it is not the right one, or the task has none."""
    alignment = task.links(batch)
    places = (batch.targets[0] != IGNORE).nonzero()[:, 0]
    if alignment is None or batch.targets[0, places].tolist() != tokens:
        return None
    links: torch.Tensor = alignment[0, places, :sources]
    return links.cpu().numpy()

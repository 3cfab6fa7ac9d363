"""Through the layers: what the residual stream predicts on its way to the logits, and each component's contribution.

J junctions of the stream, T position, V vocabulary. The stack is the one that reaches the logits: in an encoder-decoder
the decoder.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from explorer.analysis import lens as measure
from explorer.answers.records.lens import Attribution, Lens
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from explorer.training.device import numerics

NEEDS = ("residual stream", "logits")  # parts of the model


def lens(path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None) -> Lens:
    """What the model would predict if it stopped at each junction, and the length of the stream there."""
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    names = measure.junctions(training.model)
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=False, wanted=set(names).__contains__)
        log_p = measure.logit_lens(training.model, trace)
    reading = measure.reading(log_p, trace.targets[0])
    vocabulary = training.task.vocabulary
    return Lens(
        step=step,
        junctions=names,
        stack=measure.prefix_of(training.model),
        targets=["" if t == IGNORE else vocabulary.symbols[t] for t in trace.targets[0]],
        top=[[vocabulary.show(best) for best in row] for row in reading.top.tolist()],
        vocabulary=list(vocabulary.symbols),
        tokens=vocabulary.show(batch.tokens[0]),
        source=None if batch.source is None else vocabulary.show(batch.source[0]),
        top_p=reading.top_p,
        p=reading.p,
        rank=reading.rank,
        norms=measure.stream_norms(trace, names),
    )


def attribution(
    path: str,
    step: int,
    position: int,
    a: int | None = None,
    b: int | Literal["mean"] | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Attribution:
    """Direct logit attribution of token `a` over token `b` at a position of the stack that reaches the logits.

    a: None is the target, or without one the most likely token.   b: None is the most likely token that is not a,
    "mean" the mean logit. ValueError if there is no such position or token.
    """
    training = training_at(path, step, progress, needs=NEEDS)
    batch = chosen_input(training, text, sample)
    symbols, length = training.task.vocabulary.symbols, batch.tokens.shape[1]
    if not 0 <= position < length:
        raise ValueError(f"this input has positions 0 to {length - 1} and not {position}; choose one of them")
    for token in (a, b):
        if isinstance(token, int) and not 0 <= token < len(symbols):
            raise ValueError(f"this model knows tokens 0 to {len(symbols) - 1} and not {token}; choose one of them")
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=False, wanted="logits".__eq__)
        logits, target = trace.values["logits"][0, position], int(trace.targets[0, position])
        guessed = a is None and target == IGNORE
        if a is None:
            a = int(logits.argmax()) if guessed else target
        other = None if b == "mean" else strongest_but(a, logits) if b is None else b
        result = measure.attribution(training.model, batch, position, a, other)
    return Attribution(
        step=step,
        position=position,
        guessed=guessed,
        a=symbols[a],
        b="" if other is None else symbols[other],
        names=list(result.parts),
        parts=np.array(list(result.parts.values())),
        precision=training.config.train.precision,
        difference=float(logits[a] - (logits.mean() if other is None else logits[other])),
    )


def strongest_but(token: int, logits: np.ndarray) -> int:
    """The most likely of all other tokens."""
    others = np.delete(np.arange(len(logits)), token)
    return int(others[logits[others].argmax()])

"""Through the layers: what the residual stream says on its way to the logits, and which component said it.

J junctions of the stream, T position, V vocabulary. The stack is the one that reaches the logits: of an
encoder-decoder the decoder's.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from explorer.device import numerics
from explorer.measure import lens as measure
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, tokens_of, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import observe


def lens(path: str, step: int, text: str | None = None, sample: int | None = None, progress: Progress = None) -> Answer:
    """What the model would say if it stopped at each junction, and how long the stream is there.

    plain: junctions by tap (J), targets as text (T), "" where nothing is asked, top as text (J, T, ≤3), stack
    (such as "decoder.", "" where there is only one) and the vocabulary as text (V).
    Arrays: top_p (J, T, ≤3), p and rank of the target (J, T), norms ‖x‖ (J, T), as in measure/lens.py.
    """
    training = training_at(path, step, progress)
    batch = chosen_input(training, text, sample)
    names = measure.junctions(training.model)
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=False, wanted=set(names).__contains__)
        log_p = measure.logit_lens(training.model, trace)
    reading = measure.reading(log_p, trace.targets[0])
    vocabulary = training.task.vocabulary
    plain = {
        "step": step,
        "junctions": names,
        "stack": measure.prefix_of(training.model),
        "targets": ["" if t == IGNORE else vocabulary.symbols[t] for t in trace.targets[0]],
        "top": [[vocabulary.show(best) for best in row] for row in reading.top.tolist()],
        "vocabulary": list(vocabulary.symbols),
    }
    arrays = {"top_p": reading.top_p, "p": reading.p, "rank": reading.rank}
    return plain | tokens_of(training, batch), arrays | {"norms": measure.stream_norms(trace, names)}


def attribution(
    path: str,
    step: int,
    position: int,
    a: int | None = None,
    b: int | Literal["mean"] | None = None,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Answer:
    """Direct logit attribution of token `a` over token `b` at a position of the stack that reaches the logits.

    a: None is the target, or where nothing is asked the most likely token.   b: None is the most likely token
    that is not a, "mean" the mean logit.
    plain: a and b as text (b "" for the mean), guessed: a is the most likely, parts by name, the precision it
    trains in, and own: the difference of the model's own logits. Arrays: parts, what each adds, in float64.
    ValueError where there is no such position or token.
    """
    training = training_at(path, step, progress)
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
        found = measure.attribution(training.model, batch, position, a, other)
    plain = {
        "step": step,
        "position": position,
        "guessed": guessed,
        "a": symbols[a],
        "b": "" if other is None else symbols[other],
        "parts": list(found.parts),
        "precision": training.config.train.precision,
        "own": float(logits[a] - (logits.mean() if other is None else logits[other])),
    }
    return plain, {"parts": np.array(list(found.parts.values()))}


def strongest_but(token: int, logits: np.ndarray) -> int:
    """The most likely of all other tokens."""
    others = np.delete(np.arange(len(logits)), token)
    return int(others[logits[others].argmax()])

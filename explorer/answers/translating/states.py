"""The decoder's state at a place of an answer, and the training examples in which it is in the most similar states.

N states, C width.
"""

from __future__ import annotations

import numpy as np

from explorer.analysis import translating
from explorer.answers.records.translating.answer import NearestStates, Neighbour
from explorer.answers.translating.answer import answering, begun, on, opening_of
from explorer.measure.names import plural
from explorer.runs.restored import Progress
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.randomness import stream
from models.families import kind_of

EXAMPLES, NEAREST = 256, 6  # training examples, and rows


def tap(training: Training) -> str:
    """The tap of the decoder's last states: the stream after its last block, or its last layer's hidden state."""
    model, stack = training.config.model, kind_of(training.config.model).stacks[-1]
    if training.config.has("residual stream"):
        return f"{stack}blocks.{model.layers - 1}.residual_out"
    taps = [name for name, _ in training.model.named_modules() if name.startswith(stack) and name.endswith(".hidden")]
    return taps[-1]


def nearest(
    path: str,
    step: int,
    text: str | None = None,
    begin: str = "",
    forced: tuple[tuple[int, int], ...] = (),
    place: int = 0,
    progress: Progress = None,
) -> NearestStates:
    """The states most like that from which the token at `place` of an answer is written, by their cosine.

    begin, forced: as `answer` takes them. The states compared are those of 256 training examples after the right
    tokens, at every place of their answers.
    """
    training = answering(path, step, progress)
    training.config.need("states")
    task, device, name = training.task, training.device, tap(training)
    opening, _ = opening_of(task, text)
    fixed = dict(enumerate(begun(task, begin))) | dict(forced)
    moved = on(opening, device)
    with numerics(training.config):
        written = translating.write(training.model, moved, fixed)
        if not 0 <= place < len(written.tokens):
            raise ValueError(
                f"the answer has {len(written.tokens)} place{plural(len(written.tokens))} and not {place + 1}; "
                "choose one of them"
            )
        here = translating.states(training.model, name, moved, written.tokens)[place]
        batch = task.batch(EXAMPLES, stream(0, "states of a decoder"))
        trace = observe(training.model, batch.to(device), gradients=False, wanted=name.__eq__)
    rows, columns = np.nonzero((batch.targets != IGNORE).numpy())
    states = trace.values[name][rows, columns].astype(np.float64)  # (N, C)
    cosine = states @ here / np.maximum(np.linalg.norm(states, axis=1) * np.linalg.norm(here), 1e-30)
    order = np.argsort(-cosine, kind="stable")[:NEAREST]
    token = written.tokens[place]
    return NearestStates(
        step=step,
        place=place,
        token=task.vocabulary.symbols[token],
        rows=[neighbour(training, batch, int(rows[n]), int(columns[n]), float(cosine[n])) for n in order],
        votes=int(sum(int(batch.targets[rows[n], columns[n]]) == token for n in order)),
        compared=len(states),
        examples=EXAMPLES,
        typical=float(cosine.mean()),
    )


def neighbour(training: Training, batch: Batch, row: int, column: int, cosine: float) -> Neighbour:
    """One place of a training example, with what stands around it."""
    task, targets = training.task, batch.targets[row]
    places = (targets != IGNORE).nonzero()[:, 0]
    at = int((places == column).nonzero()[0, 0])
    right = targets[places].tolist()
    source = batch.tokens[row, : int(places[0])] if batch.source is None else batch.source[row]
    return Neighbour(
        read=task.readable(source),
        before=task.readable(right[:at]),
        token=task.vocabulary.symbols[right[at]],
        after=task.readable(right[at + 1 :]),
        cosine=cosine,
    )

"""What the cells of a recurrent network follow: those that follow what tells a span, since when, and each by itself."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.recurrence import Followed, Found, Since
from explorer.answers.recurrence import layer_of
from explorer.config.quoting import quoted
from explorer.measure import following as measure
from explorer.measure.following import best_property, followers, least_figures, properties
from explorer.runs import snapshots
from explorer.runs.restored import Progress, chosen_input, opened, playback, training_at
from explorer.tasks.base import IGNORE, Batch, Task, Vocabulary
from explorer.trace import observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.recurrent import Cell

SNAPSHOTS = 50  # at which cells are followed over a run
OF_PROBE = 64  # examples, on half of which cells are chosen and on half measured
ELSEWHERE = 6  # of the half on which they are measured, shown token by token


def find(
    path: str,
    step: int,
    layer: int = 0,
    start: int = 0,
    end: int = 0,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> Found:
    """The cells that follow what holds from token `start` to `end` of an input. ValueError where there is no such span.

    On the first half of OF_PROBE examples of the probe cells are chosen, on the other they are measured.
    """
    training = training_at(path, step, progress, needs=("recurrent state",))
    prefix, module = layer_of(training, layer)
    batch, vocabulary = chosen_input(training, text, sample), training.task.vocabulary
    tokens, targets = in_words(vocabulary, batch)
    if not 0 <= start <= end < len(tokens[0]):
        last = len(tokens[0]) - 1
        raise ValueError(f"there is no span from {start} to {end} here; choose two tokens from 0 to {last}")
    what = best_property(properties(tokens, targets), start, end)
    state = keeping(module)
    holds = None if what is None else where(training.task, what)
    if what is None or holds is None:
        return Found(step, layer, tokens[0], what or "", 0.0, OF_PROBE, state, [])
    values = on_probe(training, prefix + state)
    if not np.isfinite(values).all():
        return Found(step, layer, tokens[0], what, float(holds.mean()), OF_PROBE, state, [], lost=True)
    best = followers(values, holds)
    here = standing(training, prefix + state, batch)[0, :, best[0].cell]
    shown = slice(OF_PROBE // 2, OF_PROBE // 2 + ELSEWHERE)
    return Found(
        step,
        layer,
        tokens[0],
        what,
        float(holds.mean()),
        OF_PROBE,
        state,
        best,
        best[0].is_on(here),
        [vocabulary.show(row) for row in training.task.probe(OF_PROBE).tokens[shown]],
        holds[shown],
        best[0].is_on(values[shown, :, best[0].cell]),
    )


def since(path: str, step: int, layer: int = 0, what: str = "", progress: Progress = None) -> Since:
    """How well each cell of a layer follows a property, named as `find` does, at the snapshots until `step`."""
    opened(path).config.need("recurrent state")
    first = playback(path).training
    prefix, module = layer_of(first, layer)
    tap = prefix + keeping(module)
    holds = where(first.task, what)
    if holds is None:
        raise ValueError(f"“{quoted(what)}” tells no tokens of the probe from others; choose another span")

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        return None if training is None else least_figures(on_probe(training, tap), holds)

    steps, least = snapshots.history(path, step, f"following {tap} {what}", measure, progress, SNAPSHOTS)
    return Since(step, layer, what, steps, least)


def followed(path: str, step: int, layer: int = 0, progress: Progress = None) -> Followed:
    """What each cell of a layer, counted from 0, follows best, whatever is looked for."""
    training = training_at(path, step, progress, needs=("recurrent state",))
    prefix, module = layer_of(training, layer)
    holds = properties(*in_words(training.task.vocabulary, training.task.probe(OF_PROBE)))
    values = on_probe(training, prefix + keeping(module))
    if not np.isfinite(values).all():
        nothing = values.shape[2]
        return Followed(step, layer, [""] * nothing, np.zeros(nothing), OF_PROBE)
    what, least = measure.followed(values, holds)
    return Followed(step, layer, what, least, OF_PROBE)


def keeping(module: Cell) -> str:
    """The tap of what a cell keeps: its cell state, or its hidden state where it has no other."""
    return "cell" if "cell" in dict(module.named_children()) else "hidden"


def where(task: Task, what: str) -> np.ndarray | None:
    """Where a property holds in OF_PROBE examples of the probe, (B, T); None if it is in none or in all."""
    return properties(*in_words(task.vocabulary, task.probe(OF_PROBE))).get(what)


def on_probe(training: Training, tap: str) -> np.ndarray:
    """What stands in a tap on OF_PROBE examples of the probe, (B, T, C)."""
    return standing(training, tap, training.task.probe(OF_PROBE).to(training.device))


def standing(training: Training, tap: str, batch: Batch) -> np.ndarray:
    """What stands in a tap on a batch, (B, T, C)."""
    with numerics(training.config):
        return observe(training.model, batch, False, tap.__eq__).values[tap]


def in_words(vocabulary: Vocabulary, batch: Batch) -> tuple[list[list[str]], list[list[str]]]:
    """Tokens and targets of a batch as text, "" where nothing is asked."""
    targets = [["" if t == IGNORE else vocabulary.show([t])[0] for t in row] for row in batch.targets.tolist()]
    return [vocabulary.show(row) for row in batch.tokens], targets

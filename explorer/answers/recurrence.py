"""Memory: gradient through time for every model with states, and what stands in the cells of a recurrent one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.cells import around
from explorer.analysis.cells import one_cell as worked
from explorer.analysis.differences import proof
from explorer.analysis.recurrence import of_states
from explorer.answers.records.recurrence import ByDelay, Cells, OneCell, ThroughTime, TimeProof
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.config.states import DECODER, States, states_of
from explorer.measure.names import listed
from explorer.measure.recurrence import memory_time, reach
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE
from explorer.tasks.memory import Delay
from explorer.trace import evaluating, observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.randomness import stream
from models.recurrent import Cell
from models.tap import Tap

DELAYS = (4, 8, 12, 16, 24, 32, 48, 64)
EXAMPLES = 128


def states_at(config: RunConfig, layer: int, name: str = DECODER) -> States:
    """The states of a model by their name in `states_of`. ValueError where there are none of it, or no such layer."""
    states = states_of(config)
    if name not in states:
        raise ValueError(f"this model has no states “{quoted(name)}”; choose {listed(list(states))}")
    if not 0 <= layer < config.model.layers:
        raise ValueError(f"this model has layers 1 to {config.model.layers} and not {layer + 1}; choose one of them")
    return states[name]


def layer_of(training: Training, layer: int) -> tuple[str, Cell]:
    """The path of a layer of cells, with its dot, and the layer. ValueError where there is no such layer."""
    prefix = states_at(training.config, layer).tap.format(layer).removesuffix("hidden")
    cell = training.model.get_submodule(prefix[:-1])
    assert isinstance(cell, Cell)
    return prefix, cell


def through_time(
    path: str,
    step: int,
    layer: int = 0,
    states: str = DECODER,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> ThroughTime:
    """What the loss of each prediction has from each earlier state of a layer, counted from 0.

    states: a name of `states_of`.
    """
    training = training_at(path, step, progress, needs=("logits",))
    chosen = states_at(training.config, layer, states)
    batch, vocabulary = chosen_input(training, text, sample), training.task.vocabulary
    with numerics(training.config):
        parts = of_states(training.model, batch, chosen, layer, training.task.objective, vocabulary.pad)
    sizes = lengths(parts.grads)
    direct = None if parts.direct is None else lengths(parts.direct)
    read = batch.tokens if chosen.order == "written" else batch.source
    assert read is not None
    return ThroughTime(
        step=step,
        tap=chosen.tap.format(layer),
        layer=layer,
        layers=training.config.model.layers,
        states=chosen.words,
        tokens=vocabulary.show(read[0, : parts.length]),
        targets=["" if t == IGNORE else vocabulary.show([t])[0] for t in batch.targets[0].tolist()],
        places=parts.places,
        sizes=sizes,
        reach=reach(sizes, parts.places, chosen.order),
        order=chosen.order,
        written=vocabulary.show(batch.tokens[0]),
        direct=direct,
        directly=None if direct is None else reach(direct, parts.places, chosen.order),
    )


def proved(
    path: str,
    step: int,
    position: int,
    layer: int = 0,
    states: str = DECODER,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> TimeProof:
    """The row of one prediction by finite differences, in float64: `differences.proof`. ValueError if none is there."""
    training = training_at(path, step, progress, needs=("logits",))
    chosen = states_at(training.config, layer, states)
    batch, objective = chosen_input(training, text, sample), training.task.objective
    places = (batch.targets[0] != IGNORE).nonzero()[:, 0].tolist()
    if position not in places:
        raise ValueError(f"nothing is asked at token {position}; choose a row of the triangle")
    with numerics(training.config):
        row = proof(training.model, batch, chosen, layer, objective, training.task.vocabulary.pad, position)
    return TimeProof(step=step, position=position, precision=training.config.train.precision, **row)


def lengths(grads: Tensor) -> np.ndarray:
    """Euclidean lengths of vectors, in float64."""
    sizes: np.ndarray = grads.double().norm(dim=2).cpu().numpy()
    return sizes


def cells(
    path: str, step: int, layer: int = 0, text: str | None = None, sample: int | None = None, progress: Progress = None
) -> Cells:
    """The states and gates of a layer, counted from 0, at every position of an input."""
    training = training_at(path, step, progress, needs=("recurrent state",))
    batch, (prefix, cell) = chosen_input(training, text, sample), layer_of(training, layer)
    taps = [f"{prefix}{name}" for name, child in cell.named_children() if isinstance(child, Tap)]
    with numerics(training.config):
        trace = observe(training.model, batch, gradients=False, wanted=taps.__contains__)
    values = {name.removeprefix(prefix): value[0] for name, value in trace.values.items()}  # (T, C)
    return Cells(
        step=step,
        kind=training.config.model.kind,
        layer=layer,
        layers=training.config.model.layers,
        tokens=training.task.vocabulary.show(batch.tokens[0]),
        names=list(values),
        values=np.stack(list(values.values())),
        memory=None if cell.KEEPING is None else memory_time(values[cell.KEEPING]),
        keeps=cell.KEEPING,
    )


@torch.no_grad()
def one_cell(
    path: str,
    step: int,
    layer: int = 0,
    cell: int = 0,
    at: int = 0,
    text: str | None = None,
    sample: int | None = None,
    progress: Progress = None,
) -> OneCell:
    """The arithmetic of a cell at a token, each counted from 0. ValueError where there is no such cell or token."""
    training = training_at(path, step, progress, needs=("recurrent state",))
    prefix, _ = layer_of(training, layer)
    batch, width = chosen_input(training, text, sample), training.config.model.width
    tokens = training.task.vocabulary.show(batch.tokens[0])
    for name, one, count in (("cell", cell, width), ("token", at, len(tokens))):
        if not 0 <= one < count:
            raise ValueError(f"there is no {name} {one} here; choose one from 0 to {count - 1}")
    lines = worked(training.model, batch, prefix, cell, at)
    with numerics(training.config):
        seen, numbers = around(training.model, batch, prefix, cell, at)
    return OneCell(
        step=step,
        layer=layer,
        cell=cell,
        at=at,
        token=tokens[at],
        before=tokens[at - 1] if at else None,
        lines=lines,
        own=[float(seen[line.tap]) for line in lines],
        **numbers,
        precision=training.config.train.precision,
    )


@torch.no_grad()
def by_delay(path: str, step: int, progress: Progress = None) -> ByDelay:
    """How much is right after each of DELAYS that the task has. ValueError for a task that asks after no delay."""
    training = training_at(path, step, progress, needs=("logits",))
    task = training.task
    if not isinstance(task, Delay):
        raise ValueError("this run is not asked after a delay; race the four on the Memory page")
    x = torch.randint(task.symbols, (EXAMPLES, task.n), generator=stream(0, "delays"))
    delays, right = [delay for delay in DELAYS if delay <= task.delay], []
    with numerics(training.config), evaluating(training.model):
        for delay in delays:
            batch = task.arrange(x, delay).to(training.device)
            hits = training.model(batch.tokens).argmax(-1) == batch.targets
            right.append(hits.sum().item() / x.numel())
    parameters = sum(parameter.numel() for parameter in training.model.parameters())
    return ByDelay(step, delays, right, task.chance, EXAMPLES, parameters)

"""Points of a map: a run's vectors at a step, and facts about each.

N points, C the width of their space, B batch, T position, H heads, D channels a head, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.answers.maps.token_facts import by_target, frequencies, mean_by, with_loss
from explorer.measure import projection
from explorer.measure.symbols import kind_of as symbol_kind
from explorer.runs.restored import chosen_input
from explorer.tasks.base import Batch, Task
from explorer.trace import Trace, copied, observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from models.families import kind_of
from models.positions import Positions

LIVE = 100  # contextual states on a live map
TOKENS = 500  # of a larger vocabulary the most frequent


@dataclass(frozen=True)
class Subject:
    """What a map is of: one of `choices`, at a layer (states) or of a head (queries-keys); text: in place of the probe.

    most: how many contextual states.
    """

    path: str
    what: str
    layer: int = 0
    head: str = ""
    text: str | None = None
    most: int = LIVE


@dataclass(frozen=True)
class Points:
    """vectors (N, C), and of each: label, kind, token, position, row of its sequence; −1 for none.

    kinds: those of measure/symbols.py, or position, query, key. frequency, loss (N,): how often training shows the
    token, as a share, and the loss of predicting it or at its position, in nats; NaN if undefined.   sequences: the
    probe's rows as text, of contextual states. left_out: the number not taken.
    """

    vectors: np.ndarray
    labels: list[str]
    kinds: list[str]
    token: np.ndarray
    position: np.ndarray
    row: np.ndarray
    frequency: np.ndarray
    loss: np.ndarray
    sequences: list[list[str]]
    left_out: int = 0


def choices(training: Training) -> dict[str, dict[str, list]]:
    """What can be mapped in this model: by name, the layers or the heads to choose from."""
    config, maps = training.config, dict[str, dict[str, list]]()
    stacks = kind_of(config.model).stacks
    if config.has("token embedding"):
        maps |= {f"{stack}input": {} for stack in stacks}
    if config.has("logits") or config.has("word vectors"):
        maps["output"] = {}
    if config.has("positions"):
        maps |= {f"{stack}positions": {} for stack in stacks if table_of(training, stack) is not None}
    if config.has("residual stream"):
        maps |= {f"{stack}states": {"layers": list(range(config.model.layers + 1))} for stack in stacks}
    if config.has("attention heads"):
        maps["queries-keys"] = {"heads": training.heads.names()}
    return maps


def table_of(training: Training, stack: str) -> Tensor | None:
    """The table that a stack adds to its embeddings, (T, C); None if positions get in otherwise or not at all."""
    positions = training.model.get_submodule(f"{stack}positions")
    assert isinstance(positions, Positions)
    return positions.embed(training.config.model.context)


def taken(training: Training, subject: Subject, with_losses: bool = True) -> Points:
    """The points of a map; their losses are NaN unless `with_losses`, which costs a forward pass.

    ValueError names what this model lacks, and what it has.
    """
    maps, what = choices(training), subject.what
    if what not in maps:
        raise ValueError(f"this model has no {what!r} to map; choose one of {', '.join(maps)}")
    if "heads" in maps[what] and subject.head not in maps[what]["heads"]:
        heads = maps[what]["heads"]
        raise ValueError(f"this model has no head {subject.head!r}; choose one from {heads[0]} to {heads[-1]}")
    if "layers" in maps[what] and subject.layer not in maps[what]["layers"]:
        last = maps[what]["layers"][-1]
        raise ValueError(f"this model has layers 0 to {last} and not {subject.layer}; choose one of them")
    with torch.no_grad(), numerics(training.config):
        points = of_kind(training, subject, with_losses)
    if not np.isfinite(points.vectors).all():
        raise ValueError(f"at step {training.step:,} these vectors are not finite any more; choose an earlier step")
    return points


def of_kind(training: Training, subject: Subject, with_losses: bool) -> Points:
    """The points of what there is."""
    stack, _, kind = subject.what.rpartition(".")
    stack = stack and f"{stack}."
    if kind == "positions":
        return of_positions(training, stack, with_losses)
    if kind == "states":
        return of_states(training, subject, stack)
    if kind == "queries-keys":
        return of_queries_and_keys(training, subject)
    return of_tokens(training, subject.path, stack, kind, with_losses)


def of_tokens(training: Training, path: str, stack: str, kind: str, with_losses: bool) -> Points:
    """Rows of a token embedding, or of the unembedding: the most frequent ones if there are many."""
    vocabulary = training.task.vocabulary
    words = training.config.has("word vectors")
    output = "context.weight" if words else "unembedding.weight"
    table = training.named[output if kind == "output" else f"{stack}embedding.weight"]
    shares = frequencies(path)["output" if kind == "output" else "source" if stack == "encoder." else "input"]
    chosen = np.sort(np.argsort(-shares, kind="stable")[:TOKENS])
    losses = by_target(training) if with_losses else np.full(len(vocabulary), np.nan)
    symbols = [vocabulary.symbols[t] for t in chosen]
    nowhere = np.full(len(chosen), -1)
    return Points(
        vectors=copied(table)[chosen].astype(np.float64),
        labels=symbols,
        kinds=["word" if words else symbol_kind(s) for s in symbols],
        token=chosen,
        position=nowhere,
        row=nowhere,
        frequency=shares[chosen],
        loss=losses[chosen],
        sequences=[],
        left_out=len(shares) - len(chosen),
    )


def of_positions(training: Training, stack: str, with_losses: bool) -> Points:
    """Rows of a position table; the loss is the mean at that position of the stack that reaches the logits."""
    table = table_of(training, stack)
    assert table is not None
    N = len(table)
    none = np.full(N, -1)
    losses = np.full(N, np.nan)
    if with_losses and stack != "encoder.":
        trace = with_loss(training)
        at = mean_by(np.arange(trace.tokens.shape[1])[None].repeat(len(trace.tokens), 0), trace.token_loss, N)
        losses[: len(at)] = at
    return Points(
        vectors=copied(table).astype(np.float64),
        labels=[str(t) for t in range(N)],
        kinds=["position"] * N,
        token=none,
        position=np.arange(N),
        row=none,
        frequency=np.full(N, np.nan),
        loss=losses,
        sequences=[],
    )


def of_states(training: Training, subject: Subject, stack: str) -> Points:
    """The residual stream after `layer` blocks, 0 before the first, at the probe's positions or a text's."""
    batch = probed(training, stack, subject.text, subject.most)
    tap = f"{stack}blocks.{subject.layer - 1}.residual_out" if subject.layer else f"{stack}blocks.0.residual_in"
    trace = observe(training.model, batch, gradients=False, wanted=tap.__eq__)
    return in_context(training, subject.path, stack, batch, trace, trace.values[tap], subject.most)


def of_queries_and_keys(training: Training, subject: Subject) -> Points:
    """A head's queries and keys moved into one cloud (measure/projection.joint), half of the points each."""
    attention, _, number = subject.head.rpartition(".")
    path, half = subject.path, subject.most // 2
    stack = next(stack for stack in kind_of(training.config.model).stacks if attention.startswith(stack))
    source = "encoder." if attention.endswith(".cross") else stack
    batch = probed(training, stack, subject.text, half)
    trace = observe(
        training.model, batch, gradients=False, wanted={f"{attention}.queries", f"{attention}.keys"}.__contains__
    )
    of_head = [trace.values[f"{attention}.{kind}"][:, int(number)] for kind in ("queries", "keys")]  # (B, T, D)
    queries = in_context(training, path, stack, batch, trace, of_head[0], half)
    keys = in_context(training, path, source, batch, trace, of_head[1], half)
    n, m = len(queries.labels), len(keys.labels)
    rows = [queries.sequences, keys.sequences] if source != stack else [queries.sequences, []]
    return Points(
        vectors=np.concatenate(projection.joint(queries.vectors, keys.vectors)),
        labels=queries.labels + keys.labels,
        kinds=["query"] * n + ["key"] * m,
        token=np.concatenate([queries.token, keys.token]),
        position=np.concatenate([queries.position, keys.position]),
        row=np.concatenate([queries.row, keys.row + (len(rows[0]) if rows[1] else 0)]),
        frequency=np.concatenate([queries.frequency, keys.frequency]),
        loss=np.concatenate([queries.loss, np.full(m, np.nan)]),
        sequences=rows[0] + rows[1],
    )


def in_context(
    training: Training, path: str, stack: str, batch: Batch, trace: Trace, values: np.ndarray, most: int
) -> Points:
    """The first `most` of values (B, T, C) that are no padding's, in reading order."""
    read = batch.source if stack == "encoder." else batch.tokens
    assert read is not None
    tokens = read.cpu().numpy()
    pad = training.task.vocabulary.pad
    rows, columns = np.nonzero(np.ones_like(tokens, dtype=bool) if pad is None else tokens != pad)
    rows, columns = rows[:most], columns[:most]
    chosen = tokens[rows, columns]
    symbols = [training.task.vocabulary.symbols[t] for t in chosen]
    shares = frequencies(path)["source" if stack == "encoder." else "input"]
    losses = np.full(len(chosen), np.nan) if stack == "encoder." else trace.token_loss[rows, columns]
    return Points(
        vectors=values[rows, columns].astype(np.float64),
        labels=symbols,
        kinds=[symbol_kind(s) for s in symbols],
        token=chosen,
        position=columns,
        row=rows,
        frequency=shares[chosen],
        loss=losses,
        sequences=[training.task.vocabulary.show(row) for row in tokens[: rows.max() + 1]],
    )


def probed(training: Training, stack: str, text: str | None, most: int) -> Batch:
    """Enough of the probe's examples for `most` tokens, or the visitor's text."""
    if text is not None:
        return chosen_input(training, text)
    return probe(training.task, stack, most).to(training.device)


def probe(task: Task, stack: str, most: int) -> Batch:
    """The fewest of the task's probe examples that hold `most` tokens of a stack, the same at every call."""
    size = max(1, -(-most // task.length))
    while True:
        batch = task.probe(size)
        read = batch.source if stack == "encoder." else batch.tokens
        assert read is not None
        held = read.numel() if task.vocabulary.pad is None else int((read != task.vocabulary.pad).sum())
        if held >= most:
            return batch
        size = max(size + 1, -(-size * most // max(1, held)))

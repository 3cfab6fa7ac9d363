"""Positions: encodings, the similarity of their positions, and the rotation of a head's channel pairs.

T position, C width, H heads, D = C / H channels a head, i channel pair.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.interventions import part_and_number
from explorer.analysis.positions import stacks
from explorer.answers.records.positions import Encoding, Lecture, Rotation, RunEncoding
from explorer.config.encodings import ENCODINGS
from explorer.config.quoting import quoted
from explorer.measure import positions as measure
from explorer.runs.replay import restore
from explorer.runs.restored import Progress, chosen_input, opened, tokens_of, training_at
from explorer.trace import copied, evaluating, watching
from explorer.training.device import numerics
from models.positions import BASE, POSITIONS, angles

LONGEST, WIDEST = 256, 256  # of a lecture's table
OVER = ("mean", "low", "high")  # of the similarity of positions over distance
E = TypeVar("E", bound=Encoding)


def lecture(kind: str, length: int, width: int, heads: int, base: float = BASE) -> Lecture:
    """An encoding by its formula, without a run. ValueError if it cannot be shown.

    width: channels of a table, or of a rotation.
    """
    if not (2 <= length <= LONGEST and 2 <= width <= WIDEST and 1 <= heads <= 32 and base > 1):
        raise ValueError(f"{length} positions, {width} channels, {heads} heads, base {base:g} cannot be shown here")
    if kind not in ENCODINGS:
        raise ValueError(f"there is no encoding {quoted(kind)}; use {', '.join(ENCODINGS)}")
    encoding, made = ENCODINGS[kind], POSITIONS[kind]
    if encoding.pairs and width % 2:
        raise ValueError(f"{encoding.spoken} turns channels in pairs, and {width} is odd; use an even number")
    plain = Lecture(kind=kind, step=None, stack="", stacks=[""], trained=length, base=base)
    if encoding.acts == "nothing":
        return plain
    numbers = made.formula(length, width, heads, base)
    if numbers is None:
        raise ValueError(f"kind={kind} has no formula; it is learned in a run")
    if encoding.acts == "biases":
        return biased(plain, numbers.numpy(), made.slopes(heads))
    if encoding.acts == "turns":
        return described(plain, None, numbers.numpy())
    return described(plain, numbers.numpy(), angles(length, width, base).numpy() if encoding.waves else None)


def of_run(path: str, step: int, stack: str = "", progress: Progress = None) -> RunEncoding:
    """A run's encoding at a step. stack: the encoder's or the decoder's if there are both."""
    training = training_at(path, step, progress, needs=("positions",))
    of_stacks = stacks(training.model)
    stack = stack if stack in of_stacks else next(iter(of_stacks))
    config, positions = training.config.model, of_stacks[stack].positions
    plain = RunEncoding(
        kind=config.positions,
        step=step,
        stack=stack,
        stacks=list(of_stacks),
        trained=min(training.task.length, config.context),
        base=BASE,
    )
    encoding = ENCODINGS[config.positions]
    if encoding.acts == "biases":
        bias = positions.bias(config.context)
        assert bias is not None
        causal = config.causal(f"{stack}.")
        return biased(plain, copied(bias), positions.slopes(config.heads), causal)
    if encoding.acts == "nothing":
        return plain
    if encoding.acts == "turns":
        turns = positions.formula(config.context, config.head_width, config.heads)
        assert turns is not None
        return described(plain, None, turns.numpy())
    table = positions.embed(config.context)
    assert table is not None
    wave = angles(config.context, config.width).numpy() if encoding.waves else None
    first = first_table(path, stack) if encoding.learned else None
    return replace(described(plain, copied(table), wave), first=first)


def first_table(path: str, stack: str) -> np.ndarray:
    """The learned table before the first step, (T, C)."""
    start = stacks(restore(opened(path), 0).model)[stack].positions.embed(opened(path).config.model.context)
    assert start is not None
    return copied(start)


def described(plain: E, table: np.ndarray | None, wave: np.ndarray | None) -> E:
    """An encoding of one panel: its table or its angles, the products of its positions and their similarity."""
    if table is not None:
        products = measure.products(table)
        alike = measure.cosines(table[: plain.trained] if ENCODINGS[plain.kind].learned else table)
    else:
        assert wave is not None
        alike = products = measure.waves(wave.astype(np.float64))
    mean, low, high = (measure.along(alike)[name][None] for name in OVER)
    return replace(plain, table=table, angles=wave, products=products, mean=mean, low=low, high=high)


def biased(plain: E, bias: np.ndarray, steep: Tensor | None, causal: bool = True) -> E:
    """A bias for each head, the attention that it makes of equal scores, and its factor on a weight before the
    division."""
    factors = [measure.along(np.exp(head.astype(np.float64))) for head in bias]
    mean, low, high = (np.stack([factor[name] for factor in factors]) for name in OVER)
    slopes = None if steep is None else steep.tolist()
    products = measure.tilted(bias, causal)
    return replace(plain, slopes=slopes, bias=bias, products=products, mean=mean, low=low, high=high)


@torch.no_grad()
def rotation(
    path: str, step: int, head: str = "", query: int = -1, key: int = 0, sample: int = 0, progress: Progress = None
) -> Rotation:
    """One head's query and key as they are before the encoding turns them, and the angle of each channel pair.

    head: by name, the first one's where there is no such head; query, key: positions, from the end where negative.
    ValueError if the run's encoding turns nothing.
    """
    training = training_at(path, step, progress, needs=("positions", "attention heads"))
    encoding = ENCODINGS[training.config.model.positions]
    if not (encoding.acts == "turns" and encoding.waves):
        raise ValueError(f"this run's positions are {encoding.spoken}: nothing is turned")
    heads = [name for name in training.heads.names() if ".cross." not in name]
    head = head if head in heads else heads[0]
    attention, number = part_and_number(training.model, head)
    batch = chosen_input(training, None, sample or None)
    model = training.model
    with numerics(training.config), evaluating(model), watching(model, lambda n: n.startswith(attention)) as seen:
        model(batch.tokens, batch.source)
    q, k = (unturned(copied(seen[f"{attention}.{side}"][0, number])) for side in ("queries", "keys"))  # (T, pairs, 2)
    query, key = (at % len(q) if -len(q) <= at < len(q) else 0 for at in (query, key))
    tokens = tokens_of(training, batch)
    read = tokens["source"] if attention.startswith("encoder.") else tokens["tokens"]
    assert read is not None
    return Rotation(
        step=step,
        head=head,
        heads=heads,
        query=query,
        key=key,
        tokens=read,
        q=q[query],
        k=k[key],
        theta=angles(2, training.config.model.head_width)[1].numpy(),
    )


def unturned(x: np.ndarray) -> np.ndarray:
    """Queries or keys (T, D) of a rotary head turned back by their own positions, in float64, (T, pairs, 2)."""
    pairs = x.reshape(len(x), -1, 2).astype(np.float64)
    angle = angles(*x.shape).double().numpy()
    cos, sin = np.cos(angle), np.sin(angle)
    even, odd = pairs[..., 0], pairs[..., 1]
    return np.stack([even * cos + odd * sin, odd * cos - even * sin], axis=-1)

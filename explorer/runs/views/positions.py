"""How order gets in: encodings as they are, how alike their positions are, what a head's pair of channels turns by.

T position, C width, H heads, D = C / H channels a head, i channel pair.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from explorer.device import numerics
from explorer.interventions import part_and_number
from explorer.measure import positions as measure
from explorer.repositioning import stacks
from explorer.runs.answer import Answer
from explorer.runs.replay import restore
from explorer.runs.views.restored import Progress, chosen_input, opened, tokens_of, training_at
from explorer.trace import copied, evaluating, watching
from models.layers import INIT_STD
from models.positions import BASE, angles, linear_biases, sinusoid, slopes

LONGEST, WIDEST = 256, 256  # of a lecture's table


def lecture(kind: str, length: int, width: int, heads: int, base: float = BASE) -> Answer:
    """An encoding by its formula, without a run: what `own` gives of one. ValueError where it cannot be.

    width: channels that a table has, or that a rotation turns.
    """
    if not (2 <= length <= LONGEST and 2 <= width <= WIDEST and 1 <= heads <= 32 and base > 1):
        raise ValueError(f"{length} positions, {width} channels, {heads} heads, base {base:g} cannot be shown here")
    if kind == "rotary" and width % 2:
        raise ValueError(f"rotary turns channels in pairs, and {width} is odd; use an even number")
    told = {"kind": kind, "step": None, "stack": "", "stacks": [""], "trained": length, "base": base}
    if kind == "sinusoidal":
        return described(told, sinusoid(length, width, base).numpy(), angles(length, width, base).numpy())
    if kind == "rotary":
        return described(told, None, angles(length, width, base).numpy())
    if kind == "alibi":
        return biased(told, linear_biases(length, heads).numpy(), slopes(heads).tolist())
    if kind == "none":
        return told, {}
    raise ValueError(f"kind={kind} has no formula; it is learned in a run")


def own(path: str, step: int, stack: str = "", progress: Progress = None) -> Answer:
    """A run's encoding at a step. stack: the encoder's or the decoder's where there are both.

    plain: kind, step, stack, stacks, trained: how many positions training ever shows, base.
    Arrays, as the kind has them: table (T, C) that is added; angles (T, pairs) that channels turn by; bias (H, T, T)
    added to the scores; products (T, T) of positions, or the attention (H, T, T) that a bias makes of equal scores;
    and of the similarity of positions over distance `mean`, `low`, `high` (panels, T): a cosine, or the factor e^bias.
    Of a learned table only the rows that training shows count there. `first`: as it was before training, (T, C).
    """
    training = training_at(path, step, progress)
    found = stacks(training.model)
    stack = stack if stack in found else next(iter(found))
    config, positions = training.config.transformer, found[stack].positions
    told = {
        "kind": config.positions,
        "step": step,
        "stack": stack,
        "stacks": list(found),
        "trained": min(training.task.length, config.context),
        "base": BASE,
    }
    if config.positions == "alibi":
        bias = positions.bias(config.context)
        assert bias is not None
        causal = config.kind != "encoder" and stack != "encoder" and config.mask == "causal"
        return biased(told, copied(bias), slopes(config.heads).tolist(), causal)
    if config.positions == "none":
        return told, {}
    if config.positions == "rotary":
        return described(told, None, angles(config.context, config.head_width).numpy())
    table = positions.embed(config.context)
    assert table is not None
    wave = angles(config.context, config.width).numpy() if config.positions == "sinusoidal" else None
    plain, arrays = described(told | {"scale": INIT_STD * 2**0.5}, copied(table), wave)
    return plain, arrays | ({"first": first_table(path, stack)} if config.positions == "learned" else {})


def first_table(path: str, stack: str) -> np.ndarray:
    """The learned table before the first step, (T, C)."""
    start = stacks(restore(opened(path), 0).model)[stack].positions.embed(opened(path).config.transformer.context)
    assert start is not None
    return copied(start)


def described(told: dict[str, Any], table: np.ndarray | None, wave: np.ndarray | None) -> Answer:
    """An encoding of one panel: its table or its angles, the products of its positions and how alike they are."""
    arrays = {} if wave is None else {"angles": wave}
    if table is not None:
        arrays["table"] = table
        arrays["products"] = measure.products(table)
        alike = measure.cosines(table[: told["trained"]] if told["kind"] == "learned" else table)
    else:
        assert wave is not None
        alike = arrays["products"] = measure.waves(wave.astype(np.float64))
    return told, arrays | {name: values[None] for name, values in measure.along(alike).items()}


def biased(told: dict[str, Any], bias: np.ndarray, steep: list[float], causal: bool = True) -> Answer:
    """ALiBi: a bias for each head, what it makes of equal scores, and its factor on a weight before the division."""
    factors = [measure.along(np.exp(head.astype(np.float64))) for head in bias]
    arrays = {name: np.stack([factor[name] for factor in factors]) for name in ("mean", "low", "high")}
    return told | {"slopes": steep}, {"bias": bias, "products": measure.tilted(bias, causal)} | arrays


@torch.no_grad()
def rotation(
    path: str, step: int, head: str = "", query: int = -1, key: int = 0, sample: int = 0, progress: Progress = None
) -> Answer:
    """One head's query and key as they are before the encoding turns them, and the angle of each channel pair.

    head: by name, the first one's where there is no such head; query, key: positions, from the end where negative.
    plain: head, heads, query, key, tokens; pairs (i): the positions turn their channels 2i and 2i + 1. Arrays: q, k
    (pairs, 2), theta (pairs,). ValueError where the run's encoding turns nothing.
    """
    training = training_at(path, step, progress)
    if training.config.transformer.positions != "rotary":
        raise ValueError(f"this run's positions are {training.config.transformer.positions}: nothing is turned")
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
    plain = {"step": step, "head": head, "heads": heads, "query": query, "key": key, "tokens": read}
    return plain, {"q": q[query], "k": k[key], "theta": angles(2, training.config.transformer.head_width)[1].numpy()}


def unturned(x: np.ndarray) -> np.ndarray:
    """Queries or keys (T, D) of a rotary head turned back by their own positions, in float64, (T, pairs, 2)."""
    pairs = x.reshape(len(x), -1, 2).astype(np.float64)
    angle = angles(*x.shape).double().numpy()
    cos, sin = np.cos(angle), np.sin(angle)
    even, odd = pairs[..., 0], pairs[..., 1]
    return np.stack([even * cos + odd * sin, odd * cos - even * sin], axis=-1)

"""The arithmetic of one head and one query: every number from the residual stream to the head's output.

K key, C width, D channels of the head. Numbers are copied out of one forward pass of the model. Those without a tap
(products before the scale, exponentials, weighted values, the head's part of the layer's output) are computed from
tapped ones by the model's own functions, in its own precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.config.encodings import ENCODINGS
from explorer.tasks.base import Batch
from explorer.trace import Array, copied, evaluating, watching
from models import precisions
from models.attention import Attention
from models.positions import POSITIONS, Rotary
from models.transformer import attentions


@torch.no_grad()
def head_arithmetic(
    model: nn.Module, batch: Batch, path: str, head: int, query: int
) -> tuple[dict[str, Any], dict[str, Array]]:
    """What head `head` of the attention `path` computes for position `query` of the batch's first row, in order.

    plain: path, head, query, scale (1/√D, or 1 where nothing scales), gain (0 for a head that is switched off),
    positions ("" where none act here), bias: what adds biases to the scores, "" where nothing does; precision.
    arrays: x (C) the residual stream; normed (C), norm_weight, norm_bias (C), norm_mean, norm_deviation (1)
    with a norm before the attention; inputs (K, C) of keys and values; w_q, w_k, w_v (D, C), b_q, b_k,
    b_v (D); q (D), keys, values (K, D); with rotary positions also unturned_q (D), unturned_keys (K, D),
    cos, sin (K, D/2); products q · k, mask (−inf where hidden), scores, exponentials, pattern (K); row_max,
    row_sum (1); weighted (K, D); out (D); w_o (C, D); part (C), this head's share of the layer's output.
    Raises ValueError if there is no such attention, head or query.
    """
    attention = attention_at(model, batch, path, head, query)
    place, _, name = path.rpartition(".")
    block: Any = model.get_submodule(place)
    stream = f"{place}.residual_mid" if name == "cross" else f"{place}.residual_in"
    with (
        evaluating(model),
        watching(model, lambda tap: tap == stream or tap.startswith(f"{path}.")) as seen,
        arguments(attention) as given,
    ):
        model(batch.tokens, batch.source)
    q, k, v = (seen[f"{path}.{tap}"] for tap in ("queries", "keys", "values"))  # (B, H, T, D)
    D, C = q.shape[3], attention.output.weight.shape[0]
    positions, memory = given.get("positions"), given.get("memory")
    scores, pattern, out = (seen[f"{path}.{tap}"][0, head, query] for tap in ("scores", "pattern", "head_out"))
    arrays: dict[str, Tensor] = {"x": seen[stream][0, query]}
    if block.pre_norm:
        arrays |= norm_numbers(block.cross_norm if name == "cross" else block.attention_norm, arrays["x"])
        arrays["normed"] = given["x"][0, query]
    arrays["inputs"] = given["x"][0] if memory is None else memory[0]
    channels = slice(head * D, (head + 1) * D)
    for part, letter in enumerate("qkv"):
        arrays[f"w_{letter}"] = attention.project.weight[part * C : (part + 1) * C][channels]
        arrays[f"b_{letter}"] = attention.project.bias[part * C : (part + 1) * C][channels]
    if isinstance(positions, Rotary):
        unturned_q, unturned_k, _ = attention.split(given["x"], memory)
        arrays |= {"unturned_q": unturned_q[0, head, query], "unturned_keys": unturned_k[0, head]}
        arrays |= {"cos": positions.cos[: k.shape[2]], "sin": positions.sin[: k.shape[2]]}
    exponentials = (scores - scores.max()).exp()
    w_o = attention.output.weight[:, channels]
    arrays |= {
        "q": q[0, head, query],
        "keys": k[0, head],
        "products": attention.score(q, k, torch.zeros_like(given["mask"]))[0, head, query] * D**0.5,
        "mask": given["mask"].broadcast_to(seen[f"{path}.scores"].shape)[0, head, query],
        "scores": scores,
        "row_max": scores.max()[None],
        "exponentials": exponentials,
        "row_sum": exponentials.sum()[None],
        "pattern": pattern,
        "values": v[0, head],
        "weighted": pattern[:, None] * v[0, head],
        "out": out,
        "w_o": w_o,
        "part": attention.output.multiply(out, w_o, torch.zeros_like(attention.output.bias)),
    }
    encoding = "" if positions is None else next(name for name, made in POSITIONS.items() if type(positions) is made)
    biased = encoding != "" and ENCODINGS[encoding].acts == "biases"
    plain = {
        "path": path,
        "head": head,
        "query": query,
        "scale": attention.scale,
        "gain": 1.0 if attention.head_gain is None else float(attention.head_gain[head]),
        "positions": encoding,
        "bias": ENCODINGS[encoding].title if biased else "",
        "precision": precision_of(attention),
    }
    return plain, {name: copied(value) for name, value in arrays.items()}


@torch.no_grad()
def proof(model: nn.Module, batch: Batch, path: str, head: int, query: int) -> dict[str, Any]:
    """The same row of the pattern in float64, computed from the tokens and the weights, and the difference.

    exact, shown: the row in float64 and as the model has it, K numbers each. absolute: the largest |shown − exact|, at
    position `key`; relative: the largest |shown − exact| / exact among probabilities that float32 can hold. precision:
    of the model's products; bfloat16 keeps 8 bits of an operand, float32 24.
    """
    attention = attention_at(model, batch, path, head, query)
    tap = f"{path}.pattern"
    exact = pattern_of(precisions.in_float64(model), batch.to(torch.device("cpu")), tap)[0, head, query]
    shown = pattern_of(model, batch, tap)[0, head, query].astype(np.float64)
    off = np.abs(shown - exact)
    held = exact >= np.finfo(np.float32).tiny
    return {
        "exact": exact.tolist(),
        "shown": shown.tolist(),
        "absolute": float(off.max()),
        "key": int(off.argmax()),
        "relative": float((off[held] / exact[held]).max()),
        "precision": precision_of(attention),
    }


def attention_at(model: nn.Module, batch: Batch, path: str, head: int, query: int) -> Attention:
    """The attention at `path`. ValueError if there is none, or no such head or query."""
    there = attentions(model)
    if path not in there:
        raise ValueError(f"there is no attention {path}; attentions are {', '.join(there)}")
    if not 0 <= head < there[path].heads:
        raise ValueError(f"head={head} is not in {path}; use 0 to {there[path].heads - 1}")
    read = batch.source if path.startswith("encoder.") and batch.source is not None else batch.tokens
    if not 0 <= query < read.shape[1]:
        raise ValueError(f"query={query} is not a position of the input; use 0 to {read.shape[1] - 1}")
    return there[path]


@contextmanager
def arguments(attention: Attention) -> Iterator[dict[str, Any]]:
    """Collects an attention's arguments, by name."""
    given: dict[str, Any] = {}

    def keep(_module: nn.Module, args: tuple, named: dict[str, Any]) -> None:
        given.update(zip(("x", "mask", "positions", "memory"), args, strict=False), **named)

    hook = attention.register_forward_pre_hook(keep, with_kwargs=True)
    try:
        yield given
    finally:
        hook.remove()


def norm_numbers(norm: nn.LayerNorm, x: Tensor) -> dict[str, Tensor]:
    """The parts of a LayerNorm of x (C): its mean, √(variance + ε), and the learned weight and bias."""
    deviation = (x.var(correction=0) + norm.eps).sqrt()
    return {
        "norm_weight": norm.weight,
        "norm_bias": norm.bias,
        "norm_mean": x.mean()[None],
        "norm_deviation": deviation[None],
    }


def precision_of(attention: Attention) -> str:
    """The precision of an attention's products."""
    return "bfloat16" if attention.score is precisions.bfloat16_scores else "float32"


def pattern_of(model: nn.Module, batch: Batch, tap: str) -> Array:
    """One attention's pattern, (B, H, Q, K)."""
    with evaluating(model), watching(model, lambda name: name == tap) as seen:
        model(batch.tokens, batch.source)
    return copied(seen[tap])

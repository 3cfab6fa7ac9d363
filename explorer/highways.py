"""Highways: how the gradient splits on its way back, at each fork of the stream and inside each attention.

Norms ‖·‖ are over all entries of one backward pass; see backward.py for the boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.backward import Pass, exact, run
from explorer.boxes import PROJECTED, Box
from explorer.tasks.base import Batch


def highways(model: nn.Module, batch: Batch) -> list[dict[str, Any]]:
    """How the gradient splits on its way back: a row for each fork of the stream, and one for each attention.

    Fork: kind "fork", at (the junction), through (the sublayer beside the skip path), whole ‖∂L/∂x‖, skip and
    block (the norms of its two parts, which add up to it as vectors; skip is 0 in a model without residual
    connections) and cosine between them.
    Attention: kind "attention", at (its path), whole ‖∂L/∂input‖ at what the queries read (keys and values too,
    but for cross-attention, whose keys and values read the encoder: memory is the norm of what goes there, else
    0), out ‖∂L/∂output‖, parts (by queries, keys, values: gradient there, norm handed on, share of the whole) and
    heads (gradient at its output, at its pattern, norm handed on, share). A share is the part's length along the
    whole: shares of the parts that reach the input sum to 1, and so do the heads'.
    """
    of = run(model, batch)
    rows = []
    for box in of.boxes.values():
        if box.kind in ("add", "alone"):
            rows.append(fork(of, box))
        elif box.kind == "queries":
            rows.append(split_attention(of, box))
    return rows


def fork(of: Pass, add: Box) -> dict[str, Any]:
    """The junction where the sublayer that ends in `add` begins."""
    at = next(box for box in of.boxes.values() if box.row == add.row).reads["x"]
    through: Any = sum(of.handed(box)[role] for box, role in of.readers(at) if box.id != add.id)
    skip = of.grads[add.id] if add.kind == "add" else torch.zeros_like(through)
    lengths = length(skip) * length(through)
    return {
        "kind": "fork",
        "at": at,
        "through": add.row,
        "whole": length(of.grads[at]),
        "skip": length(skip),
        "block": length(through),
        "cosine": float((exact(skip) * exact(through)).sum()) / lengths if lengths else 0.0,
    }


def split_attention(of: Pass, queries: Box) -> dict[str, Any]:
    """What each of queries, keys and values, and each head, hands on to what the attention reads."""
    row = queries.row
    parts = {kind: of.handed(of.boxes[f"{row}.{kind}"])["x"] for kind in PROJECTED}
    own = [kind for kind in PROJECTED if of.boxes[f"{row}.{kind}"].reads == queries.reads]
    away: Any = sum((parts[kind] for kind in PROJECTED if kind not in own), torch.zeros(()))
    whole: Any = sum(parts[kind] for kind in own)
    if all(box.row == row and box.kind in own for box, _ in of.readers(queries.reads["x"])):
        whole = of.grads[queries.reads["x"]]  # in a post-norm model the skip path reads it too

    def told(kind: str) -> dict[str, float]:
        reaches = share(parts[kind], whole) if kind in own else 0.0
        return {"gradient": length(of.grads[f"{row}.{kind}"]), "handed": length(parts[kind]), "share": reaches}

    return {
        "kind": "attention",
        "at": row,
        "whole": length(whole),
        "memory": length(away),
        "out": length(of.grads[f"{row}.out"]),
        "parts": {kind: told(kind) for kind in PROJECTED},
        "heads": [head_part(of, row, own, whole, h) for h in range(of.grads[queries.id].shape[1])],
    }


def head_part(of: Pass, row: str, own: list[str], whole: Tensor, head: int) -> dict[str, float]:
    """What one head hands on to what its layer reads."""
    back: Any = 0
    for kind in own:
        box = of.boxes[f"{row}.{kind}"]
        g = of.grads[box.id]
        alone = torch.zeros_like(g)
        alone[:, head] = g[:, head]
        back = back + of.handed(box, alone)["x"]
    return {
        "out": length(of.grads[f"{row}.head_out"][:, head]),
        "pattern": length(of.grads[f"{row}.pattern"][:, head]),
        "handed": length(back),
        "share": share(back, whole),
    }


def length(x: Tensor) -> float:
    """‖x‖ over all its entries."""
    return float(np.linalg.norm(exact(x)))


def share(part: Tensor, whole: Tensor) -> float:
    """How far a part goes along the whole, of 1; 0 where the whole is nothing."""
    a, b = exact(part), exact(whole)
    square = float((b * b).sum())
    return float((a * b).sum()) / square if square else 0.0

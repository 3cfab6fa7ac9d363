"""Highways: how the gradient splits on its way back, at each fork of the stream and inside each attention.

Norms ‖·‖ are over all entries of one backward pass; see backward.py for the boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.analysis.backward import Pass, exact, run
from explorer.analysis.boxes import PROJECTED, Box
from explorer.measure.highways import AttentionSplit, Fork, HeadPart, RolePart
from explorer.tasks.base import Batch


def highways(model: nn.Module, batch: Batch) -> tuple[list[Fork], list[AttentionSplit]]:
    """How the gradient splits on its way back at every fork of the stream, and in every attention, in order."""
    of = run(model, batch)
    boxes = of.boxes.values()
    return (
        [fork(of, box) for box in boxes if box.kind in ("add", "alone")],
        [split_attention(of, box) for box in boxes if box.kind == "queries"],
    )


def fork(of: Pass, add: Box) -> Fork:
    """The fork at which the sublayer that ends in `add` begins."""
    at = next(box for box in of.boxes.values() if box.row == add.row).reads["x"]
    through: Any = sum(of.handed(box)[role] for box, role in of.readers(at) if box.id != add.id)
    skip = of.grads[add.id] if add.kind == "add" else torch.zeros_like(through)
    lengths = length(skip) * length(through)
    return Fork(
        at=at,
        through=add.row,
        whole=length(of.grads[at]),
        skip=length(skip),
        block=length(through),
        cosine=float((exact(skip) * exact(through)).sum()) / lengths if lengths else 0.0,
    )


def split_attention(of: Pass, queries: Box) -> AttentionSplit:
    """The gradients from queries, keys and values, and from each head, to the attention's input."""
    row = queries.row
    parts = {kind: of.handed(of.boxes[f"{row}.{kind}"])["x"] for kind in PROJECTED}
    kinds = [kind for kind in PROJECTED if of.boxes[f"{row}.{kind}"].reads == queries.reads]
    away: Any = sum((parts[kind] for kind in PROJECTED if kind not in kinds), torch.zeros(()))
    whole: Any = sum(parts[kind] for kind in kinds)
    if all(box.row == row and box.kind in kinds for box, _ in of.readers(queries.reads["x"])):
        whole = of.grads[queries.reads["x"]]  # in a post-norm model the skip path reads it too

    def role_part(kind: str) -> RolePart:
        reaches = share(parts[kind], whole) if kind in kinds else 0.0
        return RolePart(gradient=length(of.grads[f"{row}.{kind}"]), handed=length(parts[kind]), share=reaches)

    return AttentionSplit(
        at=row,
        whole=length(whole),
        memory=length(away),
        out=length(of.grads[f"{row}.out"]),
        parts={kind: role_part(kind) for kind in PROJECTED},
        heads=[head_part(of, row, kinds, whole, h) for h in range(of.grads[queries.id].shape[1])],
    )


def head_part(of: Pass, row: str, kinds: list[str], whole: Tensor, head: int) -> HeadPart:
    """The gradient from one head to its layer's input."""
    back: Any = 0
    for kind in kinds:
        box = of.boxes[f"{row}.{kind}"]
        g = of.grads[box.id]
        alone = torch.zeros_like(g)
        alone[:, head] = g[:, head]
        back = back + of.handed(box, alone)["x"]
    return HeadPart(
        out=length(of.grads[f"{row}.head_out"][:, head]),
        pattern=length(of.grads[f"{row}.pattern"][:, head]),
        handed=length(back),
        share=share(back, whole),
    )


def length(x: Tensor) -> float:
    """‖x‖ over all its entries."""
    return float(np.linalg.norm(exact(x)))


def share(part: Tensor, whole: Tensor) -> float:
    """The component of a part along the whole, as a share; 0 if the whole is 0."""
    a, b = exact(part), exact(whole)
    square = float((b * b).sum())
    return float((a * b).sum()) / square if square else 0.0

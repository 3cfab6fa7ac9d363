"""Backpropagation through the whole model, box by box: the gradient that arrives at each operation and those it passes
on.

B batch, T position, H heads, Q query, K key, D channels a head, C width, V vocabulary.

A box is one operation, named after its output, by the tap's path if there is one. Values and gradients are those of one
forward and one backward pass; what a box passes on is autograd's vector-Jacobian product of that box alone; `by_hand`
is the same from the formulas of measure/backward.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.analysis.boxes import PROJECTED, Box, boxes
from explorer.measure import backward as rules
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Array, evaluating, mean_loss, watching
from models.layers import Norm
from models.positions import Rotary
from models.transformer import ACTIVATIONS

IDENTITIES = ("add", "alone", "positions")  # kinds that pass the gradient on unchanged


@dataclass(frozen=True)
class Pass:
    """One forward and backward pass, its graph kept: values and gradients by box, (B, …)."""

    model: nn.Module
    batch: Batch
    loss: Tensor
    targets: Tensor  # (B, T), IGNORE where no loss flows back
    boxes: dict[str, Box]
    values: dict[str, Tensor]
    grads: dict[str, Tensor]

    def handed(self, box: Box, g: Tensor | None = None) -> dict[str, Tensor]:
        """The gradients that a box passes on, from its own gradient or `g`, by role: to its inputs and its weights."""
        g = self.grads[box.id] if g is None else g
        if box.kind in IDENTITIES:  # the identity; autograd would follow x through y too
            table = self.model.get_parameter(box.weights["table"]) if box.weights else None
            rows = {} if table is None else {"table": padded(g.sum(0), len(table))}
            return dict.fromkeys(box.reads, g) | rows
        ends = {role: self.values[id] for role, id in box.reads.items() if id in self.grads}
        ends |= {role: self.model.get_parameter(name) for role, name in box.weights.items()}
        gradients = torch.autograd.grad(self.values[box.id], list(ends.values()), g, retain_graph=True)
        back = dict(zip(ends, gradients, strict=True))
        if box.kind in PROJECTED:  # its third of the matrix that projects all of them
            third = PROJECTED.index(box.kind)
            back |= {role: back[role].chunk(3)[third] for role in box.weights}
        return back

    def readers(self, id: str) -> Iterator[tuple[Box, str]]:
        """The boxes that read this one's output, each with the role of the output there."""
        return ((box, role) for box in self.boxes.values() for role, read in box.reads.items() if read == id)


def padded(rows: Tensor, length: int) -> Tensor:
    """The rows, followed by zeros."""
    return torch.cat([rows, rows.new_zeros(length - len(rows), *rows.shape[1:])])


def run(model: nn.Module, batch: Batch, target: int | None = None) -> Pass:
    """Runs a batch forward and back. With a target, only the loss of that position flows back.

    The loss is the mean over the predicted tokens. ValueError if none is predicted.
    """
    targets = batch.targets
    if target is not None:
        if not 0 <= target < targets.shape[1]:
            raise ValueError(f"position={target} is not in the input; use 0 to {targets.shape[1] - 1}")
        alone = torch.arange(targets.shape[1], device=targets.device) == target
        targets = targets.masked_fill(~alone, IGNORE)
    if not (targets != IGNORE).any():
        where = "of this input" if target is None else f"at position {target}"
        raise ValueError(f"nothing is asked {where}, so there is no loss to flow back; choose another")
    with evaluating(model), watching(model, lambda name: True) as seen, before_norms(model) as sums:
        logits = model(batch.tokens, batch.source)
        loss = mean_loss(logits, targets)
    all_boxes = boxes(model)
    values = {box.id: (sums if box.id.endswith(".in") else seen)[box.id] for box in all_boxes if tapped(box)}
    grads = torch.autograd.grad(loss, list(values.values()), retain_graph=True)
    return Pass(
        model,
        batch,
        loss,
        targets,
        {box.id: box for box in all_boxes},
        values,
        dict(zip(values, grads, strict=True)),
    )


def tapped(box: Box) -> bool:
    """Whether the model itself has the box's output: cross-entropy takes logits, and tokens have no gradient."""
    return box.kind not in ("tokens", "chances", "loss")


@contextmanager
def before_norms(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Collects the input of every norm, under the norm's path and `.in`."""
    seen: dict[str, Tensor] = {}
    hooks = []
    try:
        for name, module in model.named_modules():
            if isinstance(module, Norm):

                def keep(_module: nn.Module, args: tuple[Tensor], name: str = name) -> None:
                    seen[f"{name}.in"] = args[0]

                hooks.append(module.register_forward_pre_hook(keep))
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def exact(x: Tensor) -> Array:
    """In float64, on the CPU."""
    return x.detach().cpu().double().numpy()


def by_hand(of: Pass, box: Box) -> Any:
    """The box's rule on the first row's own numbers in float64; `leaves()` is what it passes on."""
    module: Any = of.model.get_submodule(box.module)
    read = {role: exact(of.values[id][0]) for role, id in box.reads.items() if id in of.values}
    weight = {role: exact(of.model.get_parameter(name)) for role, name in box.weights.items()}
    if not tapped(box):
        p = np.maximum(rules.softmax(exact(of.values["logits"][0])), np.finfo(np.float64).tiny)
        entropy = rules.CrossEntropy(p, targets_of(of))
        return entropy if box.kind == "loss" else rules.Softmax(entropy.leaves()["p"], p)
    g = exact(of.grads[box.id][0])
    match box.kind:
        case "embedding":
            tokens = of.batch.source if box.id.startswith("encoder.") else of.batch.tokens
            assert tokens is not None
            return rules.Embedding(g, tokens[0].cpu().numpy(), len(weight["table"]))
        case "positions":
            return rules.Positions(g, len(weight.get("table", g)))
        case "norm":
            return rules.Norm(g, read["x"], weight["weight"], module.eps)
        case "queries" | "keys" | "values":
            part = np.split(weight["weight"], 3)[PROJECTED.index(box.kind)]
            return rules.Heads(g, read["x"], part, *turns(of, box))
        case "scores":
            return rules.Scores(g, read["q"], read["k"], module.scale)
        case "pattern":
            return rules.Softmax(g, exact(of.values[box.id][0]))
        case "head_out":
            gain = np.ones(module.heads) if module.head_gain is None else exact(module.head_gain)
            return rules.Weighed(g, read["pattern"], read["v"], gain)
        case "output":
            return rules.Output(g, read["heads"], weight["weight"])
        case "activation":
            name = next(name for name, f in ACTIVATIONS.items() if f is module.activation)
            return rules.Activation(g, read["x"], name)
        case "add" | "alone":
            return rules.Add(g)
    return rules.Linear(g, read["x"], weight["weight"])


def targets_of(of: Pass) -> Array:
    """The first row's targets whose loss flows back, −1 elsewhere."""
    targets = of.targets[0].cpu().numpy()
    return np.where(targets == IGNORE, -1, targets)


def turns(of: Pass, box: Box) -> tuple[Array, Array] | tuple[()]:
    """cos and sin of each position's turn, for queries and keys of a model with rotary positions."""
    stack: Any = of.model.get_submodule(box.row.partition("blocks.")[0].rstrip("."))
    if box.kind == "values" or box.row.endswith(".cross") or not isinstance(stack.positions, Rotary):
        return ()
    T = of.values[box.id].shape[2]
    return exact(stack.positions.cos[:T]), exact(stack.positions.sin[:T])

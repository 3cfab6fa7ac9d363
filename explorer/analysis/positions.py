"""The same weights with other positions: further than trained for, or in another order.

Each function returns a copy; the model stays as it is. T position, S source position.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from explorer.config.run import RunConfig
from explorer.tasks import made
from explorer.tasks.base import Batch
from explorer.tasks.fields import TASKS
from explorer.training.randomness import stream
from models.positions import POSITIONS, Learned
from models.transformer import Stack


def lengthened(model: nn.Module, config: Any, context: int) -> nn.Module:
    """A copy that reads `context` tokens: encodings by formula are extended, all weights stay.

    ValueError if a learned table has fewer rows.
    """
    longer = copy.deepcopy(model)
    settings = replace(config, context=context)
    for stack in stacks(longer).values():
        if isinstance(stack.positions, Learned):
            rows = len(stack.positions.table)
            if rows < context:
                raise ValueError(f"a learned table of {rows} rows has none for positions {rows} to {context - 1}")
            continue
        device = stack.embedding.weight.device
        stack.positions = POSITIONS[config.positions](settings, torch.Generator()).to(device)
        stack.visible = torch.empty(context, context, device=device)
        stack.adopt(settings)
    return longer


def longer(config: RunConfig, times: int) -> RunConfig:
    """The same task with sequences `times` as long, and a model that can read them.

    ValueError if the task has one length, or none that long.
    """
    path = TASKS[config.task.name].stretched
    if not path:
        raise ValueError(f"the sequences of task.name={config.task.name} have one length; it has no longer ones")
    grown = config.replace({path: times * config.get(path)})
    return grown.replace({"model.context": max(grown.model.context, made(grown.task, grown.model).length)})


def shuffled(model: nn.Module, batch: Batch, share: float, seed: int) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy in which a share of the positions is permuted, and the permutation by stack, (T,).

    The tokens stay in place; only what the encoding says of their positions changes. Causal masks stay.
    """
    confused = copy.deepcopy(model)
    orders: dict[str, Tensor] = {}
    for name, stack in stacks(confused).items():
        read = batch.source if name == "encoder" and batch.source is not None else batch.tokens
        orders[name] = exchange(read.shape[1], share, stream(seed, "positions", 0, len(orders)))
        stack.positions.reorder(orders[name].to(read.device))
    return confused, orders


def exchange(length: int, share: float, generator: torch.Generator) -> Tensor:
    """The position that each of `length` positions counts as when a share of them, at least two, is permuted,
    (length,).

    Every chosen one moves: they are rotated in a random order.
    """
    count = min(length, max(2, round(share * length)))
    chosen = torch.randperm(length, generator=generator)[:count]
    order = torch.arange(length)
    order[chosen] = chosen.roll(1)
    return order


def stacks(model: nn.Module) -> dict[str, Stack]:
    """Every stack of blocks by its path: one "", or encoder and decoder."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Stack)}

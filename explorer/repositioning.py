"""The same weights with other positions: further than they were trained for, or in another order.

Each gives a copy: the model itself stays as it is. T position, S source position.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from explorer.config import RunConfig
from explorer.randomness import stream
from explorer.tasks.base import Batch
from models.config import ModelConfig
from models.positions import POSITIONS, Learned
from models.transformer import Stack


def lengthened(model: nn.Module, config: ModelConfig, context: int) -> nn.Module:
    """A copy that reads `context` tokens: encodings that follow a formula are made longer, all weights stay.

    ValueError where a learned table has fewer rows.
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
    """The same task with sequences that are `times` as long, and a model that can read them.

    ValueError where the task has one length, or not such a long one.
    """
    if "task.length" in config.flat():
        grown = config.replace({"task.length": times * config.get("task.length")})
        twice = grown.task.name != "induction" and config.model.kind == "decoder"  # it reads input and output in one
        tokens = (1 + twice) * grown.get("task.length")
    elif config.task.name in ("shakespeare", "python", "text"):
        grown, tokens = config, times * config.transformer.context
    else:
        raise ValueError(f"the sequences of task.name={config.task.name} have one length; it has no longer ones")
    return grown.replace({"model.context": max(config.transformer.context, tokens)})


def shuffled(model: nn.Module, batch: Batch, share: float, seed: int) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy in which a share of the positions counts as one another, and by stack what position t counts as, (T,).

    The tokens stay where they are; what changes is the encoding's say on where that is. Causal masks stay.
    """
    confused = copy.deepcopy(model)
    orders: dict[str, Tensor] = {}
    for name, stack in stacks(confused).items():
        read = batch.source if name == "encoder" and batch.source is not None else batch.tokens
        orders[name] = exchange(read.shape[1], share, stream(seed, "positions", 0, len(orders)))
        stack.positions.reorder(orders[name].to(read.device))
    return confused, orders


def exchange(length: int, share: float, generator: torch.Generator) -> Tensor:
    """What each of `length` positions counts as when a share of them changes places, two at least, (length,).

    Every chosen one moves: they go round in a ring of random order.
    """
    count = min(length, max(2, round(share * length)))
    chosen = torch.randperm(length, generator=generator)[:count]
    order = torch.arange(length)
    order[chosen] = chosen.roll(1)
    return order


def stacks(model: nn.Module) -> dict[str, Stack]:
    """Every stack of blocks by its path: one "", or encoder and decoder."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Stack)}

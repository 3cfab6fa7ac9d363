"""Optimizers and schedules by name: what each is, how it is built, how its state is saved.

Every optimizer is torch's own. Weight decay acts on matrices and not on biases and LayerNorm gains, as
is usual since GPT-2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from explorer.config import OptimizerConfig

Groups = list[dict]

MEANINGS = {
    "adamw": "Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)",
    "adam": "steps scaled by running averages of gradient and squared gradient (Kingma & Ba 2015)",
    "sgd": "against the gradient, nothing else",
    "momentum": "SGD along a running sum of gradients, 0.9 of it kept (Polyak 1964)",
    "rmsprop": "gradient divided by its running root mean square (Hinton 2012)",
    "adagrad": "gradient divided by the root of all its squares so far (Duchi et al. 2011)",
    "muon": "momentum made orthogonal, for the blocks' matrices (Jordan et al. 2024); AdamW for the rest",
}


class Flat:
    """A model's parameters laid end to end in one tensor, and their gradients in another.

    What acts on each number by itself (clipping, Adam, SGD) is then one operation instead of one for each
    parameter: a tenth of a small model's step is the cost of calling, not of computing. The parameters
    become views: they change when `values` does. Matrices come first, so that what decays is one piece.
    """

    def __init__(self, named: dict[str, nn.Parameter]):
        self.named = named
        self.shapes = {name: p.shape for name, p in named.items()}
        order = sorted(named, key=lambda name: named[name].ndim < 2)  # stable
        ends = list(accumulate((named[name].numel() for name in order), initial=0))
        self.places = {name: slice(a, b) for name, a, b in zip(order, ends, ends[1:], strict=False)}
        self.order = order
        self.matrices = slice(0, sum(p.numel() for p in named.values() if p.ndim >= 2))
        self.vectors = slice(self.matrices.stop, ends[-1])
        self.values = torch.cat([named[name].detach().flatten() for name in order])
        self.grads = torch.zeros_like(self.values)
        for parameter, view in zip(named.values(), self.split(self.values), strict=True):
            parameter.data = view

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of a tensor laid out like `values`, one for each parameter, in the model's order."""
        return [flat[self.places[name]].view(shape) for name, shape in self.shapes.items()]

    def join(self, tensors: Iterable[Tensor]) -> Tensor:
        """The opposite of `split`, as a new tensor."""
        by_name = dict(zip(self.named, tensors, strict=True))
        return torch.cat([by_name[name].flatten() for name in self.order])

    def piece(self, place: slice) -> nn.Parameter:
        """Part of `values` as torch's optimizers want it: a parameter with a gradient."""
        piece = nn.Parameter(self.values[place])
        piece.grad = self.grads[place]
        return piece


class Optimizer:
    """One or more torch optimizers that step as one, on the values and gradients of `flat`."""

    def __init__(self, config: OptimizerConfig, flat: Flat):
        self.flat = flat
        self.parts = BUILDERS[config.name](config, flat)

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def set(self, lr: float, weight_decay: float) -> None:
        """Step size and decay from the next step on."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr
                group["weight_decay"] = weight_decay if group["decays"] else 0.0
# share of the peak at progress p in [0, 1] after the warm-up
SHAPES: dict[str, Callable[[float], float]] = {
    "constant": lambda p: 1.0,
    "linear": lambda p: 1.0 - p,
    "cosine": lambda p: 0.5 * (1 + math.cos(math.pi * p)),
}


def learning_rate(config: OptimizerConfig, step: int, steps: int | None) -> float:
    """The step size of step `step` (from 0) of `steps`: linear warm-up, then the schedule's shape."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    if steps is None or config.schedule == "constant":
        return config.lr
    progress = (step - config.warmup) / max(1, steps - config.warmup)
    return config.lr * SHAPES[config.schedule](min(1.0, progress))

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


class Optimizer:
    """One or more torch optimizers that step as one.

    `named` gives the parameters by name; the names are what saved state is keyed by.
    """

    def __init__(self, config: OptimizerConfig, named: dict[str, nn.Parameter]):
        self.names = {parameter: name for name, parameter in named.items()}
        self.parts = BUILDERS[config.name](config, named)

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def set(self, lr: float, weight_decay: float) -> None:
        """Step size and decay from the next step on."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr
                group["weight_decay"] = weight_decay if group["decays"] else 0.0

    def state(self) -> dict[str, Tensor]:
        """All state by `parameter name/key`."""
        return {
            f"{self.names[parameter]}/{key}": value
            for part in self.parts
            for parameter, state in part.state.items()
            for key, value in state.items()
            if isinstance(value, Tensor)
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """The opposite of `state`."""
        for part in self.parts:
            part.state.clear()
            for group in part.param_groups:
                for parameter in group["params"]:
                    prefix = self.names[parameter] + "/"
                    own = {k[len(prefix) :]: v.clone() for k, v in state.items() if k.startswith(prefix)}
                    if own:
                        part.state[parameter] = own


def groups(parameters: Iterable[nn.Parameter]) -> Groups:
    """Matrices, which decay, apart from vectors, which do not."""
    parameters = list(parameters)
    split = {True: [p for p in parameters if p.ndim >= 2], False: [p for p in parameters if p.ndim < 2]}
    return [{"params": params, "decays": decays} for decays, params in split.items() if params]


def _simple(kind: type, **knobs: object) -> Callable[[OptimizerConfig, dict], list]:
    def build(config: OptimizerConfig, named: dict[str, nn.Parameter]) -> list[torch.optim.Optimizer]:
        return [kind(groups(named.values()), lr=config.lr, weight_decay=config.weight_decay, **knobs)]

    return build


def _muon(config: OptimizerConfig, named: dict[str, nn.Parameter]) -> list[torch.optim.Optimizer]:
    """Muon for matrices inside blocks, AdamW for embeddings, unembedding and vectors.

    `match_rms_adamw` scales Muon's step to the size of AdamW's, so that one learning rate serves both.
    """
    inside = [p for name, p in named.items() if ".blocks." in f".{name}" and p.ndim == 2]
    chosen = {id(p) for p in inside}
    rest = [p for p in named.values() if id(p) not in chosen]
    knobs = {"lr": config.lr, "weight_decay": config.weight_decay}
    return [
        torch.optim.Muon(groups(inside), adjust_lr_fn="match_rms_adamw", **knobs),
        torch.optim.AdamW(groups(rest), fused=True, **knobs),
    ]


BUILDERS: dict[str, Callable[[OptimizerConfig, dict], list]] = {
    "adamw": _simple(torch.optim.AdamW, fused=True),
    "adam": _simple(torch.optim.Adam, fused=True),
    "sgd": _simple(torch.optim.SGD, fused=True),
    "momentum": _simple(torch.optim.SGD, momentum=0.9, fused=True),
    "rmsprop": _simple(torch.optim.RMSprop),
    "adagrad": _simple(torch.optim.Adagrad, fused=True),
    "muon": _muon,
}

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

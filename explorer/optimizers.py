"""Optimizers by name: what each is, how it is built, how its state is saved.

Every optimizer is torch's own. Weight decay acts on matrices and not on biases and LayerNorm gains, as
is usual since GPT-2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explorer.config import OptimizerConfig

MEANINGS = {
    "adamw": "Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019)",
    "adam": "steps scaled by running averages of gradient and squared gradient (Kingma & Ba 2015)",
    "sgd": "against the gradient, nothing else",
    "momentum": "SGD along a running sum of gradients, 0.9 of it kept (Polyak 1964)",
    "nesterov": "momentum whose gradient counts once more, as if looked ahead (Nesterov 1983; Sutskever et al. 2013)",
    "rmsprop": "gradient divided by its running root mean square (Hinton 2012)",
    "adagrad": "gradient divided by the root of all its squares so far (Duchi et al. 2011)",
    "muon": "momentum made orthogonal, for the blocks' matrices (Jordan et al. 2024); AdamW for the rest",
}


class Flat:
    """A model's parameters laid end to end in one tensor, and their gradients in another.

    What acts on each number by itself (clipping, Adam, SGD) is then one operation instead of one for each
    parameter: at this project's sizes calling costs more than computing. The parameters become views of
    `values`. Matrices come first, so that what decays is one piece.
    """

    def __init__(self, named: dict[str, nn.Parameter]):
        self.shapes = {name: p.shape for name, p in named.items()}
        matrices = [name for name, p in named.items() if p.ndim >= 2]
        vectors = [name for name, p in named.items() if p.ndim < 2]
        self.kinds = {True: matrices, False: vectors}  # by whether weight decay acts on them
        self.places: dict[str, slice] = {}
        end = 0
        for name in matrices + vectors:
            start, end = end, end + named[name].numel()
            self.places[name] = slice(start, end)
        self.values = self.join({name: p.detach() for name, p in named.items()})
        self.grads = torch.zeros_like(self.values)
        for name, view in self.split(self.values).items():
            named[name].data = view

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a tensor laid out like `values`, by name in the model's order."""
        return {name: flat[self.places[name]].view(shape) for name, shape in self.shapes.items()}

    def join(self, tensors: dict[str, Tensor]) -> Tensor:
        """The opposite of `split`, as a new tensor."""
        return torch.cat([tensors[name].flatten() for name in self.places])

    def piece(self, names: list[str]) -> Piece:
        """The neighbours `names` as one parameter with its gradient."""
        place = slice(self.places[names[0]].start, self.places[names[-1]].stop)
        shapes = {name: self.shapes[name] for name in names}
        shape = self.shapes[names[0]] if len(names) == 1 else (-1,)
        parameter = nn.Parameter(self.values[place].view(shape))
        parameter.grad = self.grads[place].view(shape)
        return Piece(parameter, shapes)


@dataclass(frozen=True)
class Piece:
    """What torch's optimizers see: a parameter, and the names and shapes of those it is made of."""

    parameter: nn.Parameter
    shapes: dict[str, torch.Size]

    def split(self, state: Tensor) -> dict[str, Tensor]:
        """A tensor of optimizer state by parameter name; one number, such as a count, belongs to each."""
        if state.ndim == 0:
            return {name: state.clone() for name in self.shapes}
        parts = state.flatten().split([shape.numel() for shape in self.shapes.values()])
        return {name: part.view(self.shapes[name]) for name, part in zip(self.shapes, parts, strict=True)}

    def join(self, parts: list[Tensor]) -> Tensor:
        """The opposite of `split`, as a new tensor."""
        if parts[0].ndim == 0:
            return parts[0].clone()
        return torch.cat([part.flatten() for part in parts]).view(self.parameter.shape)


class Optimizer:
    """One or more torch optimizers that step as one, on the values and gradients of `flat`."""

    def __init__(self, config: OptimizerConfig, flat: Flat):
        self.flat = flat
        self.pieces, self.parts = BUILDERS[config.name](config, flat)

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
            f"{name}/{key}": own
            for piece in self.pieces
            for part in self.parts
            for key, value in part.state.get(piece.parameter, {}).items()
            if isinstance(value, Tensor)
            for name, own in piece.split(value).items()
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """The opposite of `state`."""
        keys: dict[str, list[str]] = {}
        for path in state:
            name, _, key = path.rpartition("/")
            keys.setdefault(name, []).append(key)
        for part in self.parts:
            inside = {id(p) for group in part.param_groups for p in group["params"]}
            part.state.clear()
            for piece in self.pieces:
                own = keys.get(next(iter(piece.shapes)), [])
                if id(piece.parameter) in inside and own:
                    part.state[piece.parameter] = {
                        key: piece.join([state[f"{name}/{key}"] for name in piece.shapes]) for key in own
                    }


Built = tuple[list[Piece], list[torch.optim.Optimizer]]


def groups(pieces: Iterable[Piece]) -> list[dict]:
    """Matrices, which decay, apart from vectors, which do not."""
    kinds: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for piece in pieces:
        kinds[len(next(iter(piece.shapes.values()))) >= 2].append(piece.parameter)
    return [{"params": params, "decays": decays} for decays, params in kinds.items() if params]


def _simple(kind: type, **knobs: object) -> Callable[[OptimizerConfig, Flat], Built]:
    def build(config: OptimizerConfig, flat: Flat) -> Built:
        pieces = [flat.piece(names) for names in flat.kinds.values() if names]
        return pieces, [kind(groups(pieces), lr=config.lr, weight_decay=config.weight_decay, **knobs)]

    return build


def _muon(config: OptimizerConfig, flat: Flat) -> Built:
    """Muon for matrices inside blocks, AdamW for embeddings, unembedding and vectors.

    `match_rms_adamw` scales Muon's step to the size of AdamW's, so that one learning rate serves both.
    """
    inside: list[Piece] = []
    rest: list[Piece] = []
    for name, shape in flat.shapes.items():
        chosen = inside if ".blocks." in f".{name}" and len(shape) == 2 else rest
        chosen.append(flat.piece([name]))
    knobs: dict[str, Any] = {"lr": config.lr, "weight_decay": config.weight_decay}
    parts: list[torch.optim.Optimizer] = []
    if inside:
        parts.append(torch.optim.Muon(groups(inside), adjust_lr_fn="match_rms_adamw", **knobs))
    if rest:
        parts.append(torch.optim.AdamW(groups(rest), fused=True, **knobs))
    return inside + rest, parts


BUILDERS: dict[str, Callable[[OptimizerConfig, Flat], Built]] = {
    "adamw": _simple(torch.optim.AdamW, fused=True),
    "adam": _simple(torch.optim.Adam, fused=True),
    "sgd": _simple(torch.optim.SGD, fused=True),
    "momentum": _simple(torch.optim.SGD, momentum=0.9, fused=True),
    "nesterov": _simple(torch.optim.SGD, momentum=0.9, nesterov=True, fused=True),
    "rmsprop": _simple(torch.optim.RMSprop),
    "adagrad": _simple(torch.optim.Adagrad, fused=True),
    "muon": _muon,
}

"""Optimizers built from their records (explorer/config/optimizers.py): how one is built, steps, and saves its state.

Every optimizer is torch's own. Weight decay acts on matrices and not on biases and LayerNorm gains, as is usual since
GPT-2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from explorer.config.optimizers import UpdateRule, rule_named
from explorer.config.run import OptimizerConfig
from explorer.training import uncompiled

INSIDE = re.compile(r"(?:^|\.)(?:blocks|layers)\.")  # a layer's own parameters


class Flat:
    """A model's parameters laid end to end in one tensor, and their gradients in another.

    Elementwise work (clipping, Adam, SGD) is then one operation instead of one per parameter: at this project's sizes,
    calls cost more than arithmetic. The parameters become views of `values`. Matrices come first, so that weight decay
    acts on one piece.
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

    def join(self, tensors: dict[str, Tensor], out: Tensor | None = None) -> Tensor:
        """The inverse of `split`, as a new tensor or in `out`."""
        return torch.cat([tensors[name].flatten() for name in self.places], out=out)

    def piece(self, names: list[str]) -> Piece:
        """The adjacent parameters `names` as one parameter with its gradient."""
        place = slice(self.places[names[0]].start, self.places[names[-1]].stop)
        shapes = {name: self.shapes[name] for name in names}
        shape = self.shapes[names[0]] if len(names) == 1 else (-1,)
        parameter = nn.Parameter(self.values[place].view(shape))
        parameter.grad = self.grads[place].view(shape)
        return Piece(parameter, shapes)


@dataclass(frozen=True)
class Piece:
    """What torch's optimizers see: one parameter, with the names and shapes of those inside it."""

    parameter: nn.Parameter
    shapes: dict[str, torch.Size]

    def split(self, state: Tensor) -> dict[str, Tensor]:
        """A tensor of optimizer state by parameter name; a single number, such as a count, goes to each."""
        if state.ndim == 0:
            return {name: state.clone() for name in self.shapes}
        parts = state.flatten().split([shape.numel() for shape in self.shapes.values()])
        return {name: part.view(self.shapes[name]) for name, part in zip(self.shapes, parts, strict=True)}

    def join(self, parts: list[Tensor]) -> Tensor:
        """The inverse of `split`, as a new tensor."""
        if parts[0].ndim == 0:
            return parts[0].clone()
        return torch.cat([part.flatten() for part in parts]).view(self.parameter.shape)


class Optimizer:
    """One or more torch optimizers that step as one, on the values and gradients of `flat`.

    They are built when first needed: torch imports its compiler with the first one, 0.7 s of a core and 70 MB, which a
    command that only looks at a run, such as `score`, does without.
    """

    def __init__(self, config: OptimizerConfig, flat: Flat):
        self.config, self.flat = config, flat
        self.loaded: dict[str, Tensor] = {}  # the state that they will begin with

    @cached_property
    def built(self) -> tuple[list[Piece], dict[str, torch.optim.Optimizer]]:
        pieces, parts = built(self.config, self.flat)
        for part in parts.values() if self.loaded else ():  # what one begins with by itself stays, as Adagrad's sums
            take(part, pieces, self.loaded)
        self.loaded = {}
        return pieces, parts

    @property
    def pieces(self) -> list[Piece]:
        return self.built[0]

    @property
    def named_parts(self) -> dict[str, torch.optim.Optimizer]:
        return self.built[1]

    @property
    def parts(self) -> list[torch.optim.Optimizer]:
        return list(self.named_parts.values())

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def set(self, lr: float, weight_decay: float) -> None:
        """Sets step size and decay from the next step on."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr
                group["weight_decay"] = weight_decay if group["decays"] else 0.0

    def state(self) -> dict[str, Tensor]:
        """All state by `parameter name/key`; none before the first step."""
        if "built" not in vars(self):
            return dict(self.loaded)
        return {
            f"{name}/{key}": tensor
            for piece in self.pieces
            for part in self.parts
            for key, value in part.state.get(piece.parameter, {}).items()
            if isinstance(value, Tensor)
            for name, tensor in piece.split(value).items()
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """The inverse of `state`."""
        self.loaded = dict(state)
        vars(self).pop("built", None)


def take(part: torch.optim.Optimizer, pieces: list[Piece], state: dict[str, Tensor]) -> None:
    """Gives one of torch's optimizers its share of the state of all, by `parameter name/key`."""
    keys: dict[str, list[str]] = {}
    for path in state:
        name, _, key = path.rpartition("/")
        keys.setdefault(name, []).append(key)
    inside = {id(p) for group in part.param_groups for p in group["params"]}
    part.state.clear()
    for piece in pieces:
        kept = keys.get(next(iter(piece.shapes)), [])
        if id(piece.parameter) in inside and kept:
            part.state[piece.parameter] = {
                key: piece.join([state[f"{name}/{key}"] for name in piece.shapes]) for key in kept
            }


def built(config: OptimizerConfig, flat: Flat) -> tuple[list[Piece], dict[str, torch.optim.Optimizer]]:
    """The pieces of a model that an optimizer steps, and torch's optimizers by the names of their records.

    Those that step each number by itself take all matrices as one piece and all vectors as another. One that steps
    whole matrices takes those inside layers one by one, its `rest` the embeddings, the unembedding and the vectors.
    """
    rule = rule_named(config.name)
    if rule.rest is None:
        pieces = [flat.piece(names) for names in flat.kinds.values() if names]
        return pieces, {config.name: torch_optimizer(rule, config, pieces)}
    inside: list[Piece] = []
    rest: list[Piece] = []
    for name, shape in flat.shapes.items():
        chosen = inside if INSIDE.search(name) and len(shape) == 2 else rest
        chosen.append(flat.piece([name]))
    parts = {config.name: (rule, inside), rule.rest: (rule_named(rule.rest), rest)}
    return inside + rest, {
        name: torch_optimizer(part_rule, config, pieces) for name, (part_rule, pieces) in parts.items() if pieces
    }


def torch_optimizer(rule: UpdateRule, config: OptimizerConfig, pieces: list[Piece]) -> torch.optim.Optimizer:
    """torch's optimizer on these pieces: matrices, which decay, apart from vectors, which do not."""
    kinds: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for piece in pieces:
        kinds[len(next(iter(piece.shapes.values()))) >= 2].append(piece.parameter)
    groups = [{"params": params, "decays": decays} for decays, params in kinds.items() if params]
    kind = getattr(torch.optim, rule.torch)
    uncompiled.leave_out()
    return kind(groups, lr=config.lr, weight_decay=config.weight_decay, **rule.constants)


def constants(group: dict[str, Any]) -> dict[str, float]:
    """The constants in force of an optimizer's parameter group, by torch's names; betas one by one."""
    knobs = {key: float(value) for key, value in group.items() if isinstance(value, (int, float))}
    return knobs | dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))


@dataclass(frozen=True)
class Stepping:
    """How one parameter is stepped: its record, the constants in force, and the kept state."""

    name: str
    rule: UpdateRule
    knobs: dict[str, float]
    kept: dict[str, Tensor]

    @property
    def began(self) -> bool:
        """Whether all kept state is there: it is from the first step on."""
        return all(kept.key in self.kept for kept in self.rule.kept)

    def factor(self, lr: float) -> Tensor | None:
        """The factor of each gradient, or of its average, in a step: η over the divisor, (P,), or one for all.

        None if single numbers have no factor, or before there is anything to divide by.
        """
        if self.rule.divisor is None or not self.began:
            return None
        divisor = self.rule.divisor.value(self.kept, self.knobs)
        return torch.as_tensor(lr / divisor, device="cpu").flatten()

    def preconditioner(self) -> Tensor | None:
        """The divisor of the gradient's average as it is kept, (P,): the divisor times the filled share."""
        if not self.rule.divides or self.rule.divisor is None or not self.began:
            return None
        return self.rule.divisor.filled(self.kept, self.knobs) * self.rule.divisor.value(self.kept, self.knobs)


def steppings(optimizer: Optimizer) -> dict[str, Stepping]:
    """How each parameter is stepped, by its name."""
    state = optimizer.state()
    kept: dict[str, dict[str, Tensor]] = {}
    for path, value in state.items():
        name, _, key = path.rpartition("/")
        kept.setdefault(name, {})[key] = value
    names = {id(piece.parameter): list(piece.shapes) for piece in optimizer.pieces}
    steppings = {
        name: Stepping(rule, rule_named(rule), constants(group), kept.get(name, {}))
        for rule, part in optimizer.named_parts.items()
        for group in part.param_groups
        for parameter in group["params"]
        for name in names[id(parameter)]
    }
    return {name: steppings[name] for name in optimizer.flat.shapes}

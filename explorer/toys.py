"""Toy surfaces of two numbers, and how the engine's own optimizers walk over them.

    start ─> gradient by backpropagation ─> torch's optimizer, built as for a model ─> next place

Each step is also worked out by the formulas of explorer/measure/updates.py, sub-step by sub-step. N steps taken, S
sub-steps of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.config import OptimizerConfig
from explorer.measure.updates import RULES, Stage, Weight, strip
from explorer.optimizers import BUILDERS, Flat, Optimizer
from explorer.xray import constants, muon_direction

POINT = "blocks.point"  # what the two numbers are called: a matrix inside a block, so that Muon takes them
FURTHEST = 1e6  # a walk that is further from (0, 0) than this has left for good
UNSAID = {"clipping", "clipped gradient", "decay", "change"}  # stages that say nothing here
NAMES = tuple(name for name in BUILDERS if name in RULES)


@dataclass(frozen=True)
class Toy:
    """A surface: its formula, where it is looked at, x and y from and to, and where it has its minima.

    scale: how heights are coloured, log, linear or signed; floor: of a log scale.   rates: a learning rate for each
    optimizer with which it comes somewhere; others use `rate`.
    """

    title: str
    formula: str
    height: Callable[[Tensor, Tensor], Tensor]
    window: tuple[tuple[float, float], tuple[float, float]]
    start: tuple[float, float]
    minima: tuple[tuple[float, float, str], ...]
    scale: str
    rates: dict[str, float]
    floor: float = 0.0
    known_for: str = ""


def rastrigin(x: Tensor, y: Tensor) -> Tensor:
    """Rastrigin 1974, in two dimensions: a bowl with a dent at every whole number."""
    return 20 + x**2 - 10 * torch.cos(2 * math.pi * x) + y**2 - 10 * torch.cos(2 * math.pi * y)


TOYS = {
    "rosenbrock": Toy(
        title="Rosenbrock’s valley",
        formula="(1 − x)² + 100 (y − x²)²",
        height=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        window=((-2.0, 2.0), (-1.0, 3.0)),
        start=(-1.2, 1.0),
        minima=((1.0, 1.0, "minimum"),),
        scale="log",
        floor=0.1,
        rates={
            "adamw": 0.3,
            "adam": 0.3,
            "sgd": 2e-3,
            "momentum": 1e-3,
            "nesterov": 1e-3,
            "rmsprop": 0.1,
            "adagrad": 1.0,
            "muon": 0.2,
        },
        known_for="the valley is found at once and followed slowly: it bends, and its floor is flat (Rosenbrock 1960)",
    ),
    "saddle": Toy(
        title="Saddle",
        formula="x² − y² + ¼ y⁴",
        height=lambda x, y: x**2 - y**2 + y**4 / 4,
        window=((-2.0, 2.0), (-2.0, 2.0)),
        start=(1.5, 0.001),
        minima=((0.0, 2**0.5, "minimum"), (0.0, -(2**0.5), "minimum")),
        scale="signed",
        rates={"adamw": 0.05, "adam": 0.05, "sgd": 0.05, "momentum": 0.02, "nesterov": 0.02, "rmsprop": 0.02},
        known_for="near (0, 0) the slope all but vanishes though it is no minimum: who divides by the gradient’s size "
        "leaves first (Dauphin et al. 2014)",
    ),
    "ravine": Toy(
        title="Ravine",
        formula="½ (x² + 50 y²)",
        height=lambda x, y: (x**2 + 50 * y**2) / 2,
        window=((-4.0, 4.0), (-1.5, 1.5)),
        start=(-3.5, 1.0),
        minima=((0.0, 0.0, "minimum"),),
        scale="log",
        floor=0.01,
        rates={"adamw": 0.1, "adam": 0.1, "sgd": 0.035, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.05},
        known_for="fifty times steeper across than along: plain steps swing across it, momentum evens them out (Polyak "
        "1964), dividing by the gradient’s size takes the steepness away",
    ),
    "rastrigin": Toy(
        title="Rastrigin’s egg box",
        formula="20 + x² − 10 cos 2πx + y² − 10 cos 2πy",
        height=rastrigin,
        window=((-3.0, 3.0), (-3.0, 3.0)),
        start=(2.4, -1.65),
        minima=((0.0, 0.0, "lowest point"),),
        scale="linear",
        rates={"adamw": 0.1, "adam": 0.1, "sgd": 2e-3, "momentum": 2e-3, "nesterov": 2e-3, "rmsprop": 0.03},
        known_for="a local minimum at every whole number: none of them knows of the lowest one (Rastrigin 1974)",
    ),
}
RATE = {"adagrad": 0.5, "muon": 0.3}
DEFAULT_RATE = 0.05


@dataclass(frozen=True)
class Walk:
    """What an optimizer did from a start.

    places (N + 1, 2), heights (N + 1,), gradients (N, 2), numbers (N, S, 2): the sub-steps of each step, in float64,
    for both coordinates, with their stages.   ended: why it ended before its time, "" if it did not.
    """

    name: str
    lr: float
    source: str
    stages: tuple[Stage, ...]
    places: np.ndarray
    heights: np.ndarray
    gradients: np.ndarray
    numbers: np.ndarray
    ended: str = ""


def toy_named(name: str) -> Toy:
    """A toy surface. ValueError names those that there are."""
    if name not in TOYS:
        raise ValueError(f"there is no toy surface {name}; there are {', '.join(TOYS)}")
    return TOYS[name]


def rate_of(toy: Toy, name: str) -> float:
    """The learning rate that an optimizer starts with on a surface."""
    return toy.rates.get(name, RATE.get(name, DEFAULT_RATE))


def heights(toy: Toy, n: int) -> np.ndarray:
    """The surface over its window, (n, n): rows from the lowest y."""
    (left, right), (low, high) = toy.window
    x, y = (torch.linspace(*ends, n, dtype=torch.float64) for ends in ((left, right), (low, high)))
    return toy.height(x[None, :], y[:, None]).numpy()


def gradient(toy: Toy, place: Tensor) -> tuple[float, Tensor]:
    """The height at a place (1, 2) and its gradient, by backpropagation."""
    with torch.enable_grad():
        at = place.detach().clone().requires_grad_()
        height = toy.height(at[0, 0], at[0, 1])
        (slope,) = torch.autograd.grad(height, [at])
    return height.item(), slope


def walk(toy: Toy, name: str, lr: float, start: tuple[float, float], steps: int) -> Walk:
    """N ≤ `steps` steps of an optimizer by its name. ValueError where there is no such optimizer or rate."""
    if name not in NAMES:
        raise ValueError(f"there is no optimizer {name} here; use one of {', '.join(NAMES)}")
    config = OptimizerConfig.model_validate({"name": name, "lr": lr, "weight_decay": 0.0})
    flat = Flat({POINT: nn.Parameter(torch.tensor([start], dtype=torch.float64))})
    optimizer, (place,) = Optimizer(config, flat), flat.split(flat.values).values()
    group = next(g for part in optimizer.parts for g in part.param_groups)
    places, found, slopes, numbers = [place.flatten().tolist()], [], [], []
    stages: tuple[Stage, ...] = ()
    ended = ""
    for step in range(1, steps + 1):
        height, slope = gradient(toy, place)
        found.append(height)
        kept = {path.rpartition("/")[2]: value.clone() for path, value in optimizer.state().items()}
        told = [substeps(name, constants(group), lr, step, place, slope, kept, axis) for axis in (0, 1)]
        flat.grads.copy_(slope.flatten())
        optimizer.step()
        if not bool(torch.isfinite(place).all()) or float(place.abs().max()) > FURTHEST:
            ended = f"its step {step} leads out of all bounds; a smaller learning rate stays"
            break
        slopes.append(slope.flatten().tolist())
        numbers.append([[stage.value for stage in pair] for pair in zip(*told, strict=True)])
        places.append(place.flatten().tolist())
        stages = tuple(told[0])
    else:
        found.append(gradient(toy, place)[0])
    return Walk(
        name=name,
        lr=lr,
        source=RULES[name][0],
        stages=stages,
        places=np.array(places),
        heights=np.array(found[: len(places)]),
        gradients=np.array(slopes).reshape(-1, 2),
        numbers=np.array(numbers).reshape(len(slopes), len(stages), 2),
        ended=ended,
    )


def substeps(
    name: str,
    knobs: dict[str, float],
    lr: float,
    step: int,
    place: Tensor,
    slope: Tensor,
    kept: dict[str, Any],
    axis: int,
) -> list[Stage]:
    """One step of one coordinate, worked out by the optimizer's formulas."""
    orthogonal = 0.0
    if name == "muon":
        buffer = kept.get("momentum_buffer", torch.zeros_like(slope))
        orthogonal = float(muon_direction(buffer, slope, knobs["momentum"])[0, axis])
    weight = Weight(
        value=float(place[0, axis]),
        gradient=float(slope[0, axis]),
        norm=float(slope.norm()),
        clip=None,
        lr=lr,
        decay=0.0,
        count=step,
        kept={key: float(value[0, axis]) for key, value in kept.items() if value.ndim},
        knobs=knobs,
        matrix=(1, 2),
        orthogonal=orthogonal,
    )
    stages = []
    for stage in strip(name, weight).stages:
        if stage.name == "gradient":
            stage = Stage("gradient", "g", "slope of the surface, ∂f/∂x and ∂f/∂y", "", stage.value)
        if stage.name == "bias correction":
            beta = knobs["beta1" if stage.symbol == "m̂" else "beta2"]
            sign = "β₁" if stage.symbol == "m̂" else "β₂"
            formula = f"share that is filled, {sign} = {beta:g}"
            stages.append(Stage("filled", f"1 − {sign}ᵗ", formula, "", 1 - beta**step))
        if stage.name == "new weight":
            stage = Stage("new place", "θ′", "where it was + step", "", stage.value)
        if stage.name not in UNSAID:
            stages.append(stage)
    return stages

"""Toy surfaces of two numbers, and the paths of the engine's own optimizers over them.

start ─> gradient by backpropagation ─> torch's optimizer, built as for a model ─> next place

Each step is also computed from the formulas of explorer/measure/updates.py, sub-step by sub-step. N steps taken, S
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

from explorer.analysis.weight import direction
from explorer.config.optimizers import UpdateRule, rule_named
from explorer.config.run import OptimizerConfig
from explorer.measure.updates import Stage, Weight, strip
from explorer.training.optimizers import Flat, Optimizer, constants

POINT = "blocks.point"  # the parameter's name: a matrix inside a block, so that Muon takes it
FURTHEST = 1e6  # a walk further from (0, 0) than this has diverged
UNSAID = {"clipping", "clipped gradient", "decay", "change"}  # stages that do not apply here


@dataclass(frozen=True)
class Toy:
    """A surface: its formula, its window in x and y, and its minima.

    scale: of the colours of heights, log, linear or signed; floor: of a log scale.
    """

    title: str
    formula: str
    height: Callable[[Tensor, Tensor], Tensor]
    window: tuple[tuple[float, float], tuple[float, float]]
    start: tuple[float, float]
    minima: tuple[tuple[float, float, str], ...]
    scale: str
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
        known_for="a local minimum at every whole number: none of them knows of the lowest one (Rastrigin 1974)",
    ),
}


@dataclass(frozen=True)
class Walk:
    """An optimizer's path from a start.

    places (N + 1, 2), heights (N + 1,), gradients (N, 2), numbers (N, S, 2): the sub-steps of each step, in float64,
    for both coordinates, with their stages.   ended: why it ended early, "" if it did not.
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
    """A toy surface. ValueError lists the names."""
    if name not in TOYS:
        raise ValueError(f"there is no toy surface {name}; there are {', '.join(TOYS)}")
    return TOYS[name]


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
    """At most `steps` steps of an optimizer by its name. ValueError if there is no such optimizer or rate."""
    rule = rule_named(name)
    config = OptimizerConfig.model_validate({"name": name, "lr": lr, "weight_decay": 0.0})
    flat = Flat({POINT: nn.Parameter(torch.tensor([start], dtype=torch.float64))})
    optimizer, (place,) = Optimizer(config, flat), flat.split(flat.values).values()
    group = next(g for part in optimizer.parts for g in part.param_groups)
    places, visited_heights, slopes, numbers = [place.flatten().tolist()], [], [], []
    stages: tuple[Stage, ...] = ()
    ended = ""
    for step in range(1, steps + 1):
        height, slope = gradient(toy, place)
        visited_heights.append(height)
        kept = {path.rpartition("/")[2]: value.clone() for path, value in optimizer.state().items()}
        stages_of_axes = [substeps(rule, constants(group), lr, step, place, slope, kept, axis) for axis in (0, 1)]
        flat.grads.copy_(slope.flatten())
        optimizer.step()
        if not bool(torch.isfinite(place).all()) or float(place.abs().max()) > FURTHEST:
            ended = f"its step {step} leads out of all bounds; a smaller learning rate stays"
            break
        slopes.append(slope.flatten().tolist())
        numbers.append([[stage.value for stage in pair] for pair in zip(*stages_of_axes, strict=True)])
        places.append(place.flatten().tolist())
        stages = tuple(stages_of_axes[0])
    else:
        visited_heights.append(gradient(toy, place)[0])
    return Walk(
        name=name,
        lr=lr,
        source=rule.source,
        stages=stages,
        places=np.array(places),
        heights=np.array(visited_heights[: len(places)]),
        gradients=np.array(slopes).reshape(-1, 2),
        numbers=np.array(numbers).reshape(len(slopes), len(stages), 2),
        ended=ended,
    )


def substeps(
    rule: UpdateRule,
    knobs: dict[str, float],
    lr: float,
    step: int,
    place: Tensor,
    slope: Tensor,
    kept: dict[str, Any],
    axis: int,
) -> list[Stage]:
    """One step of one coordinate, worked out by the optimizer's formulas."""
    whole = direction(rule, kept, slope, knobs)
    weight = Weight(
        value=float(place[0, axis]),
        gradient=float(slope[0, axis]),
        norm=float(slope.norm()),
        clip=None,
        lr=lr,
        decay=0.0,
        count=step,
        kept={key: float(value[0, axis] if value.ndim else value) for key, value in kept.items()},
        knobs=knobs,
        matrix=(1, 2),
        direction=None if whole is None else float(whole[0, axis]),
    )
    stages = []
    for stage in strip(rule.source, rule.step, weight).stages:
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

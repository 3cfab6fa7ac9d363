"""X-ray of one weight: what one training step did to it, and its gradient checked by differences.

training at step s --film--> weights, gradients, optimizer's state before and after --strip--> one weight
weights, batches, both in float64 --proof--> (L(θ + h) − L(θ − h)) / 2h, backpropagation, and the training's gradient

A film is made by the training's own step; the strip's formulas (explorer/measure/updates.py) are computed from its
inputs, so that its outputs test them. R rows, C columns of a tensor; a vector is one row.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from explorer.config.optimizers import Knobs, State, UpdateRule
from explorer.measure.updates import Weight, strip
from explorer.tasks.base import Batch
from explorer.training.device import numerics
from explorer.training.loop import Step, Training
from explorer.training.optimizers import steppings
from explorer.training.randomness import stream
from models import precisions
from models.layers import Dropout

COEFFICIENTS = 3.4445, -4.7750, 2.0315  # Muon's Newton–Schulz polynomial (Jordan et al. 2024)
ROUNDS = 5
BEST = torch.finfo(torch.float64).eps ** (1 / 3)  # where truncation, h², and rounding, ε / h, balance
WIDTHS = tuple(10.0**-k for k in range(1, 11))  # other h, to show why


@dataclass(frozen=True)
class Film:
    """One step, before and after. Tensors by parameter name; the optimizer's state by `name/key`.

    raw, clipped: the gradient before and after clipping.   training: after the step.
    """

    training: Training
    step: Step
    before: dict[str, Tensor]
    raw: dict[str, Tensor]
    clipped: dict[str, Tensor]
    after: dict[str, Tensor]
    kept: dict[str, Tensor]


def film(training: Training) -> Film:
    """Takes the next step of `training` and keeps its inputs and outputs. Diverged, StopIteration as `next`."""
    flat = training.flat
    before = flat.values.clone()
    kept = {path: value.clone() for path, value in training.optimizer.state().items()}
    training.model.train()
    with numerics(training.config), torch.enable_grad():
        training.fill_gradients(training.step)  # once more than the step does, before clipping
    raw = flat.grads.clone()
    step = next(training)
    return Film(
        training=training,
        step=step,
        before=flat.split(before),
        raw=flat.split(raw),
        clipped=flat.split(flat.grads.clone()),
        after=flat.split(flat.values.clone()),
        kept=kept,
    )


def xray(film: Film, name: str, row: int, column: int) -> dict[str, Any]:
    """What the step did to one weight: plain values for the strip.

    stages, step, decay, source: as in `updates.Strip`, in float64.   before, after: the weight around the step.
    observed: after − before.   frozen: it belongs to a frozen head and was restored. ValueError if there is no such
    weight.
    """
    place = place_of(film.before, name, row, column)
    stepping = steppings(film.training.optimizer)[name]
    rule, knobs = stepping.rule, dict(stepping.knobs)
    kept = {
        key: value
        for path, value in film.kept.items()
        for parameter, _, key in [path.rpartition("/")]
        if parameter == name
    }
    shape = as_matrix(film.before[name]).shape
    whole = direction(rule, kept, film.clipped[name], knobs)
    weight = Weight(
        value=float(as_matrix(film.before[name])[place]),
        gradient=float(as_matrix(film.raw[name])[place]),
        norm=film.step.grad_norm,
        clip=film.training.config.train.clip,
        lr=film.step.lr,
        decay=knobs.pop("weight_decay"),
        count=int(kept["step"]) + 1 if "step" in kept else 1,
        kept={key: float(as_matrix(value)[place]) if value.ndim else float(value) for key, value in kept.items()},
        knobs=knobs,
        matrix=(shape[0], shape[1]),
        direction=None if whole is None else float(as_matrix(whole)[place]),
    )
    after = float(as_matrix(film.after[name])[place])
    way = strip(rule.source, rule.step, weight)
    return {
        "rule": stepping.name,
        "source": way.source,
        "stages": [asdict(stage) for stage in way.stages],
        "step_size": way.step,
        "decay": way.decay,
        "before": weight.value,
        "after": after,
        "observed": after - weight.value,
        "frozen": frozen(film.training, name, place),
    }


def as_matrix(tensor: Tensor) -> Tensor:
    """A tensor as rows and columns (R, C); a vector is one row."""
    return tensor.reshape(-1, tensor.shape[-1]) if tensor.ndim else tensor.reshape(1, 1)


def place_of(tensors: dict[str, Tensor], name: str, row: int, column: int) -> tuple[int, int]:
    """The place of the weight. ValueError names what there is."""
    if name not in tensors:
        raise ValueError(f"there is no tensor {name}; tensors are {', '.join(tensors)}")
    rows, columns = as_matrix(tensors[name]).shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(f"[{row}, {column}] is not in {name}; use rows 0 to {rows - 1}, columns 0 to {columns - 1}")
    return row, column


def direction(rule: UpdateRule, kept: State, gradient: Tensor, knobs: Knobs) -> Tensor | None:
    """The direction of a whole matrix, from its state before the step; None if each number is stepped by itself."""
    if rule.direction is None:
        return None
    module, _, function = rule.direction.partition(":")
    result: Tensor = getattr(import_module(module), function)(kept, gradient, knobs)
    return result


def frozen(training: Training, name: str, place: tuple[int, int]) -> bool:
    """Whether the weight belongs to a head that keeps its weights."""
    for head in training.heads.frozen:
        for parameter, index in training.heads.slices(head):
            if training.heads.names_of[id(parameter)] == name:
                mask = torch.zeros(parameter.shape, dtype=torch.bool)
                mask[index] = True
                if as_matrix(mask)[place]:
                    return True
    return False


def muon_direction(kept: State, gradient: Tensor, knobs: Knobs) -> Tensor:
    """Muon's direction (R, C): Nesterov momentum, then five Newton–Schulz steps in bfloat16.

    X ← a X + (b A + c A²) X with A = X Xᵀ, from X / ‖X‖: pulls every singular value to near 1 (Jordan et al.
    2024). In the order of torch.optim.Muon, so that it rounds as that does.
    """
    momentum = knobs["momentum"]
    buffer = kept.get("momentum_buffer", torch.zeros_like(gradient)).lerp(gradient, 1 - momentum)
    x = gradient.lerp(buffer, momentum).bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).float()


def proof(training: Training, name: str, row: int, column: int) -> dict[str, Any]:
    """Central differences of the loss in float64 compared with backpropagation, for one weight at the next step.

    Also compares the gradient that the training itself computes for that step: a difference and a backpropagation of
    the same wrong loss would agree. Changes no weight; leaves the model in evaluation mode. Diverged if the step cannot
    be taken.

    h: BEST · max(1, |θ|).   difference: (L(θ + h) − L(θ − h)) / 2h, exact: ∂L/∂θ by backpropagation, both in float64;
    relative: |difference − exact| / max of both, None if both are 0.   trained: the training's own gradient, in its own
    precision; apart: over the whole tensor ‖trained − exact‖ / ‖exact‖, 0 if both are 0.   loss: in float64. others:
    [h, relative] for WIDTHS.
    """
    place = place_of(training.weights(), name, row, column)
    model = precisions.in_float64(training.model).train()
    named = dict(model.named_parameters())
    weight = as_matrix(named[name].data)
    with numerics(training.config):
        with torch.enable_grad():
            loss = loss_of(training, model)
            (grad,) = torch.autograd.grad(loss, [named[name]], allow_unused=True)
        whole = torch.zeros_like(named[name]) if grad is None else grad
        exact = float(as_matrix(whole)[place])
        at = float(weight[place])

        def difference(h: float) -> float:
            ends = []
            for end in (at + h, at - h):
                weight[place] = end
                with torch.no_grad():
                    ends.append(float(loss_of(training, model)))
            weight[place] = at
            return (ends[0] - ends[1]) / (2 * h)

        h = BEST * max(1.0, abs(at))
        quotient = difference(h)
        others = [(width, relative(difference(width), exact)) for width in WIDTHS]
        training.model.train()
        with torch.enable_grad():
            training.fill_gradients(training.step)
        training.model.eval()
    gradient = training.grads[name].cpu().double()
    return {
        "h": h,
        "at": at,
        "difference": quotient,
        "exact": exact,
        "relative": relative(quotient, exact),
        "trained": float(as_matrix(gradient)[place]),
        "apart": float((gradient - whole).norm() / whole.norm()) if (gradient - whole).any() else 0.0,
        "precision": training.config.train.precision,
        "loss": float(loss.detach()),
        "others": [list(pair) for pair in others],
    }


def relative(a: float, b: float) -> float | None:
    """|a − b| over the larger of the two; None if both are 0."""
    largest = max(abs(a), abs(b))
    return abs(a - b) / largest if largest and math.isfinite(largest) else None


def loss_of(training: Training, model: nn.Module) -> Tensor:
    """The next step's loss, on a model of the training's shape on the CPU, with the same dropout."""
    index, device = training.step, torch.device("cpu")
    batches = [batch.to(device) for batch in training.batches(index)]
    losses = []
    for part, batch in enumerate(batches):
        generator = stream(training.config.train.seed, "dropout", index, part, device.type)
        for module in model.modules():
            if isinstance(module, Dropout):
                module.generator = generator  # one for all, as in training
        losses.append(training.criterion.mean(model(batch.tokens, batch.source), exact_targets(batch)))
    return torch.stack(losses).mean()


def exact_targets(batch: Batch) -> Tensor:
    """A batch's targets; counts, which are numbers and no classes, in float64."""
    return batch.targets.double() if batch.targets.is_floating_point() else batch.targets

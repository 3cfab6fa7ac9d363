"""One weight's X-ray: what one training step did to it, and its gradient proved by differences.

    training at step s --film--> weights, gradients, optimizer's state before and after --strip--> one weight
    weights, batch, both in float64 --proof--> backpropagation beside (L(θ + h) − L(θ − h)) / 2h

A film is made by the training's own step; the strip's formulas (explorer/measure/updates.py) are worked out
again from what went in, so that what came out is a test of them. R rows, C columns of a tensor; a vector is
one row.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explorer.arithmetic import in_float64
from explorer.device import numerics
from explorer.measure.updates import Weight, strip
from explorer.randomness import stream
from explorer.trace import mean_loss
from explorer.training import Step, Training
from models.layers import Dropout

COEFFICIENTS = 3.4445, -4.7750, 2.0315  # Muon's Newton–Schulz polynomial (Jordan et al. 2024)
ROUNDS = 5
BEST = torch.finfo(torch.float64).eps ** (1 / 3)  # where truncation, h², and rounding, ε / h, balance
WIDTHS = tuple(10.0**-k for k in range(1, 11))  # other h, to show why


@dataclass(frozen=True)
class Film:
    """One step, before and after. Tensors by parameter name; the optimizer's state by `name/key`.

    raw, clipped: the gradient before and after clipping.   training: as it stands after the step.
    """

    training: Training
    step: Step
    before: dict[str, Tensor]
    raw: dict[str, Tensor]
    clipped: dict[str, Tensor]
    after: dict[str, Tensor]
    kept: dict[str, Tensor]


def film(training: Training) -> Film:
    """Takes the next step of `training` and keeps what it was made of. Diverged, StopIteration as `next`."""
    flat = training.flat
    before = flat.values.clone()
    kept = {path: value.clone() for path, value in training.optimizer.state().items()}
    training.model.train()
    with numerics(training.config), torch.enable_grad():
        training.fill_gradients(training.step)  # once more than the step does, before it clips
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

    stages, step, decay, source: as `updates.Strip` says, in float64.   before, after: the weight as the step
    had it and left it.   observed: after − before.   frozen: it belongs to a frozen head and was put back.
    ValueError where there is no such weight.
    """
    place = found(film.before, name, row, column)
    rule, knobs = ruled(film.training, name)
    shape = as_matrix(film.before[name]).shape
    kept = {key: value for path, value in film.kept.items() for own, _, key in [path.rpartition("/")] if own == name}
    orthogonal = 0.0
    if rule == "muon":
        momentum = kept.get("momentum_buffer", torch.zeros_like(film.raw[name]))
        orthogonal = float(as_matrix(muon_direction(momentum, film.clipped[name], knobs["momentum"]))[place])
    weight = Weight(
        value=float(as_matrix(film.before[name])[place]),
        gradient=float(as_matrix(film.raw[name])[place]),
        norm=film.step.grad_norm,
        clip=film.training.config.train.clip,
        lr=film.step.lr,
        decay=knobs.pop("weight_decay"),
        count=int(kept["step"]) + 1 if "step" in kept else 1,
        kept={key: float(as_matrix(value)[place]) for key, value in kept.items() if value.ndim},
        knobs=knobs,
        matrix=(shape[0], shape[1]),
        orthogonal=orthogonal,
    )
    after = float(as_matrix(film.after[name])[place])
    way = strip(rule, weight)
    return {
        "rule": rule,
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


def found(tensors: dict[str, Tensor], name: str, row: int, column: int) -> tuple[int, int]:
    """Where the weight lies. ValueError names what there is."""
    if name not in tensors:
        raise ValueError(f"there is no tensor {name}; tensors are {', '.join(tensors)}")
    rows, columns = as_matrix(tensors[name]).shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(f"[{row}, {column}] is not in {name}; use rows 0 to {rows - 1}, columns 0 to {columns - 1}")
    return row, column


def ruled(training: Training, name: str) -> tuple[str, dict[str, float]]:
    """By which rule a parameter is stepped, and the constants in force, by torch's names."""
    (piece,) = [piece for piece in training.optimizer.pieces if name in piece.shapes]
    for part in training.optimizer.parts:
        for group in part.param_groups:
            if any(piece.parameter is parameter for parameter in group["params"]):
                rule = training.config.optimizer.name
                if rule == "muon" and not isinstance(part, torch.optim.Muon):
                    rule = "adamw"  # of embeddings, unembedding and vectors
                return rule, constants(group)
    raise AssertionError(f"{name} belongs to an optimizer")


def constants(group: dict[str, Any]) -> dict[str, float]:
    """The numbers in force of an optimizer's parameter group, by torch's names; betas one by one."""
    knobs = {key: float(value) for key, value in group.items() if isinstance(value, (int, float))}
    return knobs | dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))


def frozen(training: Training, name: str, place: tuple[int, int]) -> bool:
    """Whether the weight belongs to a head that keeps its weights."""
    for head in training.heads.frozen:
        for parameter, own in training.heads.slices(head):
            if training.heads.names_of[id(parameter)] == name:
                mask = torch.zeros(parameter.shape, dtype=torch.bool)
                mask[own] = True
                if as_matrix(mask)[place]:
                    return True
    return False


def muon_direction(buffer: Tensor, gradient: Tensor, momentum: float) -> Tensor:
    """Muon's direction (R, C): Nesterov momentum, then five Newton–Schulz steps in bfloat16.

    X ← a X + (b A + c A²) X with A = X Xᵀ, from X / ‖X‖: pulls every singular value to near 1 (Jordan et al.
    2024). In the order of torch.optim.Muon, so that it rounds as that does.
    """
    buffer = buffer.lerp(gradient, 1 - momentum)
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
    """Central differences of the loss in float64 beside backpropagation, for one weight on the next step's batch.

    Changes no weight; leaves the model in evaluation mode.

    h: BEST · max(1, |θ|).   difference: (L(θ + h) − L(θ − h)) / 2h, exact: ∂L/∂θ by backpropagation, both in
    float64; relative: |difference − exact| / max of both, None where both are 0.   trained: what the training
    itself computes, in its own precision.   loss: in float64.   others: [h, relative] for WIDTHS.
    """
    place = found(training.weights(), name, row, column)
    model = in_float64(training.model).train()
    named = dict(model.named_parameters())
    weight = as_matrix(named[name].data)
    with numerics(training.config):
        with torch.enable_grad():
            loss = loss_of(training, model)
            (grad,) = torch.autograd.grad(loss, [named[name]], allow_unused=True)
        exact = 0.0 if grad is None else float(as_matrix(grad)[place])
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
            own = torch.autograd.grad(loss_of(training, training.model), [training.named[name]], allow_unused=True)[0]
        training.model.eval()
    return {
        "h": h,
        "at": at,
        "difference": quotient,
        "exact": exact,
        "relative": relative(quotient, exact),
        "trained": 0.0 if own is None else float(as_matrix(own)[place]),
        "precision": training.config.train.precision,
        "loss": float(loss.detach()),
        "others": [list(pair) for pair in others],
    }


def relative(a: float, b: float) -> float | None:
    """|a − b| over the larger of the two; None where both are 0."""
    largest = max(abs(a), abs(b))
    return abs(a - b) / largest if largest and math.isfinite(largest) else None


def loss_of(training: Training, model: nn.Module) -> Tensor:
    """The loss of the next step, all its batches, on a model of the training's shape, its dropout drawn the same."""
    train, index = training.config.train, training.step
    device = next(model.parameters()).device
    total = torch.zeros((), dtype=next(model.parameters()).dtype, device=device)
    for part in range(train.accumulate):
        batch = training.batch(index, part).to(device)
        generator = stream(train.seed, "dropout", index, part, device.type)
        for module in model.modules():
            if isinstance(module, Dropout):
                module.generator = generator  # one for all, as the training has it
        logits = model(batch.tokens, batch.source)
        total = total + mean_loss(logits, batch.targets, train.label_smoothing) / train.accumulate
    return total

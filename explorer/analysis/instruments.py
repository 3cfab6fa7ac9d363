"""Instruments: the gradient of every sample of a training batch, and its statistics. The training is left unchanged.

B samples, P parameters. Measured without dropout, on a step's batches, with the loss that training minimizes: the
task's objective, with the label smoothing in force.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from explorer.measure import instruments as measure
from explorer.tasks.base import Batch
from explorer.tasks.objective import UNSMOOTHED, Criterion
from explorer.trace import copied, evaluating
from explorer.training.device import numerics
from explorer.training.divergence import Diverged
from explorer.training.loop import Training
from explorer.training.schedules import learning_rate

TESTS, SIGNAL, NOISE, QUALITY = "tests", "signal", "noise", "quality"
ALL = (TESTS, SIGNAL, NOISE, QUALITY)
LARGEST = 2**26  # numbers in the gradients of one chunk of samples, at most: 256 MB

Named = dict[str, Tensor]


@dataclass(frozen=True)
class Pulls:
    """The per-sample gradients of a step, in numbers. B samples.

    losses (B,): in nats.   squares (B,): ‖g_i‖².   along (B,): g_i·g.   size: ‖g‖².   slopes (B,): g_i along a given
    direction.   to_noise: mean signal-to-noise, if requested, and the milliseconds for it.
    """

    losses: np.ndarray
    squares: np.ndarray
    along: np.ndarray
    size: float
    slopes: np.ndarray | None = None
    to_noise: float | None = None
    to_noise_took: float = 0.0


@dataclass(frozen=True)
class Reading:
    """Instruments at a step. numbers: by name, None if undefined.   milliseconds: by group of instruments."""

    pulls: Pulls
    numbers: dict[str, float | None]
    milliseconds: dict[str, float]


def sample_gradients(
    model: nn.Module, batch: Batch, share: float | None = None, criterion: Criterion = UNSMOOTHED
) -> tuple[Named, Tensor]:
    """The gradient of every sample by parameter, (B, *shape), and its loss, (B,).

    Their mean is the batch's: a sample's loss is the sum over its tokens times `share` (B / the batch's predicted
    tokens unless given), so that a sample with more tokens counts for more, as it does in the batch's mean.
    """
    share = len(batch.tokens) / batch.predicted if share is None else share

    def loss(weights: Named, tokens: Tensor, targets: Tensor, source: Tensor | None) -> Tensor:
        logits = functional_call(model, weights, (tokens[None], None if source is None else source[None]))
        return criterion.losses(logits, targets[None]).sum() * share

    weights = {name: p.detach() for name, p in model.named_parameters()}
    places = (None, 0, 0, None if batch.source is None else 0)
    return vmap(grad_and_value(loss), in_dims=places)(weights, batch.tokens, batch.targets, batch.source)


def step_loss(model: nn.Module, batches: Sequence[Batch], criterion: Criterion = UNSMOOTHED) -> Tensor:
    """The loss of a step: the mean of its batches' mean losses."""
    return torch.stack([criterion.mean(model(b.tokens, b.source), b.targets) for b in batches]).mean()


def batch_gradient(model: nn.Module, batches: Sequence[Batch], criterion: Criterion = UNSMOOTHED) -> Named:
    """The gradient of `step_loss`, by parameter."""
    named = dict(model.named_parameters())
    loss = step_loss(model, batches, criterion)
    return dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))


def step_gradient(training: Training, ahead: int = 0) -> Named:
    """The gradient of the training's next step, before clipping and without dropout, by parameter.

    ahead: uses a later step's batches at the same weights.
    """
    with numerics(training.config), evaluating(training.model), torch.enable_grad():
        return batch_gradient(training.model, training.batches(training.step + ahead), training.criterion)


def pulls(
    model: nn.Module,
    batches: Sequence[Batch],
    toward: Callable[[Named], Named | None] | None = None,
    to_noise: bool = False,
    largest: int = LARGEST,
    criterion: Criterion = UNSMOOTHED,
) -> Pulls:
    """The per-sample gradients of a step's batches, in numbers.

    toward: returns a direction of length 1 for the batches' gradient, or None; to_noise: also the signal-to-noise
    ratio. At most `largest` numbers of sample gradients are held at a time.
    """
    with evaluating(model), torch.no_grad():
        pieces = pieces_of(model, batches, largest)
        mean: Named = {}
        if len(pieces) > 1:
            with torch.enable_grad():
                mean = batch_gradient(model, batches, criterion)
        chunks: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        square: Named = {name: torch.zeros_like(p) for name, p in model.named_parameters()} if to_noise else {}
        direction, took = None, 0.0
        for piece, share in pieces:
            each, losses = sample_gradients(model, piece, share, criterion)
            mean = mean or {name: g.mean(0) for name, g in each.items()}
            if toward is not None and not chunks:
                direction = toward(mean)
            squares, along = losses.new_zeros(2, len(losses), dtype=torch.float64)
            for name, g in each.items():
                squares += torch.linalg.vector_norm(g.flatten(1), dim=1).double() ** 2
                along += g.flatten(1) @ mean[name].flatten()
            start = time.perf_counter()
            for name in square:
                square[name] += each[name].square().sum(0)
            took += time.perf_counter() - start
            chunks.append((losses, squares, along, losses if direction is None else shares(each, direction)))
        losses, squares, along, slopes = (torch.cat(parts).double() for parts in zip(*chunks, strict=True))
        start, ratio = time.perf_counter(), None
        if to_noise and len(losses) > 1:
            whole, squared = (copied(torch.cat([t[n].flatten() for n in square])) for t in (mean, square))
            ratio = measure.signal_to_noise(whole, squared / len(losses))
        return Pulls(
            losses=copied(losses),
            squares=copied(squares),
            along=copied(along),
            size=float(sum(g.double().square().sum() for g in mean.values())),
            slopes=None if direction is None else copied(slopes),
            to_noise=ratio,
            to_noise_took=1e3 * (took + time.perf_counter() - start),
        )


def shares(each: Named, direction: Named) -> Tensor:
    """The component of each sample's gradient, (B, *shape) by parameter, along a direction: (B,)."""
    return torch.stack([g.flatten(1) @ direction[name].flatten() for name, g in each.items()]).double().sum(0)


def pieces_of(model: nn.Module, batches: Sequence[Batch], largest: int) -> list[tuple[Batch, float]]:
    """A step's batches in pieces whose sample gradients have at most `largest` numbers, each with its `share`."""
    most = max(1, largest // sum(p.numel() for p in model.parameters()))
    total = sum(len(batch.tokens) for batch in batches)
    return [
        (Batch(b.tokens[i : i + most], b.targets[i : i + most], source), total / len(batches) / b.predicted)
        for b in batches
        for i in range(0, len(b.tokens), most)
        for source in [None if b.source is None else b.source[i : i + most]]
    ]


@contextmanager
def stepped(training: Training, gradient: Named | None = None) -> Iterator[bool]:
    """The training one step further; restored to the bit afterwards. Yields whether there was a step to take.

    gradient: of the step's batches without dropout, by parameter, if known; computed anew if the step uses another.
    """
    step, config = training.step, training.config
    weights, state = ({name: t.clone() for name, t in of.items()} for of in (training.weights(), training.state()))
    try:
        with evaluating(training.model):
            if gradient is None or training.dropout > 0 or step == config.train.steps:
                yield next(training, None) is not None
            else:
                training.flat.grads.copy_(training.flat.join(gradient))
                training.descend(learning_rate(config.optimizer, step, config.train.steps))
                training.step += 1
                yield True
    finally:
        training.load(step, weights, state)


@dataclass(frozen=True)
class Ahead:
    """A step of a training: its length and direction, and losses (B,) and slopes (B,) along it on the next batches."""

    length: float
    direction: Named
    losses: np.ndarray
    slopes: np.ndarray


def next_step(training: Training, gradient: Named) -> Ahead | None:
    """The training's next step, for a known gradient. None if training ends here or would diverge."""
    before = training.flat.values.clone()
    try:
        with stepped(training, gradient) as taken:
            change = training.flat.values - before
            length = float(torch.linalg.vector_norm(change.double()))
            if not taken or length == 0:
                return None
            direction = training.flat.split(change / length)
            measured = []
            for piece, share in pieces_of(training.model, training.batches(training.step), LARGEST):
                each, losses = sample_gradients(training.model.eval(), piece, share, training.criterion)
                measured.append((losses.double(), shares(each, direction)))
            return Ahead(length, direction, *(copied(torch.cat(parts)) for parts in zip(*measured, strict=True)))
    except Diverged:
        return None


def read(training: Training, which: Collection[str] = ALL) -> Reading:
    """The chosen instruments on the batch of the training's next step.

    TESTS gives norm, inner and orthogonality; SIGNAL to_noise; NOISE noise, tr(Σ), and signal, |G|²; QUALITY quality.
    """
    spent: dict[str, float] = {}
    after: list[Ahead | None] = [None]

    def onward(gradient: Named) -> Named | None:
        start = time.perf_counter()
        after[0] = next_step(training, gradient)
        spent[QUALITY] = 1e3 * (time.perf_counter() - start)
        return None if after[0] is None else after[0].direction

    with numerics(training.config):
        start = time.perf_counter()
        batches, toward = training.batches(training.step), onward if QUALITY in which else None
        measured = pulls(training.model, batches, toward, SIGNAL in which, criterion=training.criterion)
        spent["samples"] = 1e3 * (time.perf_counter() - start) - measured.to_noise_took - spent.get(QUALITY, 0.0)
        spent |= {SIGNAL: measured.to_noise_took} if SIGNAL in which else {}
    return Reading(measured, statistics(measured, which, after[0]), spent)


def statistics(measured: Pulls, which: Collection[str], after: Ahead | None) -> dict[str, float | None]:
    """The statistics of the sample gradients. None if undefined for a single sample or a zero gradient."""
    squares, along, size = measured.squares, measured.along, measured.size
    names = {TESTS: ("norm", "inner", "orthogonality"), SIGNAL: (), NOISE: ("noise", "signal"), QUALITY: ("quality",)}
    numbers: dict[str, float | None] = {name: None for kind in ALL if kind in which for name in names[kind]}
    numbers |= {"to_noise": measured.to_noise} if SIGNAL in which else {}
    if len(squares) < 2 or not 0 < size < np.inf:
        return numbers
    if TESTS in which:
        numbers["norm"] = measure.norm_test(squares, size)
        numbers["inner"] = measure.inner_test(along, size)
        numbers["orthogonality"] = measure.orthogonality_test(squares, along, size)
    if NOISE in which:
        numbers |= {"noise": measure.variance(squares, size), "signal": measure.signal(squares, size)}
    if QUALITY in which and after is not None:
        assert measured.slopes is not None
        ends = (measured.losses, after.losses), (measured.slopes, after.slopes)
        numbers["quality"] = measure.step_quality(after.length, *ends)
    return numbers

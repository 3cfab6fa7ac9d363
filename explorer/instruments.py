"""Instruments: the gradient of every sample of a training batch, and what they tell. The training stays as it was.

B samples, P parameters. Measured without dropout, on the batch that a step trains on.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from explorer.device import numerics
from explorer.divergence import Diverged
from explorer.measure import instruments as measure
from explorer.tasks.base import Batch
from explorer.trace import copied, evaluating, mean_loss, token_losses
from explorer.training import Training

TESTS, SIGNAL, NOISE, QUALITY = "tests", "signal", "noise", "quality"
ALL = (TESTS, SIGNAL, NOISE, QUALITY)
LARGEST = 2**26  # numbers that the gradients of one chunk of samples may be: 256 MB

Named = dict[str, Tensor]


@dataclass(frozen=True)
class Pulls:
    """What the samples of a step pull at. B samples.

    losses (B,): nats.   squares (B,): ‖g_i‖².   along (B,): g_i·g.   size: ‖g‖².
    slopes (B,): g_i along the direction that was asked for.   to_noise: mean signal-to-noise, where asked for, and
    the milliseconds that it took by itself.
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
    """Instruments at a step. numbers: by name, None where it cannot be told. milliseconds: by what they went into."""

    pulls: Pulls
    numbers: dict[str, float | None]
    milliseconds: dict[str, float]


def sample_gradients(model: nn.Module, batch: Batch, share: float | None = None) -> tuple[Named, Tensor]:
    """The gradient of every sample by parameter, (B, *shape), and its loss, (B,).

    Their mean is the batch's: a sample's loss is the sum over its tokens times `share`, B / the batch's asked tokens
    unless given, so that one that asks more counts for more, as it does in the batch's mean over tokens.
    """
    share = len(batch.tokens) / batch.asked if share is None else share

    def loss(weights: Named, tokens: Tensor, targets: Tensor, source: Tensor | None) -> Tensor:
        logits = functional_call(model, weights, (tokens[None], None if source is None else source[None]))
        return token_losses(logits, targets[None]).sum() * share

    weights = {name: p.detach() for name, p in model.named_parameters()}
    places = (None, 0, 0, None if batch.source is None else 0)
    return vmap(grad_and_value(loss), in_dims=places)(weights, batch.tokens, batch.targets, batch.source)


def batch_gradient(model: nn.Module, batches: Sequence[Batch]) -> Named:
    """The gradient of the mean of the batches' mean losses, by parameter."""
    named = dict(model.named_parameters())
    loss = torch.stack([mean_loss(model(b.tokens, b.source), b.targets) for b in batches]).mean()
    return dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True))


def pulls(
    model: nn.Module,
    batches: Sequence[Batch],
    direction: Named | None = None,
    to_noise: bool = False,
    largest: int = LARGEST,
) -> Pulls:
    """How each sample of a step's batches pulls. direction: of length 1; to_noise: also the signal-to-noise ratio.

    The samples' gradients are held for as many samples at a time as make `largest` numbers.
    """
    with evaluating(model), torch.no_grad():
        size = sum(p.numel() for p in model.parameters())
        pieces = [piece for batch in batches for piece in pieces_of(batch, max(1, largest // size))]
        total = sum(len(b.tokens) for b in batches)
        mean: Named = {}
        if len(pieces) > 1:
            with torch.enable_grad():
                mean = batch_gradient(model, batches)
        found: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        square: Named = {name: torch.zeros_like(p) for name, p in model.named_parameters()} if to_noise else {}
        took = 0.0
        for batch, asked in pieces:
            each, losses = sample_gradients(model, batch, total / (len(batches) * asked))
            mean = mean or {name: g.mean(0) for name, g in each.items()}
            along, squares, slopes = losses.new_zeros(3, len(losses), dtype=torch.float64)
            for name, g in each.items():
                flat = g.flatten(1)
                squares += torch.linalg.vector_norm(flat, dim=1).double() ** 2
                along += flat @ mean[name].flatten()
                if direction is not None:
                    slopes += flat @ direction[name].flatten()
            start = time.perf_counter()
            for name in square:
                square[name] += each[name].square().sum(0)
            took += time.perf_counter() - start
            found.append((losses, squares, along, slopes))
        losses, squares, along, slopes = (torch.cat(parts).double() for parts in zip(*found, strict=True))
        start = time.perf_counter()
        ratio = None
        if to_noise and total > 1:
            whole, sums = (copied(torch.cat([t[name].flatten() for name in square])) for t in (mean, square))
            ratio = measure.signal_to_noise(whole, sums / total)
        return Pulls(
            losses=copied(losses),
            squares=copied(squares),
            along=copied(along),
            size=float(sum(g.double().square().sum() for g in mean.values())),
            slopes=None if direction is None else copied(slopes),
            to_noise=ratio,
            to_noise_took=1e3 * (took + time.perf_counter() - start),
        )


def pieces_of(batch: Batch, most: int) -> list[tuple[Batch, int]]:
    """A batch in pieces of at most so many samples, each with the tokens that the whole batch asks."""
    B = len(batch.tokens)
    cuts = [slice(start, start + most) for start in range(0, B, most)]
    source = batch.source
    return [
        (Batch(batch.tokens[cut], batch.targets[cut], None if source is None else source[cut]), batch.asked)
        for cut in cuts
    ]


def batches_of(training: Training, step: int) -> list[Batch]:
    """What a step trains on: as many batches as gradients are averaged over."""
    return [training.batch(step, part) for part in range(training.config.train.accumulate)]


@contextmanager
def stepped(training: Training) -> Iterator[bool]:
    """The training one step further, and afterwards as it was, to the bit. Gives whether there was a step to take."""
    step = training.step
    weights, state = ({name: t.clone() for name, t in of.items()} for of in (training.weights(), training.state()))
    try:
        with evaluating(training.model):
            yield next(training, None) is not None
    finally:
        training.load(step, weights, state)


def next_step(training: Training) -> tuple[float, Named, Pulls] | None:
    """The length of the training's next step, its direction, and how samples pull along it after it, on the batch
    of the step that follows. None where training ends here or would not survive the step.
    """
    before = training.flat.values.clone()
    try:
        with stepped(training) as taken:
            change = training.flat.values - before
            length = float(torch.linalg.vector_norm(change.double()))
            if not taken or length == 0:
                return None
            direction = training.flat.split(change / length)
            return length, direction, pulls(training.model, batches_of(training, training.step), direction)
    except Diverged:
        return None


def read(training: Training, which: Collection[str] = ALL) -> Reading:
    """The chosen instruments on the batch that the training's next step trains on.

    TESTS gives norm, inner and orthogonality; SIGNAL to_noise; NOISE noise, tr(Σ), and signal, |G|²; QUALITY quality.
    """
    spent: dict[str, float] = {}
    after = None
    with numerics(training.config):
        if QUALITY in which:
            start = time.perf_counter()
            after = next_step(training)
            spent[QUALITY] = 1e3 * (time.perf_counter() - start)
        start = time.perf_counter()
        direction = None if after is None else after[1]
        found = pulls(training.model, batches_of(training, training.step), direction, to_noise=SIGNAL in which)
        spent["samples"] = 1e3 * (time.perf_counter() - start) - found.to_noise_took
        if SIGNAL in which:
            spent[SIGNAL] = found.to_noise_took
    return Reading(found, told(found, which, after), spent)


def told(found: Pulls, which: Collection[str], after: tuple[float, Named, Pulls] | None) -> dict[str, float | None]:
    """What the samples' pulls say. None where one sample alone, or a gradient of nothing, says nothing."""
    squares, along, size = found.squares, found.along, found.size
    numbers: dict[str, float | None] = {}
    if TESTS in which:
        numbers |= dict.fromkeys(("norm", "inner", "orthogonality"))
    if SIGNAL in which:
        numbers["to_noise"] = found.to_noise
    if NOISE in which:
        numbers |= dict.fromkeys(("noise", "signal"))
    if QUALITY in which:
        numbers["quality"] = None
    if len(squares) < 2 or not 0 < size < np.inf:
        return numbers
    if TESTS in which:
        numbers["norm"] = measure.norm_test(squares, size)
        numbers["inner"] = measure.inner_test(along, size)
        numbers["orthogonality"] = measure.orthogonality_test(squares, along, size)
    if NOISE in which:
        numbers |= {"noise": measure.variance(squares, size), "signal": measure.signal(squares, size)}
    if QUALITY in which and after is not None:
        length, _, end = after
        assert found.slopes is not None
        assert end.slopes is not None
        numbers["quality"] = measure.step_quality(length, (found.losses, end.losses), (found.slopes, end.slopes))
    return numbers

"""The numbers lab: what formats of 16 and 32 bits do to softmax, sums, norms, gradients and dropout.

n numbers, R rows, S sizes, P tensors, K masks, J junctions. What needs no run takes neither path nor step.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from explorer.analysis import numerics as lab
from explorer.analysis.instruments import step_gradient
from explorer.analysis.numerics import FATES, FORMATS, exact, rounded
from explorer.answers.records.numerics import (
    Dropout,
    Logarithms,
    Masked,
    Norm,
    Number,
    OnePlus,
    Scaling,
    Scatter,
    Softmax,
    Spacing,
    Spacings,
    Stored,
    Sums,
    Sweep,
)
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.runs.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from explorer.training.device import numerics

EXAMPLE = (2.0, 1.0, 0.1, -0.5, 3.1, -1.2, 0.7, -2.0)  # logits without a run; the first is the target
SHOWN = 12  # tokens of a softmax
SCALES = np.geomspace(1, 1000, 61)  # of logits
COUNTS = np.unique(np.geomspace(1, 4096, 80).astype(int))  # additions
EPSILONS = (0.0, 1e-12, 1e-5, 1e-3)
SPREADS = np.geomspace(1e-12, 1, 73)
CHANNELS = np.array([-1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5]) / math.sqrt(0.875)  # mean 0, variance 1
EXPONENTS = range(41)  # of loss scales, 2^k
LEAST, MOST = -64, 16  # powers of two of the gradients' histogram; values beyond count as the last
POINTS = 160  # of a scatter
LITTLE = 1e-300  # avoids a division by 0
WAYS = {"plain": lab.plain_softmax, "stable": lab.stable_softmax}
LOGARITHMS = {
    "plain": (lab.plain_log_sum_exp, lab.plain_cross_entropy),
    "stable": (lab.stable_log_sum_exp, lab.stable_cross_entropy),
}


@torch.no_grad()
def softmax(scale: float, path: str | None = None, step: int = 0, progress: Progress = None) -> Softmax:
    """Softmax, log-sum-exp and cross-entropy of logits × scale in each format, plain and stable.

    The logits are the model's on the probe's last predicted token; without a run, EXAMPLE.
    """
    logits, target, symbols, at = _logits(path, step, progress)
    best = np.argsort(-logits, kind="stable")[:SHOWN].tolist()
    chosen = best if target in best else [*best[:-1], target]
    rows = [("float64", "stable"), *((name, way) for name in FORMATS for way in WAYS)]
    right = exact(lab.stable_softmax(torch.from_numpy(logits * scale)))
    rights = exact(lab.stable_softmax(torch.from_numpy(logits * SCALES[:, None])))
    probabilities, worst, logarithms = [], [], []
    for name, way in rows:
        x, many = _in(name, logits * scale), _in(name, logits * SCALES[:, None])
        sum_exp, entropy = LOGARITHMS[way]
        probabilities.append(exact(WAYS[way](x)))
        logarithms.append(Logarithms(name, way, sum_exp(x).double().item(), entropy(x, target).double().item()))
        worst.append(np.abs(exact(WAYS[way](many)) - rights).max(-1))
    return Softmax(
        step=step,
        position=at,
        rows=rows,
        tokens=[symbols[t] for t in chosen],
        vocabulary=len(logits),
        target=symbols[target],
        logarithms=logarithms,
        largest=float((logits * scale).max()),
        probabilities=np.stack(probabilities)[:, chosen],
        errors=np.abs(np.stack(probabilities[1:]) - right).max(-1),
        worst=np.stack(worst[1:]),
        scales=SCALES,
    )


def _logits(path: str | None, step: int, progress: Progress) -> tuple[np.ndarray, int, list[str], int | None]:
    """Logits (V,) in float64, the target, the vocabulary as text, the position."""
    if path is None:
        return np.array(EXAMPLE), 0, list("ABCDEFGH"), None
    training = training_at(path, step, progress, needs=("logits",))
    with numerics(training.config):
        trace = observe(training.model, chosen_input(training), gradients=False, wanted="logits".__eq__)
    position = int(np.flatnonzero(trace.targets[0] != IGNORE)[-1])
    logits = trace.values["logits"][0, position].astype(np.float64)
    return logits, int(trace.targets[0, position]), list(training.task.vocabulary.symbols), position


def _in(name: str, values: np.ndarray) -> Tensor:
    return torch.from_numpy(values) if name == "float64" else rounded(values, name)


def number(written: str) -> Number:
    """How a number is stored in each format, and the effect of flipping each bit.

    ValueError if `written` is not a number.
    """
    try:
        value = float(written)
    except ValueError:
        raise ValueError(f"“{quoted(written)}” is not a number; write one such as 0.1, -3, 6e-8 or inf") from None
    return Number(value, [_stored(value, name) for name in FORMATS])


def _stored(value: float, name: str) -> Stored:
    form, x = FORMATS[name], rounded(value, name)
    bits = lab.bits_of(x, name)
    below, above = lab.neighbours(x)
    return Stored(
        name=name,
        exponent=form.exponent,
        mantissa=form.mantissa,
        bias=form.bias,
        bits=f"{bits:0{form.width}b}",
        value=x.double().item(),
        flips=[lab.number_of(bits ^ 1 << place, name) for place in reversed(range(form.width))],
        below=below,
        above=above,
        **lab.limits(name),
    )


def spacing() -> Spacing:
    """Relative spacing at every power of two of each format."""
    return Spacing({name: Spacings(*lab.spacing(name)) for name in FORMATS})


@torch.no_grad()
def adding(start: float, addend: float) -> Sums:
    """start + addend + addend + … in each format, divided by the exact sum of the same rounded numbers."""
    plain, compensated = {}, {}
    for name in FORMATS:
        first, each = (rounded(number, name).double().item() for number in (start, addend))
        right = first + COUNTS * each
        plain[name], compensated[name] = (total / right for total in lab.sums(start, addend, name, COUNTS))
    return Sums(COUNTS.astype(np.float64), plain, compensated)


@torch.no_grad()
def one_plus() -> OnePlus:
    """((1 + ε) − 1) / ε in each format for powers of two ε (S), which every format holds exactly."""
    epsilon = 2.0 ** -np.arange(1.0, 31)
    kept = {name: exact((1 + rounded(epsilon, name)) - 1) / epsilon for name in FORMATS}
    return OnePlus(epsilon, kept)


@torch.no_grad()
def norm(spread: float, mean: float) -> Norm:
    """LayerNorm of mean + spread · CHANNELS, and of vectors with that mean and each of SPREADS."""
    rows = [(name, epsilon) for name in ("float64", *FORMATS) for epsilon in EPSILONS]
    out, deviations = [], []
    for name, epsilon in rows:
        out.append(exact(lab.layer_norm(_in(name, mean + spread * CHANNELS), epsilon)))
        many = exact(lab.layer_norm(_in(name, mean + SPREADS[:, None] * CHANNELS), epsilon))
        deviations.append(np.std(np.where(np.isfinite(many), many, np.nan), axis=-1))
    return Norm(
        rows=rows,
        spread=spread,
        mean=mean,
        x=mean + spread * CHANNELS,
        out=np.stack(out),
        spreads=SPREADS,
        deviations=np.stack(deviations),
    )


def scaling(path: str, step: int, exponent: int, progress: Progress = None) -> Scaling:
    """What float16 makes of the gradient of this step × 2^exponent (loss scaling), without dropout."""
    gradients, whole, config = _gradients(path, step, progress)
    fate = lab.fates(whole, exponent)
    powers = np.arange(LEAST, MOST + 1, dtype=np.float64)
    bins = (torch.frexp(whole).exponent - 1).clamp(LEAST, MOST) - LEAST
    counts = torch.bincount(bins * len(FATES) + fate, minlength=len(powers) * len(FATES))
    return Scaling(
        step=step,
        exponent=exponent,
        names=list(gradients),
        sizes=[g.numel() for g in gradients.values()],
        zeros=[int((g == 0).sum()) for g in gradients.values()],
        precision=config.train.precision,
        shares=np.stack([lab.shares(lab.fates(g, exponent)) for g in gradients.values()]),
        whole=lab.shares(fate),
        powers=powers,
        histogram=exact(counts.view(-1, len(FATES)) / max(1, len(whole))),
    )


def sweep(path: str, step: int, progress: Progress = None) -> Sweep:
    """The whole gradient's shares for each of the exponents of `scaling`."""
    _, whole, _ = _gradients(path, step, progress)
    return Sweep(step, np.stack([lab.shares(lab.fates(whole, k)) for k in EXPONENTS]))


def _gradients(path: str, step: int, progress: Progress) -> tuple[dict[str, Tensor], Tensor, RunConfig]:
    """Each tensor's gradient at this step, all entries that are neither 0 nor NaN in one, the settings."""
    training = training_at(path, step, progress)
    gradients = {name: g.detach().cpu() for name, g in step_gradient(training).items()}
    whole = torch.cat([g.flatten() for g in gradients.values()])
    return gradients, whole[(whole != 0) & ~whole.isnan()], training.config


def dropout(path: str, step: int, rate: float, masks: int, progress: Progress = None) -> Dropout:
    """What dropout at `rate` does to activations and gradients on the probe, over this many masks.

    One layer: what the first MLP adds to the stream, and the gradient that arrives there, through one Dropout. And the
    whole model with all its Dropouts.
    """
    training = training_at(path, step, progress, needs=("residual stream", "MLP"))
    batch = chosen_input(training)
    with numerics(training.config):
        before = observe(training.model, batch, wanted=lambda name: ".residual_" in name or name.endswith("mlp.out"))
        under = lab.with_masks(training.model, batch, lambda name: ".residual_" in name, rate, masks, progress)
    layer = next(name for name in before.values if name.endswith("mlp.out"))
    x, g = (torch.tensor(kind[layer]).flatten() for kind in (before.values, before.grads))
    value, gradient = (
        _masked(exact(undropped), exact(dropped))
        for undropped, dropped in zip((x, g), lab.through_masks(x, g, rate, masks), strict=True)
    )
    values, gradients = (
        _scatter(undropped, dropped) for undropped, dropped in zip((before.values, before.grads), under, strict=True)
    )
    return Dropout(
        step=step,
        rate=rate,
        masks=masks,
        trained_rate=training.dropout,
        layer=layer,
        value=value,
        gradient=gradient,
        junctions=list(under[0]),
        values=values,
        gradients=gradients,
    )


def _masked(undropped: np.ndarray, dropped: np.ndarray) -> Masked:
    """One layer's entries without masks, and (K, …) with them; at most POINTS of them are kept."""
    some = np.linspace(0, len(undropped) - 1, min(POINTS, len(undropped))).astype(int)
    variance = dropped.var(axis=0)
    total = float(variance.sum() / max(np.square(undropped).sum(), LITTLE))
    return Masked(undropped[some], dropped.mean(axis=0)[some], variance[some], total)


def _scatter(undropped: dict[str, np.ndarray], dropped: dict[str, Tensor]) -> Scatter:
    """Every junction without masks and with them."""
    compared = [_compared(undropped[name][0].astype(np.float64), exact(dropped[name].cpu())) for name in dropped]
    noise, mean = np.array(compared).T
    return Scatter(noise, mean)


def _compared(undropped: np.ndarray, dropped: np.ndarray) -> tuple[float, float]:
    """Noise and mean of dropped (K, …) relative to the values without masks."""
    size = max(float(np.square(undropped).sum()), LITTLE)
    return math.sqrt(dropped.var(axis=0).sum() / size), float((dropped.mean(axis=0) * undropped).sum() / size)

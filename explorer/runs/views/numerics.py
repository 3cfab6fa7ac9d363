"""The numbers lab: what formats of 16 and 32 bits do to softmax, sums, norms, gradients and dropout.

n numbers, R rows, S sizes, P tensors, K masks, J junctions. Rows of one thing are told in plain["rows"]. What
needs no run takes neither path nor step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer import RunConfig
from explorer import numerics as lab
from explorer.device import numerics
from explorer.numerics import FATES, FORMATS, exact, rounded
from explorer.runs.answer import Answer
from explorer.runs.views.restored import Progress, chosen_input, training_at
from explorer.tasks.base import IGNORE
from explorer.trace import mean_loss, observe

EXAMPLE = (2.0, 1.0, 0.1, -0.5, 3.1, -1.2, 0.7, -2.0)  # logits where there is no run; the first is the target
SHOWN = 12  # tokens of a softmax
SCALES = np.geomspace(1, 1000, 61)  # of logits
COUNTS = np.unique(np.geomspace(1, 4096, 80).astype(int))  # additions
EPSILONS = (0.0, 1e-12, 1e-5, 1e-3)
SPREADS = np.geomspace(1e-12, 1, 73)
CHANNELS = np.array([-1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5]) / math.sqrt(0.875)  # mean 0, variance 1
EXPONENTS = range(41)  # of loss scales, 2^k
LEAST, MOST = -64, 16  # powers of two of the gradients' histogram; what is beyond counts as the last
POINTS = 160  # of a scatter
LITTLE = 1e-300  # divides what would else be divided by 0
WAYS = {"plain": lab.plain_softmax, "stable": lab.stable_softmax}
LOGARITHMS = {
    "plain": (lab.plain_log_sum_exp, lab.plain_cross_entropy),
    "stable": (lab.stable_log_sum_exp, lab.stable_cross_entropy),
}


@torch.no_grad()
def softmax(scale: float, path: str | None = None, step: int = 0, progress: Progress = None) -> Answer:
    """Softmax, log-sum-exp and cross-entropy of logits × scale in each format, plain and stable.

    The logits are the model's on the probe where the last token is asked; without a run, EXAMPLE.
    plain: rows ([format, way] of R, the first float64), tokens as text (n ≤ SHOWN), vocabulary, target as text,
    position or None. logarithms: {format, way, log-sum-exp, cross-entropy} of each row.
    Arrays: probabilities (R, n); errors (R - 1), the largest of all tokens against float64; over the scales
    SCALES (S): worst (R - 1, S), the same.
    """
    logits, target, symbols, at = _logits(path, step, progress)
    best = np.argsort(-logits, kind="stable")[:SHOWN].tolist()
    chosen = best if target in best else [*best[:-1], target]
    rows = [("float64", "stable"), *((name, way) for name in FORMATS for way in WAYS)]
    right = exact(lab.stable_softmax(torch.from_numpy(logits * scale)))
    rights = exact(lab.stable_softmax(torch.from_numpy(logits * SCALES[:, None])))
    found, worst, logarithms = [], [], []
    for name, way in rows:
        x, many = _in(name, logits * scale), _in(name, logits * SCALES[:, None])
        sum_exp, entropy = LOGARITHMS[way]
        found.append(exact(WAYS[way](x)))
        logarithms.append(
            {
                "format": name,
                "way": way,
                "log_sum_exp": sum_exp(x).double().item(),
                "cross_entropy": entropy(x, target).double().item(),
            }
        )
        worst.append(np.abs(exact(WAYS[way](many)) - rights).max(-1))
    plain = {
        "step": step,
        "position": at,
        "rows": rows,
        "tokens": [symbols[t] for t in chosen],
        "vocabulary": len(logits),
        "target": symbols[target],
        "logarithms": logarithms,
        "largest": float((logits * scale).max()),
    }
    errors = np.abs(np.stack(found[1:]) - right).max(-1)
    arrays = {"probabilities": np.stack(found)[:, chosen], "errors": errors, "worst": np.stack(worst[1:])}
    return plain, arrays | {"scales": SCALES}


def _logits(path: str | None, step: int, progress: Progress) -> tuple[np.ndarray, int, list[str], int | None]:
    """Logits (V,) in float64, the target, the vocabulary as text, the position."""
    if path is None:
        return np.array(EXAMPLE), 0, list("ABCDEFGH"), None
    training = training_at(path, step, progress)
    with numerics(training.config):
        trace = observe(training.model, chosen_input(training), gradients=False, wanted="logits".__eq__)
    position = int(np.flatnonzero(trace.targets[0] != IGNORE)[-1])
    logits = trace.values["logits"][0, position].astype(np.float64)
    return logits, int(trace.targets[0, position]), list(training.task.vocabulary.symbols), position


def _in(name: str, values: np.ndarray) -> Tensor:
    return torch.from_numpy(values) if name == "float64" else rounded(values, name)


def number(written: str) -> Answer:
    """How a number is stored in each format, and what every flipped bit would make of it.

    plain["formats"]: name, exponent and mantissa (how many bits), bits as text, value, flips (one value a bit),
    below and above, the limits of the format. ValueError where `written` is not a number.
    """
    try:
        asked = float(written)
    except ValueError:
        raise ValueError(f"“{written[:40]}” is not a number; write one such as 0.1, -3, 6e-8 or inf") from None
    return {"asked": asked, "formats": [_stored(asked, name) for name in FORMATS]}, {}


def _stored(asked: float, name: str) -> dict[str, Any]:
    form, x = FORMATS[name], rounded(asked, name)
    bits = lab.bits_of(x, name)
    below, above = lab.neighbours(x)
    return {
        "name": name,
        "exponent": form.exponent,
        "mantissa": form.mantissa,
        "bias": form.bias,
        "bits": f"{bits:0{form.width}b}",
        "value": x.double().item(),
        "flips": [lab.number_of(bits ^ 1 << place, name) for place in reversed(range(form.width))],
        "below": below,
        "above": above,
    } | lab.limits(name)


def spacing() -> Answer:
    """Relative spacing at every power of two of each format: arrays `name x` and `name y`."""
    return {}, {f"{name} {axis}": a for name in FORMATS for axis, a in zip("xy", lab.spacing(name), strict=True)}


@torch.no_grad()
def adding(start: float, addend: float) -> Answer:
    """start + addend + addend + … in each format: arrays `name plain` and `name compensated`, each divided by the
    exact sum of the same rounded numbers, after `counts` additions.
    """
    arrays = {"counts": COUNTS.astype(np.float64)}
    for name in FORMATS:
        first, each = (rounded(number, name).double().item() for number in (start, addend))
        for way, found in zip(("plain", "compensated"), lab.sums(start, addend, name, COUNTS), strict=True):
            arrays[f"{name} {way}"] = found / (first + COUNTS * each)
    return {}, arrays


@torch.no_grad()
def one_plus() -> Answer:
    """((1 + ε) − 1) / ε in each format for powers of two ε (S), which every format holds exactly."""
    epsilon = 2.0 ** -np.arange(1.0, 31)
    kept = {name: exact((1 + rounded(epsilon, name)) - 1) / epsilon for name in FORMATS}
    return {}, {"epsilon": epsilon} | kept


@torch.no_grad()
def norm(spread: float, mean: float) -> Answer:
    """LayerNorm of mean + spread · CHANNELS for each of EPSILONS in each format.

    plain["rows"]: [format, ε] of R, four of float64 first. Arrays: x (n,), out (R, n); of a vector with the same
    mean and each of `spreads` (S): deviations (R, S), the output's standard deviation in float64.
    """
    rows = [(name, epsilon) for name in ("float64", *FORMATS) for epsilon in EPSILONS]
    out, deviations = [], []
    for name, epsilon in rows:
        out.append(exact(lab.layer_norm(_in(name, mean + spread * CHANNELS), epsilon)))
        many = exact(lab.layer_norm(_in(name, mean + SPREADS[:, None] * CHANNELS), epsilon))
        deviations.append(np.std(np.where(np.isfinite(many), many, np.nan), axis=-1))
    arrays = {"x": mean + spread * CHANNELS, "out": np.stack(out), "spreads": SPREADS}
    return {"rows": rows, "spread": spread, "mean": mean}, arrays | {"deviations": np.stack(deviations)}


def scaling(path: str, step: int, exponent: int, progress: Progress = None) -> Answer:
    """What float16 makes of the gradient of this step's batch × 2^exponent (loss scaling), without dropout.

    plain: tensors (P) by name, their sizes and zeros (how many entries are 0 already in float32).
    Arrays: tensors (P, 4) and whole (4,), the share of each of FATES among entries that are not 0; powers (S)
    and histogram (S, 4), the share of those with 2^power ≤ |gradient| < 2^(power + 1) before scaling.
    """
    gradients, whole, config = _gradients(path, step, progress)
    fate = lab.fates(whole, exponent)
    powers = np.arange(LEAST, MOST + 1, dtype=np.float64)
    bins = (torch.frexp(whole).exponent - 1).clamp(LEAST, MOST) - LEAST
    counts = torch.bincount(bins * len(FATES) + fate, minlength=len(powers) * len(FATES))
    plain = {
        "step": step,
        "exponent": exponent,
        "tensors": list(gradients),
        "sizes": [g.numel() for g in gradients.values()],
        "zeros": [int((g == 0).sum()) for g in gradients.values()],
        "precision": config.train.precision,
    }
    return plain, {
        "tensors": np.stack([lab.shares(lab.fates(g, exponent)) for g in gradients.values()]),
        "whole": lab.shares(fate),
        "powers": powers,
        "histogram": exact(counts.view(-1, len(FATES)) / max(1, len(whole))),
    }


def sweep(path: str, step: int, progress: Progress = None) -> Answer:
    """The whole gradient's shares, arrays["shares"] (S, 4), for each of the exponents of `scaling`."""
    _, whole, _ = _gradients(path, step, progress)
    return {"step": step}, {"shares": np.stack([lab.shares(lab.fates(whole, k)) for k in EXPONENTS])}


def _gradients(path: str, step: int, progress: Progress) -> tuple[dict[str, Tensor], Tensor, RunConfig]:
    """Each tensor's gradient of this step's batch, all entries that are neither 0 nor NaN in one, the settings."""
    training = training_at(path, step, progress)
    batch = training.batch(step)
    with numerics(training.config), torch.enable_grad():
        loss = mean_loss(training.model(batch.tokens, batch.source), batch.targets)
        found = torch.autograd.grad(loss, list(training.named.values()))
    gradients = {name: g.detach().cpu() for name, g in zip(training.named, found, strict=True)}
    whole = torch.cat([g.flatten() for g in gradients.values()])
    return gradients, whole[(whole != 0) & ~whole.isnan()], training.config


def dropout(path: str, step: int, rate: float, masks: int, progress: Progress = None) -> Answer:
    """What dropout at `rate` does to activations and gradients on the probe, over so many masks.

    One layer: what the first MLP adds to the stream, and the gradient that arrives there, through one Dropout.
    Arrays: value, value_mean, value_variance (n ≤ POINTS) and the same of the gradient; plain["total"] for
    "value" and "gradient": Σ variance / Σ x² over all of them.
    The whole model, all its Dropouts at work: plain["junctions"] (J), and for values and gradients (J,) *_noise,
    √(Σ variance / Σ undropped²), and *_mean, ⟨mean over masks, undropped⟩ / ‖undropped‖².
    """
    training = training_at(path, step, progress)
    batch = chosen_input(training)
    with numerics(training.config):
        before = observe(training.model, batch, wanted=lambda name: ".residual_" in name or name.endswith("mlp.out"))
        under = lab.with_masks(training.model, batch, lambda name: ".residual_" in name, rate, masks, progress)
    layer = next(name for name in before.values if name.endswith("mlp.out"))
    x, g = (torch.tensor(kind[layer]).flatten() for kind in (before.values, before.grads))
    arrays: dict[str, np.ndarray] = {}
    total: dict[str, float] = {}
    for kind, undropped, through in zip(
        ("value", "gradient"), (x, g), lab.through_masks(x, g, rate, masks), strict=True
    ):
        own, drawn = exact(undropped), exact(through)
        some = np.linspace(0, len(own) - 1, min(POINTS, len(own))).astype(int)
        variance = drawn.var(axis=0)
        arrays[kind], arrays[f"{kind}_mean"] = own[some], drawn.mean(axis=0)[some]
        arrays[f"{kind}_variance"] = variance[some]
        total[kind] = float(variance.sum() / max(np.square(own).sum(), LITTLE))
    for kind, undropped_, drawn_ in zip(("values", "gradients"), (before.values, before.grads), under, strict=True):
        compared = [_compared(undropped_[name][0].astype(np.float64), exact(drawn_[name].cpu())) for name in drawn_]
        arrays[f"{kind}_noise"], arrays[f"{kind}_mean"] = np.array(compared).T
    plain = {"step": step, "layer": layer, "junctions": list(under[0]), "rate": rate, "masks": masks, "total": total}
    return plain | {"own_rate": training.config.transformer.dropout}, arrays


def _compared(undropped: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """Noise and mean of drawn (K, …) relative to what they are without masks."""
    size = max(float(np.square(undropped).sum()), LITTLE)
    return math.sqrt(drawn.var(axis=0).sum() / size), float((drawn.mean(axis=0) * undropped).sum() / size)

"""Numerical stability in each format that models train in.

n numbers, K scales or masks, S sizes. Every operation is torch's own in that format and rounds its result to it; inside
one operation, such as a sum, torch keeps more digits. The reference is float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer.tasks.base import Batch
from explorer.trace import evaluating, token_losses, watching
from explorer.training.randomness import stream
from models.layers import Dropout

Array = np.ndarray


@dataclass(frozen=True)
class Format:
    """How a floating-point number is stored: sign, exponent and mantissa bits (IEEE 754-2019, §3.3)."""

    dtype: torch.dtype
    exponent: int
    mantissa: int

    @property
    def width(self) -> int:
        """Bits in all."""
        return 1 + self.exponent + self.mantissa

    @property
    def bias(self) -> int:
        """The number subtracted from the stored exponent."""
        return 2 ** (self.exponent - 1) - 1


FORMATS = {
    "float32": Format(torch.float32, 8, 23),
    "float16": Format(torch.float16, 5, 10),
    "bfloat16": Format(torch.bfloat16, 8, 7),
}
TOGETHER = 16  # copies of a sample in the model at once
_INTEGERS = {32: torch.int32, 16: torch.int16}


def rounded(values: float | Array, name: str) -> Tensor:
    """Float64 numbers in a format, nearest-even, each rounded once.

    torch's own way to 16 bits rounds to float32 first, and a number that then lies halfway may be rounded wrongly. Here
    float32 is an intermediate format that keeps the remainder in its last bit (rounding to odd; Boldo & Melquiond
    2008): its 24 bits are at least two more than either format has, so that the second rounding is that of the number.
    """
    exact = torch.as_tensor(values, dtype=torch.float64)
    near = exact.float()
    if FORMATS[name].dtype == torch.float32:
        return near
    beyond = near.double().abs() > exact.abs()
    cut = torch.where(beyond, torch.nextafter(near, torch.zeros_like(near)), near)  # towards zero
    odd = (cut.view(torch.int32) | 1).view(torch.float32)
    rest = (near.double() != exact) & exact.isfinite()
    return torch.where(rest, odd, near).to(FORMATS[name].dtype)


def exact(x: Tensor) -> Array:
    """The same numbers in float64, which holds each exactly."""
    return x.detach().double().numpy().copy()


def bits_of(x: Tensor, name: str) -> int:
    """How one number is stored, as an integer; the sign is the highest bit."""
    width = FORMATS[name].width
    return int(x.view(_INTEGERS[width])) % 2**width


def number_of(bits: int, name: str) -> float:
    """The inverse of `bits_of`."""
    width = FORMATS[name].width
    signed = bits - 2**width if bits >= 2 ** (width - 1) else bits
    return torch.tensor(signed, dtype=_INTEGERS[width]).view(FORMATS[name].dtype).double().item()


def neighbours(x: Tensor) -> tuple[float, float]:
    """The next number below and the next above in x's format."""
    low, high = (torch.nextafter(x, torch.tensor(end, dtype=x.dtype)) for end in (-torch.inf, torch.inf))
    return low.double().item(), high.double().item()


def limits(name: str) -> dict[str, float]:
    """A format's limits. overflow: the least number that rounds to infinity."""
    info, form = torch.finfo(FORMATS[name].dtype), FORMATS[name]
    return {
        "eps": info.eps,
        "largest": info.max,
        "overflow": info.max + 2.0 ** (form.bias - form.mantissa - 1),
        "smallest_normal": info.smallest_normal,
        "smallest": number_of(1, name),
    }


def spacing(name: str) -> tuple[Array, Array]:
    """Every power of two x that the format has, and (the next number above − x) / x."""
    form = FORMATS[name]
    powers = 2.0 ** np.arange(1 - form.bias - form.mantissa, form.bias + 1, dtype=np.float64)
    x = rounded(powers, name)
    above = torch.nextafter(x, torch.tensor(torch.inf, dtype=x.dtype))
    return powers, (exact(above) - powers) / powers


def plain_softmax(x: Tensor) -> Tensor:
    """exp(x) / Σ exp(x), literally."""
    powers = x.exp()
    return powers / powers.sum(-1, keepdim=True)


def stable_softmax(x: Tensor) -> Tensor:
    """The same with the largest subtracted first, so that no exponential exceeds 1."""
    return plain_softmax(x - x.amax(-1, keepdim=True))


def plain_log_sum_exp(x: Tensor) -> Tensor:
    """log Σ exp(x), literally."""
    return x.exp().sum(-1).log()


def stable_log_sum_exp(x: Tensor) -> Tensor:
    """The same with the largest taken out of the sum."""
    largest = x.amax(-1, keepdim=True)
    return largest[..., 0] + plain_log_sum_exp(x - largest)


def plain_cross_entropy(x: Tensor, target: int) -> Tensor:
    """−log of the plain softmax."""
    return -plain_softmax(x)[..., target].log()


def stable_cross_entropy(x: Tensor, target: int) -> Tensor:
    """log-sum-exp − logit: no probability is ever formed."""
    return stable_log_sum_exp(x) - x[..., target]


def sums(start: float, addend: float, name: str, counts: Array) -> tuple[Array, Array]:
    """Sums after each of `counts` additions to `start`, one rounding each: plain, and with compensation.

    Compensation carries what each addition lost into the next (Kahan 1965, "Further remarks on reducing
    truncation errors").
    """
    plain = total = rounded(start, name)
    add = rounded(addend, name)
    lost = torch.zeros_like(add)
    wanted, results = set(counts.tolist()), []
    for count in range(1, int(counts.max()) + 1):
        plain = plain + add
        corrected = add - lost
        bigger = total + corrected
        lost = (bigger - total) - corrected
        total = bigger
        if count in wanted:
            results.append((plain, total))
    return exact(torch.stack([p for p, _ in results])), exact(torch.stack([t for _, t in results]))


def layer_norm(x: Tensor, epsilon: float) -> Tensor:
    """(x − mean) / √(variance + ε) over the last axis, each operation rounded (Ba et al. 2016, §3)."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + epsilon).sqrt()


FATES = ("kept", "coarse", "zero", "infinite")  # of a number that is stored in float16


def fates(gradient: Tensor, exponent: int) -> Tensor:
    """What happens to gradient · 2^exponent in float16, as an index into FATES, int64, for each entry.

    gradient: float32.   exponent: 0 or more.   Entries that are 0 already, and NaN, get −1. coarse: gradual underflow,
    with fewer bits than a normal number has.
    """
    stored = (gradient * 2.0**exponent).half()  # the product is exact, or beyond float32 and so beyond float16
    fate = torch.zeros(gradient.shape, dtype=torch.int64)
    fate[stored.abs() < torch.finfo(torch.float16).smallest_normal] = FATES.index("coarse")
    fate[stored == 0] = FATES.index("zero")
    fate[stored.isinf()] = FATES.index("infinite")
    fate[(gradient == 0) | gradient.isnan()] = -1
    return fate


def shares(fate: Tensor) -> Array:
    """The share of each fate, (4,), among entries that have one; NaN if none has."""
    counts = torch.bincount(fate.flatten() + 1, minlength=1 + len(FATES))[1:].double()
    return exact(counts / counts.sum())


@contextmanager
def dropping(model: nn.Module, rate: float, generator: torch.Generator) -> Iterator[None]:
    """Sets every Dropout of the model to this rate, switched on; restores it afterwards."""
    layers = [m for m in model.modules() if isinstance(m, Dropout)]
    before = [(layer.rate, layer.generator, layer.training) for layer in layers]
    for layer in layers:
        layer.rate, layer.generator, layer.training = rate, generator, True
    try:
        yield
    finally:
        for layer, state in zip(layers, before, strict=True):
            layer.rate, layer.generator, layer.training = state


def through_masks(x: Tensor, gradient: Tensor, rate: float, masks: int) -> tuple[Tensor, Tensor]:
    """x and the gradient behind it, (n,), through this many masks of one Dropout layer, each (K, n)."""
    layer = Dropout(rate)
    layer.generator = stream(0, "dropout masks")
    copies = x.detach().cpu().expand(masks, -1).clone().requires_grad_()
    with torch.enable_grad():
        out = layer(copies)
        (back,) = torch.autograd.grad(out, copies, gradient.detach().cpu().expand(masks, -1))
    return out.detach(), back


def with_masks(
    model: nn.Module,
    batch: Batch,
    wanted: Callable[[str], bool],
    rate: float,
    masks: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Values of taps and ∂loss/∂value under `masks` dropout masks, each (K, …), of a batch of one sample.

    The copies go through the model TOGETHER at a time: each draws its own masks and has its own loss, in nats per
    predicted token. Two calls with the same arguments draw the same masks.
    """
    generator = stream(0, "dropout masks", device=batch.tokens.device.type)
    values: dict[str, list[Tensor]] = {}
    grads: dict[str, list[Tensor]] = {}
    for done in range(0, masks, TOGETHER):
        copies = min(TOGETHER, masks - done)
        source = None if batch.source is None else batch.source.expand(copies, -1)
        with evaluating(model), dropping(model, rate, generator), watching(model, wanted) as seen, torch.enable_grad():
            losses = token_losses(model(batch.tokens.expand(copies, -1), source), batch.targets.expand(copies, -1))
            gradients = torch.autograd.grad(losses.sum() / batch.predicted, list(seen.values()))
        for (name, value), grad in zip(seen.items(), gradients, strict=True):
            values.setdefault(name, []).append(value.detach())
            grads.setdefault(name, []).append(grad)
        if progress is not None:
            progress(done + copies, masks)
    return {name: torch.cat(v) for name, v in values.items()}, {name: torch.cat(g) for name, g in grads.items()}

"""Instruments: the worth of one batch's gradient, from the gradients of its samples, and the quality of a step.

B samples; g_i the gradient of sample i, g their mean. `squares` (B,) is ‖g_i‖², `along` (B,) is g_i·g and `size` is
‖g‖². All need two samples or more, since one has no spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
SPREAD = 1e-5  # added to a variance that may be zero, as Cockpit does
LEAST = 1e-10  # variance of a loss or slope that all samples share


def variance(squares: Array, size: float) -> float:
    """S, the unbiased variance of g_i summed over all parameters: the estimate of tr(Σ)."""
    B = len(squares)
    return float((squares.sum() - B * size) / (B - 1))


def norm_test(squares: Array, size: float) -> float:
    """√(S / (B‖g‖²)): the length of the error in g over that of g (Byrd et al. 2012, eq. 3.9)."""
    return float(np.sqrt(max(variance(squares, size), 0) / (len(squares) * size)))


def inner_test(along: Array, size: float) -> float:
    """The same of the part along g: √(Σ(g_i·g − ‖g‖²)² / ((B−1) B ‖g‖⁴)) (Bollapragada et al. 2017, eq. 2.6)."""
    B = len(along)
    return float(np.sqrt(((along - size) ** 2).sum() / ((B - 1) * B)) / size)


def orthogonality_test(squares: Array, along: Array, size: float) -> float:
    """The same of the part across g: √(Σ‖g_i − (g_i·g/‖g‖²) g‖² / ((B−1) B ‖g‖²)) (the same, eq. 3.3)."""
    B = len(along)
    return float(np.sqrt((across(squares, along, size) ** 2).sum() / ((B - 1) * B * size)))


def across(squares: Array, along: Array, size: float) -> Array:
    """The part of each sample's gradient across g, (B,): ‖g_i − (g_i·g/‖g‖²) g‖."""
    return np.sqrt(np.maximum(squares - along**2 / size, 0))  # rounding may leave −1e-9


def signal(squares: Array, size: float) -> float:
    """|G|², unbiased: ‖g‖² without what the noise adds to it, S/B (McCandlish et al. 2018, eq. A.1). May be ≤ 0."""
    return size - variance(squares, size) / len(squares)


def noise_scale(noise: Sequence[float] | Array, signals: Sequence[float] | Array) -> float | None:
    """tr(Σ)/|G|² in samples, from S and |G|² of several steps, each averaged separately (the same, appendix A.1).

    None if the mean |G|² is not above zero: not resolvable at this batch size.
    """
    below = float(np.mean(signals))
    return float(np.mean(noise)) / below if below > 0 else None


def running_noise_scale(noise: Array, signals: Array, window: int) -> Array:
    """`noise_scale` of up to `window` measurements ending at each, (N,); NaN if it cannot be resolved."""
    scales = [
        noise_scale(noise[max(0, end - window) : end], signals[max(0, end - window) : end])
        for end in range(1, len(noise) + 1)
    ]
    return np.array([np.nan if scale is None else scale for scale in scales], dtype=np.float64)


def signal_to_noise(mean: Array, square: Array) -> float:
    """Mean over parameters of g² / (biased variance + 1e-5) (Liu et al. 2020); mean g and mean g_i², each (P,)."""
    signal = mean**2
    return float((signal / (np.maximum(square - signal, 0) + SPREAD)).mean())


def step_quality(length: float, losses: Sequence[Array], slopes: Sequence[Array]) -> float | None:
    """α of a step (Schneider et al. 2021, §3.1): −1 did not move, 0 to the valley's floor, 1 as high on its other side.

    length: ‖Δθ‖.   losses, slopes: of the samples at the start of the step and at its end, each (B,); slopes along
    Δθ/‖Δθ‖. A parabola c + b s + a s², s = 1 at the end, is fitted to the two mean losses and two mean slopes, each
    weighted by its inverse variance over the samples. −1 if it is concave, below −1 if its floor lies behind
    the start; None if the step has no length or a value is not finite.
    """
    seen = np.array([[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 1, 2]])
    unit = np.array([1, 1, length, length])
    samples = [*losses, *slopes]
    means = np.array([np.mean(values) for values in samples]) * unit
    if length == 0 or not np.isfinite(means).all():
        return None
    spread = np.sqrt([max(np.var(values, ddof=1), LEAST) for values in samples]) * unit
    (_, b, a), *_ = np.linalg.lstsq(seen / spread[:, None], means / spread)
    if a <= 0:
        return -1.0
    return float(-2 * a / b - 1) if b else None

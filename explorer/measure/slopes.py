"""The slope of each activation function, by its name, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray


def gelu_slope(x: Array) -> Array:
    """d/dx x Φ(x) = Φ(x) + x φ(x)."""
    below = (1 + np.vectorize(math.erf, otypes=[np.float64])(x / np.sqrt(2))) / 2
    return below + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def logistic(x: Array) -> Array:
    """1 / (1 + e^−x), without overflow."""
    return (1 + np.tanh(x / 2)) / 2


SLOPES: dict[str, Callable[[Array], Array]] = {
    "gelu": gelu_slope,
    "relu": lambda x: (x > 0).astype(np.float64),
    "silu": lambda x: logistic(x) * (1 + x * (1 - logistic(x))),
    "tanh": lambda x: 1 - np.tanh(x) ** 2,
    "sigmoid": lambda x: logistic(x) * (1 - logistic(x)),
}

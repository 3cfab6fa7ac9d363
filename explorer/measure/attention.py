"""Attention patterns and their effects, in numbers.

B batch, T position, Q query, K key, H heads, C width, D = C / H.

The chance level of `entropy`, `sink`, `distance` and `agreement` is their value for `even(pattern)`: a head that
attends evenly to all visible keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def entropy(pattern: np.ndarray) -> np.ndarray:
    """Mean entropy of the rows of each head, (H,), as a share of the uniform row's: H / log(visible keys).

    Leaves out rows with one visible key; NaN if no row is left.
    """
    keys = visible(pattern.max(axis=0)).sum(axis=-1)  # (Q,)
    p = pattern.astype(np.float64)
    nats = -(p * np.log(np.where(p > 0, p, 1))).sum(-1)  # (H, Q)
    return mean_over(choosing(pattern), nats / np.log(np.maximum(keys, 2)))


def sink(pattern: np.ndarray) -> np.ndarray:
    """Mean attention of each head (H, Q, K) on position 0, (H,) (Xiao et al. 2024 call it a sink).

    Leaves out rows with one visible key; NaN if no row is left.
    """
    return mean_over(choosing(pattern), pattern[:, :, 0].astype(np.float64))


def distance(pattern: np.ndarray) -> np.ndarray:
    """How far each head (H, Q, K) looks on average, in positions, (H,): the mean of |query − key|.

    Leaves out rows with one visible key; NaN if no row is left.
    """
    q, k = np.indices(pattern.shape[1:])
    return mean_over(choosing(pattern), (pattern.astype(np.float64) * np.abs(q - k)).sum(-1))


def agreement(pattern: np.ndarray, alignment: np.ndarray) -> np.ndarray:
    """Attention of each head (H, Q, K) on the keys aligned with the query, (H,), in [0, 1].

    alignment (Q, K): 1 if query and key correspond, as in `Batch.alignment`. The mean over queries with such a key; NaN
    if there is none. A soft form of the alignment error rate's recall (Och & Ney 2003).
    """
    on_gold = (pattern.astype(np.float64) * (alignment > 0)).sum(-1)  # (H, Q)
    return mean_over(alignment.max(axis=-1) > 0, on_gold)


def mean_over(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of values (H, Q) over the chosen rows (Q,), (H,); NaN if none is chosen."""
    return values[:, rows].mean(-1) if rows.any() else np.full(len(values), np.nan)


def choosing(pattern: np.ndarray) -> np.ndarray:
    """Which queries of (H, Q, K) may see more than one key, (Q,)."""
    return visible(pattern.max(axis=0)).sum(axis=-1) > 1


def even(pattern: np.ndarray) -> np.ndarray:
    """A head that attends evenly to all keys that are visible in (H, Q, K), (1, Q, K)."""
    seen = visible(pattern.max(axis=0))
    return (seen / seen.sum(-1, keepdims=True))[None]


def visible(pattern: np.ndarray) -> np.ndarray:
    """The keys that each query may see, (Q, K): not the future in a causal pattern, no hidden column.

    A visible probability may have underflowed to 0, so one cell alone does not decide.
    """
    causal = pattern.shape[0] == pattern.shape[1] and not np.triu(pattern, 1).any()
    seen = np.tril(np.ones(pattern.shape, dtype=bool)) if causal else np.ones(pattern.shape, dtype=bool)
    return seen & (pattern.any(axis=0) if not causal else True)


def rollout(patterns: Sequence[np.ndarray]) -> list[np.ndarray]:
    """How much of each input position has reached each position after each layer, as a list of (T, T).

    patterns: (H, T, T) of each layer. Product over layers of 0.5·mean_h A + 0.5·I: half of the stream comes
    through the heads, half past them (Abnar & Zuidema 2020, §3). Rows sum to 1.
    """
    layers: list[np.ndarray] = []
    for pattern in patterns:
        eye = np.eye(pattern.shape[-1])
        layer = 0.5 * pattern.mean(axis=0, dtype=np.float64) + 0.5 * eye
        layers.append(layer @ (layers[-1] if layers else eye))
    return layers


def relevance(patterns: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
    """How much each position matters for the explained number, after each layer, as a list of (T, T).

    patterns, gradients: (H, T, T) of each layer; a gradient is ∂y/∂A of the explained number y, such as a token's
    log-probability. For a low loss pass −∂L/∂A: attention counts if it raises y. R ← R + mean_h relu(∂y/∂A ⊙ A)·R from
    R = I (Chefer et al. 2021, eqs. 5 and 6).
    """
    layers: list[np.ndarray] = []
    for pattern, gradient in zip(patterns, gradients, strict=True):
        before = layers[-1] if layers else np.eye(pattern.shape[-1])
        raising = np.maximum(gradient.astype(np.float64) * pattern, 0).mean(axis=0)
        layers.append(before + raising @ before)
    return layers


def handed_sizes(values: np.ndarray, output: np.ndarray) -> np.ndarray:
    """The size of what each key would hand over with all attention, ‖v_j W_O‖, (H, K).

    values (H, K, D), output (C, C) the weight of the output matrix, whose columns belong to the heads in turn. A key
    with much attention and a small value contributes little: a query gets ‖a_ij · v_j W_O‖ (Kobayashi et al. 2020, §3).
    """
    columns = output.astype(np.float64).reshape(len(output), *values.shape[::2])  # (C, H, D)
    return np.linalg.norm(np.einsum("chd,hkd->hkc", columns, values), axis=-1)


def importance(head_out: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """First-order estimate of each head's effect on the loss, (H,): E|Σ_d out · ∂L/∂out|.

    head_out, gradient (B, H, Q, D); the mean is over samples and positions. The sum over d is how the loss
    would move if the head's output at that position were scaled (Michel et al. 2019, §4.1).
    """
    slope = np.einsum("bhqd,bhqd->bhq", head_out, gradient, dtype=np.float64)
    return np.abs(slope).mean(axis=(0, 2))


def moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The share of its attention that each head moved, (H,) in [0, 1], from two patterns (H, Q, K).

    ½ Σ_k |after − before|, the total variation distance of a row, averaged over queries.
    """
    return np.abs(after.astype(np.float64) - before).sum(axis=-1).mean(axis=-1) / 2

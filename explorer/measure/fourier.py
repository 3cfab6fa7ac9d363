"""Fourier: how a table over the numbers of a clock is made of waves around it. p numbers, F = ⌊p/2⌋ frequencies.

After Nanda et al. 2023, §3. The mean over the numbers is taken away first, so that frequency 0 is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
ORDERS = 100  # random orders of the numbers, of which the largest share of a frequency is a bound


def power(table: Array) -> Array:
    """The power of each frequency 1 to F in a table over numbers (p, C), (F,): a column's mean is taken away first.

    By Parseval they sum to the sum of the squared differences from the columns' means. Frequencies k and p − k are one
    wave, and are counted together.
    """
    waves = np.fft.rfft(table.astype(np.float64), axis=0)[1:]  # (F, C)
    twice = np.full(len(waves), 2.0)
    if len(table) % 2 == 0:
        twice[-1] = 1  # of an even p the fastest wave is its own mirror image
    return twice * (np.abs(waves) ** 2).sum(1) / len(table)


def shares(table: Array) -> Array:
    """The share of a table's variance in each frequency, (F,): NaN where all its rows are one."""
    wide = table.astype(np.float64)
    return among(power(wide), float(((wide - wide.mean(0)) ** 2).sum()), wide)


def among(parts: Array, whole: float, table: Array) -> Array:
    """Parts over a whole; NaN where the whole is no more than the rounding of the numbers in a table."""
    rounding = table.size * (np.finfo(np.float64).eps * float(np.abs(table).max())) ** 2
    return parts / whole if whole > rounding else np.full(len(parts), np.nan)


def by_sum(logits: Array) -> Array:
    """The mean logits of all pairs with the same sum, (p, p): a row is a sum, a column an answer.

    logits (p, p, p): of a, b and the answer, of which the mean over the answers, which softmax does not see, is gone.
    """
    p = len(logits)
    total, a = np.indices((p, p))
    return np.asarray(logits[a, (total - a) % p].mean(1))


def logit_shares(logits: Array) -> Array:
    """The share of the logits' variance over all pairs that is a wave of a + b with each frequency, (F,).

    logits (p, p, p): of a, b and the answer. They sum to the share that depends on a + b alone. NaN where all pairs
    have the same logits.
    """
    even = logits.astype(np.float64)
    even = even - even.mean(-1, keepdims=True)
    whole = float(((even - even.mean((0, 1))) ** 2).sum())
    parts = power(by_sum(even)) * len(logits)  # each sum has p pairs
    return among(parts, whole, logits)


def waves_of_sum(logits: Array, frequencies: Sequence[int]) -> Array:
    """The part of logits (p, p, C), of a, b and C tokens, that is a wave of a + b with one of these frequencies.

    cos(w_k(a + b)) and sin(w_k(a + b)) of Nanda et al. 2023, §5.1, with their least-squares weights for every token.
    """
    p = len(logits)
    total, a = np.indices((p, p))
    waves = np.fft.rfft(logits[a, (total - a) % p].mean(1), axis=0)  # (F + 1, C)
    kept = np.isin(np.arange(len(waves)), frequencies)
    by_total = np.fft.irfft(np.where(kept[:, None], waves, 0), n=p, axis=0)
    return np.asarray(by_total[np.add.outer(np.arange(p), np.arange(p)) % p])


def restricted(logits: Array, frequencies: Sequence[int]) -> Array:
    """Logits (p, p, C) of which only these waves of a + b are left, and what is the same for all pairs."""
    return logits.mean((0, 1)) + waves_of_sum(logits, frequencies)


def excluded(logits: Array, frequencies: Sequence[int]) -> Array:
    """Logits (p, p, C) without these waves of a + b."""
    return logits - waves_of_sum(logits, frequencies)


def shuffled(table: Array, seed: int = 0) -> Array:
    """The shares of each frequency where the numbers stand in random orders, (ORDERS, F): a control."""
    g = np.random.default_rng(seed)
    return np.stack([shares(table[g.permutation(len(table))]) for _ in range(ORDERS)])


def keys(share: Array, bound: float) -> list[int]:
    """The frequencies, from 1, whose share is above a bound, the strongest first."""
    above = np.flatnonzero(share > bound)  # NaN is above nothing
    return [int(k) + 1 for k in above[np.argsort(-share[above], kind="stable")]]

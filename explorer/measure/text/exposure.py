"""Exposure: how well a model knows a secret, by its rank among all that it could have been.

Carlini, Liu, Erlingsson, Kos & Song 2019, “The Secret Sharer”, definitions 4 and 5. N candidates.
"""

from __future__ import annotations

import numpy as np

EQUAL = 1e-9  # log probabilities that differ by less are the same one, added in another order


def rank(log_p: np.ndarray, secret: int) -> int:
    """The place of candidate number `secret` by log probability (N,), from 1; of equally likely ones the last."""
    return int((log_p >= log_p[secret] - EQUAL).sum())


def exposure(log_p: np.ndarray, secret: int) -> float:
    """log₂ N − log₂ rank, in bits: 0 for the least likely of N candidates, log₂ N for the likeliest.

    The paper estimates it from a sample where there are too many candidates; here all are ranked, so it is exact.
    """
    return float(np.log2(len(log_p)) - np.log2(rank(log_p, secret)))

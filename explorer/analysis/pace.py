"""Pace: how long a model takes for the next token of a text, with its cache and without.

T tokens of the text.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from explorer.measure.sampling import Array
from explorer.trace import evaluating
from models.cache import Cache, cache_of

ROUNDS, SECONDS = 15, 0.4  # of each length, whichever comes first; 3 rounds at least


def clocked(compute: Callable[[], object]) -> float:
    """Seconds of wall time."""
    start = time.perf_counter()
    compute()
    return time.perf_counter() - start


@torch.no_grad()
def pace(model: nn.Module, tokens: Tensor, source: Tensor | None) -> Array:
    """Seconds for what comes after tokens (1, T), in pairs (rounds, 2): with the cache of the first T − 1, without.

    Each pair is measured one after the other, so that what else the machine does meets both alike. NaN for a model
    without a cache.
    """
    pairs: list[tuple[float, float]] = []
    begun = time.perf_counter()
    with evaluating(model):
        cache = cache_of(model)
        if cache is not None and tokens.shape[1] > 1:
            model(tokens[:, :-1], source, cache)
        while len(pairs) < 3 or (len(pairs) < ROUNDS and time.perf_counter() - begun < SECONDS):
            with_cache = math.nan if cache is None else clocked(partial(last_alone, model, tokens, source, cache))
            pairs.append((with_cache, clocked(lambda: model(tokens, source)[0, -1].cpu())))
    return np.array(pairs)


def last_alone(model: nn.Module, tokens: Tensor, source: Tensor | None, cache: Cache) -> Tensor:
    """The logits (V,) after tokens (1, T) with a cache of the first T − 1, which stays as it is."""
    return model(tokens[:, -1:], source, cache.copy())[0, -1].cpu()  # type: ignore[no-any-return]

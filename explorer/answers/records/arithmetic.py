"""Every number of one head for one query. K keys, C width, D channels of the head."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class HeadArithmetic(Record, of="arithmetic.way"):
    """The way from the residual stream to a head's output, in order, as analysis/arithmetic.py computes it.

    scale: 1/√D, or 1 if nothing scales.   gain: 0 for a head that is switched off.   positions: the
    encoding that acts here, bias: the title of what adds biases to the scores, "" if nothing does.
    x (C): the residual stream.
    inputs (K, C): of keys and values.   w_q, w_k, w_v (D, C).   b_q, b_k, b_v, q, out (D).   keys, values, weighted
    (K, D).   products, mask, scores, exponentials, pattern (K).   row_max, row_sum (1).   w_o (C, D).   part (C).
    With a norm before the attention: normed, norm_weight, norm_bias (C), norm_mean, norm_deviation (1).
    With rotary positions: unturned_q (D), unturned_keys (K, D), cos, sin (K, D/2).
    """

    step: int
    path: str
    head: int
    query: int
    scale: float
    gain: float
    positions: str
    bias: str
    precision: str
    x: Array
    inputs: Array
    w_q: Array
    b_q: Array
    w_k: Array
    b_k: Array
    w_v: Array
    b_v: Array
    q: Array
    keys: Array
    products: Array
    mask: Array
    scores: Array
    row_max: Array
    exponentials: Array
    row_sum: Array
    pattern: Array
    values: Array
    weighted: Array
    out: Array
    w_o: Array
    part: Array
    normed: Array | None = None
    norm_weight: Array | None = None
    norm_bias: Array | None = None
    norm_mean: Array | None = None
    norm_deviation: Array | None = None
    unturned_q: Array | None = None
    unturned_keys: Array | None = None
    cos: Array | None = None
    sin: Array | None = None


@dataclass(frozen=True)
class HeadProof(Record, of="arithmetic.proved"):
    """A row of the pattern in float64.

    exact, shown: the row in float64 and as the model has it, K numbers each.   absolute: the largest difference, at
    `key`.   relative: the largest relative one, of probabilities that float32 can hold.   precision: what the model
    multiplies in.
    """

    step: int
    exact: list[float]
    shown: list[float]
    absolute: float
    key: int
    relative: float
    precision: str

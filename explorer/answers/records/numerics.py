"""The numbers lab: what formats of 16 and 32 bits do to softmax, sums, norms, gradients and dropout.

n numbers, R rows, S sizes, P tensors, J junctions. Formats are float32, float16 and bfloat16.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Logarithms:
    """log-sum-exp and cross-entropy in nats, computed one way in one format."""

    format: str
    way: str
    log_sum_exp: float
    cross_entropy: float


@dataclass(frozen=True)
class Softmax(Record, of="numerics.softmax"):
    """Softmax of scaled logits in each format. position: of the probe, None without a run.

    rows: format and way of R, the exact one first.   tokens: n of the vocabulary, the most likely first, as text.
    target: as text.   largest: of the scaled logits.   probabilities (R, n).   errors (R − 1,): the largest of all
    tokens, against float64.   worst (R − 1, S): the same at each of scales (S,).
    """

    step: int
    position: int | None
    rows: list[tuple[str, str]]
    tokens: list[str]
    vocabulary: int
    target: str
    logarithms: list[Logarithms]
    largest: float
    probabilities: Array
    errors: Array
    worst: Array
    scales: Array


@dataclass(frozen=True)
class Stored:
    """A number in one format. exponent, mantissa: how many bits.   bits: as text.   flips: what each flipped bit makes.

    below, above: the next numbers.   The rest are the format's limits; overflow: the least that rounds to infinity.
    """

    name: str
    exponent: int
    mantissa: int
    bias: int
    bits: str
    value: float
    flips: list[float]
    below: float
    above: float
    eps: float
    largest: float
    overflow: float
    smallest_normal: float
    smallest: float


@dataclass(frozen=True)
class Number(Record, of="numerics.number"):
    """How a number is stored in each format."""

    written: float
    formats: list[Stored]


@dataclass(frozen=True)
class Spacings:
    """A format's relative spacing (S,) at each power of two (S,)."""

    powers: Array
    spacing: Array


@dataclass(frozen=True)
class Spacing(Record, of="numerics.spacing"):
    """How far apart numbers are, by the format's name."""

    formats: dict[str, Spacings]


@dataclass(frozen=True)
class Sums(Record, of="numerics.adding"):
    """A running sum divided by the exact one after each of counts (S,) additions, by the format's name.

    plain, compensated (S,): one after another, and with Kahan's compensation.
    """

    counts: Array
    plain: dict[str, Array]
    compensated: dict[str, Array]


@dataclass(frozen=True)
class OnePlus(Record, of="numerics.one_plus"):
    """((1 + ε) − 1) / ε for each of epsilon (S,), by the format's name."""

    epsilon: Array
    kept: dict[str, Array]


@dataclass(frozen=True)
class Norm(Record, of="numerics.norm"):
    """LayerNorm of one vector. rows: format and ε of R, four of float64 first.   spread, mean: of the vector x (n,).

    out (R, n).   deviations (R, S): the output's standard deviation in float64 for each of spreads (S,).
    """

    rows: list[tuple[str, float]]
    spread: float
    mean: float
    x: Array
    out: Array
    spreads: Array
    deviations: Array


@dataclass(frozen=True)
class Scaling(Record, of="numerics.scaling"):
    """What float16 makes of the gradient of a step × 2^exponent. Shares are of entries that are not 0.

    names, sizes, zeros: of P tensors; zeros: entries that are 0 in float32 already.   shares (P, 4): of each fate.
    whole (4,): the same of all tensors together.   powers (S,) and histogram (S, 4): the share of those with
    2^power ≤ |gradient| < 2^(power + 1) before scaling.
    """

    step: int
    exponent: int
    names: list[str]
    sizes: list[int]
    zeros: list[int]
    precision: str
    shares: Array
    whole: Array
    powers: Array
    histogram: Array


@dataclass(frozen=True)
class Sweep(Record, of="numerics.sweep"):
    """The whole gradient's shares (S, 4) of each fate for each exponent."""

    step: int
    shares: Array


@dataclass(frozen=True)
class Masked:
    """One layer through many masks. undropped, mean, variance (n,): of some entries.   total: Σ variance / Σ x²."""

    undropped: Array
    mean: Array
    variance: Array
    total: float


@dataclass(frozen=True)
class Scatter:
    """The whole model through many masks, by junction. noise (J,): √(Σ variance / Σ undropped²).

    mean (J,): ⟨mean over masks, undropped⟩ / ‖undropped‖².
    """

    noise: Array
    mean: Array


@dataclass(frozen=True)
class Dropout(Record, of="numerics.dropout"):
    """What dropout does on the probe over some masks. layer: the one looked at.   trained_rate: the run's own.

    value, gradient: what that layer adds to the stream and the gradient that arrives there.   values, gradients: the
    same at all junctions (J), with all Dropouts of the model at work.
    """

    step: int
    rate: float
    masks: int
    trained_rate: float
    layer: str
    value: Masked
    gradient: Masked
    junctions: list[str]
    values: Scatter
    gradients: Scatter

"""How order gets in: an encoding itself, how alike its positions are, what a head's channels turn by.

T position, C width, H heads, i channel pair.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Encoding(Record):
    """An encoding. step: None for one by its formula.   stack: of stacks, "" where there is one.

    trained: how many positions training ever shows.   base: of the wavelengths.   slopes: of ALiBi's heads.
    table (T, C): what is added.   angles (T, pairs): what channels turn by.   bias (H, T, T): added to the scores.
    products (T, T): of positions, or the attention (H, T, T) that a bias makes of equal scores.   mean, low, high
    (panels, T): similarity of positions over distance, a cosine or the factor e^bias; of a learned table only the rows
    that training shows count.   first (T, C): a learned table before training.   change (T, C): what training has
    added to it, where that is shown instead of the table.
    """

    kind: str
    step: int | None
    stack: str
    stacks: list[str]
    trained: int
    base: float
    slopes: list[float] | None = None
    table: Array | None = None
    angles: Array | None = None
    bias: Array | None = None
    products: Array | None = None
    mean: Array | None = None
    low: Array | None = None
    high: Array | None = None
    first: Array | None = None
    change: Array | None = None


@dataclass(frozen=True)
class RunEncoding(Encoding, of="positions.of_run"):
    """A run's encoding at a step."""


@dataclass(frozen=True)
class Lecture(Encoding, of="positions.lecture"):
    """An encoding by its formula, without a run."""


@dataclass(frozen=True)
class Rotation(Record, of="positions.rotation"):
    """One head's query and key before the encoding turns them. query, key: positions.

    The positions turn channels 2i and 2i + 1 of each: q, k (pairs, 2), by theta (pairs,) at every position.
    """

    step: int
    head: str
    heads: list[str]
    query: int
    key: int
    tokens: list[str]
    q: Array
    k: Array
    theta: Array

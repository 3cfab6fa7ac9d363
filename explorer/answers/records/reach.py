"""What positions are worth: longer inputs, shuffled positions, and how far heads look.

T position, H heads of all layers, Q query, K key.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Stretch:
    """How the weights do at a multiple of the trained length. refused: why they cannot be asked, "" where they can.

    tokens: of a sequence.   answers: how many are counted over all examples.   right: share of them; chance: that of
    guessing.   right_by_position (T,): NaN where no token is predicted.
    """

    times: int
    refused: str = ""
    tokens: int = 0
    examples: int = 0
    answers: int = 0
    right: float = math.nan
    loss: float = math.nan
    chance: float = math.nan
    right_by_position: Array | None = None


@dataclass(frozen=True)
class Reach(Record, of="reach.lengths"):
    """How the weights do on longer sequences. trained: tokens of a training sequence.

    untrained: from and to, the positions of a learned table that training never shows.
    """

    step: int
    positions: str
    trained: int
    untrained: tuple[int, int] | None
    stretches: list[Stretch]


@dataclass(frozen=True)
class Distances(Record, of="reach.distances"):
    """How much each self-attention head looks how far. distances, pairs (n,): of pairs of positions.

    mean (H, n): attention.   even (n,): of a head that spreads evenly over what it may see.   centre (H,): its mean
    distance.
    """

    step: int
    heads: list[str]
    examples: int
    causal: bool
    distances: Array
    pairs: Array
    mean: Array
    even: Array
    centre: Array


@dataclass(frozen=True)
class Shuffle(Record, of="reach.shuffle"):
    """The probe and others like it, read as they are and with a share of the positions shuffled in a copy.

    loss, right: before and after.   answers: how many are counted.   order: what each position counts as.
    tokens, source, targets, output, output_after: of the first example as text, "" where no token is predicted.
    right_before, right_after (T,).   before, after (Q, K): self-attention of `head` on the first example.   moved (H,):
    the share of attention that went elsewhere, of each of `heads`.
    """

    step: int
    positions: str
    share: float
    seed: int
    heads: list[str]
    head: str
    loss: tuple[float, float]
    right: tuple[float, float]
    answers: int
    chance: float
    examples: int
    order: list[int]
    tokens: list[str]
    source: list[str] | None
    targets: list[str]
    output: list[str]
    output_after: list[str]
    right_before: Array
    right_after: Array
    before: Array
    after: Array
    moved: Array

"""Memory: gradient through time, and what stands in a recurrent network's cells. T position, C cells, A asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.answers.records.record import Array, Record
from explorer.measure.following import Follower
from explorer.measure.recurrence import Line, Order, Reach


@dataclass(frozen=True)
class ThroughTime(Record, of="recurrence.through_time"):
    """What the loss of each prediction has from each earlier state, or from each state of an encoder (S for T).

    tap: of the states, of layer `layer` of `layers`.   states: what they are, in words.   tokens: at which they stand.
    targets: T, "" where none is asked.   places: the A positions with a target.   sizes (A, T): ‖∂ℓ_t/∂h_s‖, float64,
    0 for s > t.   reach: the same by distance.   order: of reading.   written: the T tokens of the predictions.
    direct (A, S): the part that comes by attention to the state itself, None where there is no other way to tell it
    from; directly: the same by distance.
    """

    step: int
    tap: str
    layer: int
    layers: int
    states: str
    tokens: list[str]
    targets: list[str]
    places: list[int]
    sizes: Array
    reach: Reach
    order: Order
    written: list[str]
    direct: Array | None = None
    directly: Reach | None = None


@dataclass(frozen=True)
class TimeProof(Record, of="recurrence.proved"):
    """The row of the prediction at a position, beside finite differences. S states, none after the prediction.

    h (S,): the nudge.   shown, exact (S,): ‖∂ℓ_t/∂h_s‖ in the model's arithmetic and in float64.   along (S,): the
    central difference in the gradient's own direction, which is its length.   aside, expected (S,): the central
    difference in a random direction, and what the gradient says of it.   grain (S,): what rounding does to them.
    summed: how far the sum over all predictions is from autograd's gradient of the whole loss, of its length.
    precision: that of the model's products.
    """

    step: int
    position: int
    h: Array
    shown: Array
    exact: Array
    along: Array
    aside: Array
    expected: Array
    grain: Array
    summed: float
    precision: str


@dataclass(frozen=True)
class Cells(Record, of="recurrence.cells"):
    """The states and gates of one layer on an input.

    tokens: T.   names: of the taps, in the order of the cell's arithmetic.   values (names, T, C).   memory (C,): how
    many tokens each cell keeps its state for, None for a kind without a gate that keeps.   keeps: that gate's name.
    """

    step: int
    kind: str
    layer: int
    layers: int
    tokens: list[str]
    names: list[str]
    values: Array
    memory: Array | None
    keeps: str | None


@dataclass(frozen=True)
class ByDelay(Record, of="recurrence.by_delay"):
    """The share of answers that are right after each delay, in tokens, on the same unseen examples for every run.

    chance: of guessing.   parameters: numbers that the model has.
    """

    step: int
    delays: list[int]
    right: list[float]
    chance: float
    examples: int
    parameters: int


@dataclass(frozen=True)
class OneCell(Record, of="recurrence.one_cell"):
    """Every value of one cell at one token: the model's own, and beside them the same in float64. G gates.

    layer, cell, at: counted from 0.   token, before: what stands there, and what stands before it, None for the first.
    lines: each value in float64, in order.   own: the model's values in the order of the lines.   read, last (C,): what
    the layer reads, and its hidden state at the token before.   w, u_w (G, C), b, u_b (G,): this cell's rows of its
    weights and biases.   x, u (G,): the sums.   source (G,): what a decoder adds to x of the source, None for another
    kind.   kept (1,): the cell state at the token before, None for a kind without.   precision: of the model's own
    products.
    """

    step: int
    layer: int
    cell: int
    at: int
    token: str
    before: str | None
    lines: list[Line]
    own: list[float]
    read: Array
    w: Array
    b: Array
    x: Array
    last: Array
    u_w: Array
    u_b: Array
    u: Array
    source: Array | None
    kept: Array | None
    precision: str


@dataclass(frozen=True)
class Followed(Record, of="following.followed"):
    """What each cell of a layer follows best of all that may hold at a token of the probe.

    what (C): in words, "" where nothing is there to follow.   least (C,): the lowest of its precision, recall and quiet
    for that, on the half of `examples` of the probe that chose nothing.
    """

    step: int
    layer: int
    what: list[str]
    least: Array
    examples: int


@dataclass(frozen=True)
class Since(Record, of="following.since"):
    """How well the cells of a layer follow something at the snapshots until a step.

    what: it in words.   steps (N,).   least (N, C): the lowest of precision, recall and quiet.
    """

    step: int
    layer: int
    what: str
    steps: Array
    least: Array


@dataclass(frozen=True)
class Found(Record, of="following.find"):
    """The cells of a layer that follow what holds in a span of an input.

    tokens: of the input.   what: that in words, "" where nothing tells the span from what is around it.   share: of the
    tokens of `examples` of the probe where it holds.   state: the tap.   followers: the best first.   here: where the
    best is on in the input.   elsewhere: the tokens of some of the examples on which they are measured, in rows of one
    length T; holds, on (examples, T): where it holds, and where the best follower is on.   lost: the states are not
    finite, so nothing follows.
    """

    step: int
    layer: int
    tokens: list[str]
    what: str
    share: float
    examples: int
    state: str
    followers: list[Follower]
    here: Array | None = None
    elsewhere: list[list[str]] = field(default_factory=list)
    holds: Array | None = None
    on: Array | None = None
    lost: bool = False


@dataclass(frozen=True)
class Finiteness(Record, of="finiteness.finiteness"):
    """since: the first step whose weights, or logits of the probe, are not finite; None if those at `step` are.

    well: the last step before that, None where there is none.   weights: whether the weights at `since` are finite, so
    that it is what the model computes with them that is not.
    """

    step: int
    since: int | None
    well: int | None
    weights: bool

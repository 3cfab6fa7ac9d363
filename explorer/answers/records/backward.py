"""Backpropagation through a run's model, box by box, and how the gradient splits on its way.

T position, H heads, Q query, K key. Numbers are None, or words, where they are not finite: JSON has no NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.answers.records.record import Array, Record
from explorer.measure.highways import AttentionSplit, Fork

Numbers = list[float | str]  # the first of a row


@dataclass(frozen=True)
class Arrivals:
    """Where a gradient comes from: of each box its id, the norm and the first numbers of what it hands on.

    off: by how much the parts differ from autograd's whole, as a share of the largest entry.
    """

    parts: list[tuple[str, float | None, Numbers]]
    off: float | None


@dataclass(frozen=True)
class Place:
    """Which row is shown: its position, and its head, counted from 1, where there are heads."""

    position: int
    head: int | None


@dataclass(frozen=True)
class Departure:
    """What a box hands on to one that it read. words: how its entry `entry` is worked out.

    norm: of all that is handed on.   read, gradient: first numbers of the box that was read and of its gradient.
    made, autograd: the entry worked out in float64, and by the model.
    """

    role: str
    to: str
    norm: float | None
    read: Numbers
    gradient: Numbers
    place: Place
    entry: int
    words: str
    made: float | None
    autograd: float | None


@dataclass(frozen=True)
class WeightGradient:
    """What goes to one of a box's weights. size, norm: of the weight and of its gradient.

    words, made, autograd: of an embedding how one entry is worked out, as in `Departure`.
    """

    name: str
    shape: list[int]
    size: float | None
    norm: float | None
    words: str = ""
    made: float | None = None
    autograd: float | None = None


@dataclass(frozen=True)
class Operation:
    """A box of the diagram. The tokens have neither numbers nor gradients.

    reads: ids of boxes by role.   mean, size, norm: the mean and root mean square of its values, the norm of its
    gradient.   position, head: the row shown.   out, arrives: first numbers of its value and gradient there.
    off: the largest difference between the rule in float64 and autograd, as a share of the largest entry.
    """

    id: str
    kind: str
    row: str
    reads: dict[str, str]
    shape: list[int]
    position: int
    mean: float | None = None
    size: float | None = None
    norm: float | None = None
    head: int | None = None
    out: Numbers = field(default_factory=list)
    arrives: Numbers = field(default_factory=list)
    sources: Arrivals | None = None
    leaves: list[Departure] = field(default_factory=list)
    weights: list[WeightGradient] = field(default_factory=list)
    off: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A token that could stand at the position shown. gradient: ∂L/∂logit."""

    token: str
    right: bool
    logit: float | None
    p: float | None
    gradient: float | None


@dataclass(frozen=True)
class Tail:
    """Where the gradient begins. count: positions whose loss flows back.   rows: the right token, then the likeliest.

    off: the largest difference between (p − onehot(y)) / count and autograd.
    """

    position: int
    count: int
    off: float | None
    rows: list[Candidate]


@dataclass(frozen=True)
class Backpropagation(Record, of="backward.walk"):
    """The forward and the backward pass on one input, boxes in the order of the forward pass.

    target: the position whose loss alone flows back; None for the mean over `positions`, all that have a target.
    targets: the right tokens, "" where there is none.   scaled: whether scores are divided by √D.
    gathered: by attention how many cells a side stand behind one of its map.
    arrays, as the diagram takes them: `<box>.value` and `<box>.gradient` (T,), root mean square and norm at each
    position; `<attention>.A` and `<attention>.dA` (H, Q, K), the pattern and its gradient.
    """

    step: int
    loss: float | None
    target: int | None
    positions: list[int]
    tokens: list[str]
    source: list[str] | None
    targets: list[str]
    precision: str
    activation: str
    scaled: bool
    boxes: list[Operation]
    tail: Tail
    gathered: dict[str, int]
    arrays: dict[str, Array]


@dataclass(frozen=True)
class Split(Record, of="backward.split"):
    """How the gradient splits at every fork of the stream and in every attention, in the order of the model."""

    step: int
    forks: list[Fork]
    attentions: list[AttentionSplit]

"""Every attention of a model on one input. H heads, Q query, K key, T position, L layer."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record
from explorer.measure.lines import Line

KINDS = ("pattern", "logits", "weighted", "gradient", "product")  # of numbers, in the order of their buttons


@dataclass(frozen=True)
class AttentionMap:
    """One attention. All arrays are (H, Q, K); of a grid with blocks means, (H, ⌈Q/n⌉, ⌈K/n⌉), see attention/blocks.py.

    pattern: probabilities.   logits: the scores before the softmax.   weighted: ‖A v W_O‖.   gradient: ∂L/∂A, None if
    the input has no targets.   scores: of each head, by name.   chance: what even attention scores, by name.
    lines: of each head the clearest line of each kind.
    gold: the cells (q, k) that are aligned.   causal: whether it hides what comes after a query.
    product: means of pattern times gradient; None where that can be multiplied from the two.
    """

    pattern: Array
    logits: Array
    weighted: Array
    gradient: Array | None
    scores: dict[str, list[float]]
    chance: dict[str, float]
    lines: list[dict[str, Line]]
    gold: list[tuple[int, int]]
    causal: bool
    product: Array | None = None

    def kinds(self) -> dict[str, Array]:
        """Every kind of number that is there, by its field."""
        return {name: array for name in KINDS if (array := getattr(self, name)) is not None}


@dataclass(frozen=True)
class Flow:
    """Self-attention of a stack's layers together, (L, T, T) after each layer. relevance: None without targets."""

    rollout: Array
    relevance: Array | None


@dataclass(frozen=True)
class AttentionMaps(Record, of="attention.patterns"):
    """Every attention by its path, and the flow through each stack by its prefix ("", "encoder.", "decoder.").

    targets: how many tokens the input asks for.   asked: at which of the positions shown.   loss: None if it asks for
    none.   ablated: heads that are switched off.   source: the encoder's tokens, if there is one.
    block: the side n of the blocks whose means the arrays hold, where all numbers would be too many: then no flow is
    here either, see `AttentionDetail`. None where every number is here.
    """

    step: int
    loss: float | None
    targets: int
    predicted: list[int]
    ablated: list[str]
    attentions: dict[str, AttentionMap]
    flows: dict[str, Flow]
    tokens: list[str]
    source: list[str] | None
    block: int | None = None

    @property
    def paths(self) -> list[str]:
        """The attentions' paths, in the model's order."""
        return list(self.attentions)

    def queries(self, path: str) -> list[str]:
        """The tokens of an attention's queries."""
        return self.source if path.startswith("encoder.") and self.source is not None else self.tokens

    def keys(self, path: str) -> list[str]:
        """The tokens of an attention's keys."""
        return self.source if path.endswith(".cross") and self.source is not None else self.queries(path)


@dataclass(frozen=True)
class Strongest:
    """The largest of a matrix's entries, the largest first. places: q · K + k of each.   values: exact.

    count: how many reach EDGE of `most`, which may be more than are here.   most: what counts as full strength.
    """

    places: Array
    values: Array
    count: int
    most: float


@dataclass(frozen=True)
class AttentionDetail(Record, of="attention.detail"):
    """One head of a large grid as finely as its place on the screen is, and its layer's strongest weights.

    block: the side of the blocks whose means `kinds` holds, (⌈Q/n⌉, ⌈K/n⌉) of each kind.   edges: of each head of the
    layer.   together: of matrices for all its heads together, by name.
    """

    step: int
    head: str
    block: int
    kinds: dict[str, Array]
    edges: list[Strongest]
    together: dict[str, Strongest]


@dataclass(frozen=True)
class AttentionLines(Record, of="attention.lines_at"):
    """Every number of one attention that belongs to one query, (H, K) of each kind, or to one key, (H, Q): exact."""

    step: int
    kinds: dict[str, Array]


@dataclass(frozen=True)
class AttentionMoves(Record, of="attention.moves"):
    """The share of its attention that each head moved between two steps, (H,) by the attention's path."""

    before: int
    step: int
    shares: dict[str, Array]

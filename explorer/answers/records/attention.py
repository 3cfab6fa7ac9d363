"""Every attention of a model on one input. H heads, Q query, K key, T position, L layer."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record
from explorer.measure.lines import Line


@dataclass(frozen=True)
class AttentionMap:
    """One attention. All arrays are (H, Q, K).

    pattern: probabilities.   logits: the scores before the softmax.   weighted: ‖A v W_O‖.   gradient: ∂L/∂A, None if
    the input has no targets.   scores: of each head, by name.   chance: what even attention scores, by name.
    lines: of each head the clearest line of each kind.
    gold: the cells (q, k) that are aligned.   causal: whether it hides what comes after a query.
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

"""What a model is made of: frozen, validated, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Kind = Literal["decoder", "encoder", "encoder-decoder"]
PositionKind = Literal["none", "learned", "sinusoidal", "rotary", "alibi"]
NormPlace = Literal["pre", "post", "none"]
Activation = Literal["gelu", "relu", "silu", "tanh", "sigmoid"]
Residual = Literal["add", "none"]
Scale = Literal["sqrt", "none"]
Mask = Literal["causal", "none"]
Init = Literal["gpt2", "large"]
WordKind = Literal["skip-gram", "cbow", "glove"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A Transformer's shape. Raises ValueError naming the field, the value and a way out.

    kind: decoder (causal), encoder (bidirectional) or encoder-decoder (both, with cross-attention).
    width: channels C of the residual stream.   layers: blocks in each stack.
    heads: attention heads H in each block; each head is width / heads channels wide.
    context: the longest sequence the model can read, in tokens.
    positions: how order gets in.   norm: LayerNorm before (pre) or after (post) each sublayer, or none.
    activation: the MLP's nonlinearity.   dropout: share of values zeroed while training, in [0, 1).
    residual: a sublayer's output is added to the stream (add), or takes its place (none).
    scale: scores are divided by √D (sqrt), or not (none).   init: GPT-2's initial weights, or ten times those (large).
    mask: what decodes does not see what comes after (causal), or does (none).
    """

    kind: Kind = "decoder"
    width: int = 64
    layers: int = 2
    heads: int = 4
    context: int = 64
    positions: PositionKind = "learned"
    norm: NormPlace = "pre"
    activation: Activation = "gelu"
    dropout: float = 0.0
    residual: Residual = "add"
    scale: Scale = "sqrt"
    mask: Mask = "causal"
    init: Init = "gpt2"

    LIMITS: ClassVar[dict[str, tuple[int, int]]] = {
        "width": (4, 1024),
        "layers": (1, 24),
        "heads": (1, 32),
        "context": (4, 1024),
    }
    # read by pydantic when a ModelConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        for name, (low, high) in self.LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"model.{name}={value} is out of range; use {low} to {high}")
        if self.width % self.heads:
            near = max(self.heads, round(self.width / self.heads) * self.heads)
            raise ValueError(
                f"model.width={self.width} cannot be split among model.heads={self.heads}; "
                f"use a multiple of {self.heads}, such as {near}"
            )
        if self.positions == "rotary" and self.head_width % 2:
            raise ValueError(
                f"model.positions=rotary turns channels in pairs, and each head has {self.head_width} "
                f"(model.width={self.width} / model.heads={self.heads}); use an even number a head"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"model.dropout={self.dropout} is not a share; use 0 up to 0.9")

    @property
    def head_width(self) -> int:
        """Channels D of one head."""
        return self.width // self.heads


@dataclass(frozen=True, kw_only=True)
class WordVectorConfig:
    """The shape of two vectors for each word. Raises ValueError naming the field, the value and a way out.

    kind: skip-gram or cbow (with negative sampling), or glove.   width: numbers C of a vector.
    x_max, alpha: GloVe's weight of a pair seen x times is (x / x_max)^alpha, at most 1; the others have none.
    """

    kind: WordKind = "skip-gram"
    width: int = 48
    x_max: float = 10.0
    alpha: float = 0.75

    LIMITS: ClassVar[dict[str, tuple[float, float]]] = {"width": (2, 300), "x_max": (0.1, 1000), "alpha": (0, 1)}
    # read by pydantic when a WordVectorConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        for name, (low, high) in self.LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"model.{name}={value} is out of range; use {low} to {high}")

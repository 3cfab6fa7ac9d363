"""What a model is made of: frozen, validated, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

Kind = Literal["decoder", "encoder", "encoder-decoder"]
NormPlace = Literal["pre", "post", "none"]
Activation = Literal["gelu", "relu", "silu", "tanh", "sigmoid"]
Residual = Literal["add", "none"]
Scale = Literal["sqrt", "none"]
Mask = Literal["causal", "none"]
Init = Literal["gpt2", "large"]
WordKind = Literal["skip-gram", "cbow", "glove"]
RecurrentKind = Literal["rnn", "lstm", "gru"]
TranslatorKind = Literal["gru-encoder-decoder", "gru-attention"]


@dataclass(frozen=True)
class Means:
    """What a form says of a setting: its meaning, a title where its name is none, limits, and its values in words."""

    text: str
    title: str = ""
    limits: tuple[float, float] | None = None
    words: tuple[str, ...] = ()


@cache
def meanings(config: Any) -> dict[str, Means]:
    """What each setting of a class means."""
    hints = get_type_hints(config, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def limits(config: Any) -> dict[str, tuple[float, float]]:
    """The least and the greatest value of each setting of a class that has them."""
    return {name: means.limits for name, means in meanings(config).items() if means.limits is not None}


def check_limits(config: Any) -> None:
    """ValueError if a setting is not within its limits."""
    for name, (low, high) in limits(type(config)).items():
        value = getattr(config, name)
        if not low <= value <= high:
            raise ValueError(f"model.{name}={value} is out of range; use {low} to {high}")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A Transformer's shape. Raises ValueError naming the field, the value and a way out."""

    kind: Annotated[Kind, Means("causal, reading both ways, or both with cross-attention")] = "decoder"
    width: Annotated[int, Means("channels C of the residual stream", limits=(4, 1024))] = 64
    layers: Annotated[int, Means("blocks in each stack", limits=(1, 24))] = 2
    heads: Annotated[int, Means("attention heads H in each block, each width / heads channels wide", "", (1, 32))] = 4
    context: Annotated[int, Means("the longest sequence that it can read, in tokens", limits=(4, 1024))] = 64
    positions: Annotated[str, Means("how order gets in")] = "learned"  # one of POSITIONS in models/positions.py
    norm: Annotated[NormPlace, Means("before or after each sublayer, or none", "LayerNorm")] = "pre"
    activation: Annotated[Activation, Means("the MLP’s nonlinearity")] = "gelu"
    dropout: Annotated[float, Means("share of values zeroed while training, in [0, 1)")] = 0.0
    residual: Annotated[
        Residual,
        Means(
            "whether a sublayer’s output is added to the stream or takes its place",
            "Skip paths",
            words=("added to the stream", "none: outputs replace it"),
        ),
    ] = "add"
    scale: Annotated[Scale, Means("of queries and keys", "Scores", words=("divided by √D", "not divided"))] = "sqrt"
    mask: Annotated[
        Mask,
        Means(
            "whether what decodes sees what comes after",
            "Causal mask",
            words=("the future is hidden", "none: it may cheat"),
        ),
    ] = "causal"
    init: Annotated[Init, Means("at step 0", "Initial weights", words=("GPT-2’s", "ten times those"))] = "gpt2"

    # read by pydantic when a ModelConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_limits(self)
        if self.width % self.heads:
            near = max(self.heads, round(self.width / self.heads) * self.heads)
            raise ValueError(
                f"model.width={self.width} cannot be split among model.heads={self.heads}; "
                f"use a multiple of {self.heads}, such as {near}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"model.dropout={self.dropout} is not a share; use 0 up to 0.9")

    @property
    def head_width(self) -> int:
        """Channels D of one head."""
        return self.width // self.heads

    @property
    def attentions(self) -> tuple[str, ...]:
        """The path of every attention, such as decoder.blocks.0.cross, in the order of the forward pass."""
        stacks: dict[str, tuple[str, ...]] = {"": ("attention",)}
        if self.kind == "encoder-decoder":
            stacks = {"encoder.": ("attention",), "decoder.": ("attention", "cross")}
        return tuple(
            f"{s}blocks.{i}.{part}" for s, parts in stacks.items() for i in range(self.layers) for part in parts
        )

    def causal(self, path: str) -> bool:
        """Whether the attention at a path, such as decoder.blocks.0.attention, hides what comes after a query."""
        decodes = self.kind == "decoder" or path.startswith("decoder.")
        return decodes and self.mask == "causal" and not path.endswith(".cross")


@dataclass(frozen=True, kw_only=True)
class WordVectorConfig:
    """The shape of two vectors for each word. Raises ValueError naming the field, the value and a way out.

    GloVe's weight of a pair seen x times is (x / x_max)^alpha, at most 1; the other kinds have none.
    """

    kind: Annotated[WordKind, Means("skip-gram or CBOW with negative sampling, or GloVe")] = "skip-gram"
    width: Annotated[int, Means("numbers C of a vector", limits=(2, 300))] = 48
    x_max: Annotated[float, Means("of pairs seen so often (GloVe)", "Full weight from x", (0.1, 1000))] = 10.0
    alpha: Annotated[float, Means("of rarer pairs (GloVe)", "Exponent of the weight", (0, 1))] = 0.75

    # read by pydantic when a WordVectorConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """A recurrent network's shape. Raises ValueError naming the field, the value and a way out."""

    kind: Annotated[RecurrentKind, Means("the cell: Elman’s, an LSTM’s or a GRU’s")] = "lstm"
    width: Annotated[int, Means("channels C of the embedding and of each layer’s state", limits=(1, 1024))] = 64
    layers: Annotated[int, Means("layers of cells above one another", limits=(1, 8))] = 1
    context: Annotated[int, Means("the longest sequence that it can read, in tokens", limits=(4, 1024))] = 64
    dropout: Annotated[float, Means("share of values zeroed between layers while training, in [0, 1)")] = 0.0
    forget_bias: Annotated[  # Jozefowicz et al. 2015: 1
        float,
        Means("at step 0, of the gate that keeps the state: an LSTM’s forget, a GRU’s update gate", limits=(-10, 10)),
    ] = 1.0
    gain: Annotated[float, Means("the size of the recurrent weights at step 0; torch’s is 1", limits=(0, 20))] = 1.0

    # read by pydantic when a RecurrentConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_limits(self)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"model.dropout={self.dropout} is not a share; use 0 up to 0.9")


@dataclass(frozen=True, kw_only=True)
class TranslatorConfig:
    """A recurrent encoder-decoder's shape. Raises ValueError naming the field, the value and a way out."""

    kind: Annotated[TranslatorKind, Means("GRUs that read and write, without or with attention")] = "gru-attention"
    width: Annotated[int, Means("channels C of the embeddings and of each state", limits=(1, 1024))] = 64
    context: Annotated[int, Means("the longest sequence that it can read, in tokens", limits=(4, 1024))] = 64
    dropout: Annotated[float, Means("share of values zeroed between layers while training, in [0, 1)")] = 0.0
    forget_bias: Annotated[float, Means("at step 0, of the update gate, which keeps the state", limits=(-10, 10))] = 0.0
    layers: ClassVar[int] = 1  # in each stack, as in 2015

    # read by pydantic when a TranslatorConfig is a field of a RunConfig: refuse unknown names
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_limits(self)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"model.dropout={self.dropout} is not a share; use 0 up to 0.9")

    @property
    def attentions(self) -> tuple[str, ...]:
        """The path of its attention, if it has one."""
        return ("decoder.layers.0.cross",) if self.kind == "gru-attention" else ()

    def causal(self, path: str) -> bool:
        """Whether an attention hides what comes after a query: the source is read before."""
        return False

"""Families of models, one record each: its settings, what builds it, and which parts each of its kinds has.

Pages and answers name the parts that they need, never a family: what needs "attention" works for every model that has
it. A model calls its layers `blocks.0`, `blocks.1`, …: names of layers, rules on depth and Muon read them there.
Importing this module does not import torch; `build` imports the family's own module.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from models.config import ModelConfig, RecurrentConfig, TranslatorConfig, WordVectorConfig

if TYPE_CHECKING:
    import torch
    from torch import nn

# How a task lays out an example. onward: input and output in one sequence, each position sees those before it.
# in place: every position sees all and answers where it stands. source: an encoder reads the input, a decoder writes
# the output. pairs: single words, scored in pairs.
Reads = Literal["onward", "in place", "source", "pairs"]

CACHE = "cache of what was read"
PARTS = {  # a part -> what a model that has it promises
    "token embedding": "a row for each token, `embedding.weight` of each stack",
    "logits": "a score of every token at each position: the tap `logits` of the module `unembedding`; config.context",
    "positions": "an encoding of ENCODINGS in each stack: the module `positions`; config.positions",
    "states": "a state at each position after each layer, as a tap",
    "residual stream": "blocks in each stack with the taps `residual_…`, a final norm or none; config.layers",
    "attention": "weights over what is read, in rows that sum to 1: modules at config.attentions with the taps "
    "`scores`, `pattern`, `values` and `head_out` and the matrix `output`; config.causal",
    "attention heads": "attention by queries and keys, in heads: its modules are those of models/attention.py; "
    "config.heads, config.head_width",
    "cross-attention": "attention of a decoder to what an encoder read, the module `cross` of a layer",
    "MLP": "an MLP in each block with the taps `pre` and `out`; config.activation",
    "dropout": "modules of models/layers.py that drop values in training; config.dropout",
    "recurrent state": "cells `layers.0`, … of models/recurrent.py in the last stack, each with the tap `hidden`; "
    "config.layers",
    CACHE: "what a text leaves behind is kept from token to token, as models/cache.py does it: `onward` is true",
    "word vectors": "two rows for each word, `embedding.weight` and `context.weight`, and the scores of pairs",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A value of `model.kind`.

    reads: how examples are laid out before it.   parts: what it has, of PARTS.   stacks: what the paths of its stacks
    begin with.   classes: its answers are classes, so that label smoothing has something to smooth among.   ignores:
    the settings of its family that it does not read.
    """

    reads: Reads
    parts: frozenset[str]
    stacks: tuple[str, ...] = ("",)
    classes: bool = True
    ignores: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of models.

    spoken: what "this run …" is followed by.   config: the frozen dataclass of its settings, with `kind` and `width`,
    each with its `Means`.   build: `module:function` of models, called with a config, the number of tokens, a generator
    and the token that fills short sources.   live: the settings that a built model takes over by `adopt`, with the same
    weights.
    precisions: those that its arithmetic is worth being done in.
    """

    spoken: str
    config: type
    build: str
    kinds: dict[str, Kind]
    live: frozenset[str] = frozenset()
    precisions: tuple[str, ...] = ("float32", "bfloat16")


BLOCKS = frozenset(
    {
        "token embedding",
        "logits",
        "states",
        "positions",
        "residual stream",
        "attention",
        "attention heads",
        "MLP",
        "dropout",
    }
)
CELLS = frozenset({"token embedding", "logits", "states", "recurrent state", "dropout", CACHE})
VECTORS = frozenset({"token embedding", "word vectors"})
WEIGHTING = frozenset({"x_max", "alpha"})

FAMILIES: dict[str, Family] = {
    "transformer": Family(
        spoken="is a Transformer",
        config=ModelConfig,
        build="transformer:build",
        kinds={
            "decoder": Kind(reads="onward", parts=BLOCKS | {CACHE}),
            "encoder": Kind(reads="in place", parts=BLOCKS),
            "encoder-decoder": Kind(
                reads="source", parts=BLOCKS | {"cross-attention", CACHE}, stacks=("encoder.", "decoder.")
            ),
        },
        live=frozenset({"activation", "dropout", "mask", "residual", "scale"}),
    ),
    "recurrent": Family(
        spoken="is a recurrent network",
        config=RecurrentConfig,
        build="recurrent:build",
        kinds={
            "rnn": Kind(reads="onward", parts=CELLS, ignores=frozenset({"forget_bias"})),
            "lstm": Kind(reads="onward", parts=CELLS),
            "gru": Kind(reads="onward", parts=CELLS),
        },
        live=frozenset({"dropout"}),
    ),
    "translator": Family(
        spoken="is a recurrent encoder-decoder",
        config=TranslatorConfig,
        build="alignment:build",
        kinds={
            "gru-encoder-decoder": Kind(reads="source", parts=CELLS, stacks=("encoder.", "decoder.")),
            "gru-attention": Kind(
                reads="source", parts=CELLS | {"attention", "cross-attention"}, stacks=("encoder.", "decoder.")
            ),
        },
        live=frozenset({"dropout"}),
        precisions=("float32",),
    ),
    "word-vectors": Family(
        spoken="learns word vectors",
        config=WordVectorConfig,
        build="word_vectors:build",
        kinds={
            "skip-gram": Kind(reads="pairs", parts=VECTORS, ignores=WEIGHTING),
            "cbow": Kind(reads="pairs", parts=VECTORS, ignores=WEIGHTING),
            "glove": Kind(reads="pairs", parts=VECTORS, classes=False),
        },
        precisions=("float32",),
    ),
}


def kinds() -> dict[str, Kind]:
    """Every kind of model there is."""
    return {name: kind for family in FAMILIES.values() for name, kind in family.kinds.items()}


def family_of(kind: str) -> Family:
    """The family of a kind. KeyError if there is no such kind."""
    for family in FAMILIES.values():
        if kind in family.kinds:
            return family
    raise KeyError(kind)


def kind_of(config: Any) -> Kind:
    """The kind that a model's settings are of."""
    return family_of(config.kind).kinds[config.kind]


def missing(config: Any, parts: Iterable[str]) -> list[str]:
    """Those of `parts` that a model with these settings does not have. KeyError if one is none of PARTS."""
    return [part for part in parts if PARTS[part] and part not in kind_of(config).parts]


def build(config: Any, vocabulary: int, generator: torch.Generator, pad: int | None = None) -> nn.Module:
    """The model that these settings describe, initialised from `generator` alone.

    vocabulary: number of tokens V.   pad: the token that fills short sources, hidden from attention.
    """
    module, function = family_of(config.kind).build.split(":")
    model: nn.Module = getattr(import_module(f"models.{module}"), function)(config, vocabulary, generator, pad)
    return model


def adopt(model: nn.Module, config: Any) -> None:
    """Has a built model take over the settings of its family's `live` that differ, by each module's own `adopt`."""
    for module in model.modules():
        takes_over: Any = getattr(module, "adopt", None)
        if takes_over is not None:
            takes_over(config)

"""The model of a run in lines of PyTorch, a template for each family.

B batch, T position, S position of what is attended to, C width, H heads, D = C / H, V tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.config.encodings import ENCODINGS
from explorer.script.template import filled
from explorer.script.templates import (
    DROP,
    LINEAR,
    NORMAL,
    RECURRENT,
    TRANSFORMER,
    TRANSLATOR,
    WORD_VECTORS,
)
from models.attention import SCALES
from models.config import ModelConfig, RecurrentConfig, TranslatorConfig, WordVectorConfig
from models.families import kind_of
from models.positions import POSITIONS
from models.recurrent import CELLS
from models.transformer import INITS

ACTIVATIONS = {"gelu": "GELU", "relu": "ReLU", "silu": "SiLU", "tanh": "Tanh", "sigmoid": "Sigmoid"}
TORCH_CELLS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


def transformer(config: ModelConfig, values: dict[str, Any], flags: set[str]) -> list[str]:
    """A Transformer, of any kind. ValueError names an encoding that no line is known for."""
    written = ENCODINGS[config.positions].script
    if written is None:
        able = ", ".join(name for name, encoding in ENCODINGS.items() if encoding.script)
        raise ValueError(f"no PyTorch is written for model.positions={config.positions}; use {able}")
    cross, inside = "cross-attention" in kind_of(config).parts, kind_of(config).reads == "in place"
    flags = flags | {written, config.norm} | ({"cross"} if cross else set())
    flags |= {"causal"} if config.mask == "causal" and not inside else set()
    flags |= {"padded"} if inside and "pad" in flags else set()
    flags |= {"large"} if INITS[config.init] != 1 else set()
    flags |= {"none-norm"} if config.norm == "none" else set()
    drop = values["drop"]
    values = values | {
        "scale": "" if SCALES[config.scale](4) == 1 else " * D**-0.5",
        "pattern": "drop(pattern)" if drop else "pattern",
        "norms": 3 if cross else 2,
        "activation": ACTIVATIONS[config.activation],
        "place": config.norm,
        "residual": config.residual,
        "attended": joined(config, 0, "self.attention({}, mask)", drop),
        "lifted": joined(config, 1, "self.mlp({})", drop),
        "crossed": joined(config, 2, "self.cross({}, hidden, memory)", drop),
        "large": INITS[config.init],
        "std": 0.02,
    }
    return filled(LINEAR + NORMAL[1:] + TRANSFORMER[1:], flags, values)


def joined(config: ModelConfig, norm: int, sublayer: str, drop: str) -> str:
    """How a sublayer, a call with {} for what it reads, comes into the stream x."""
    before = f"self.norms[{norm}](x)" if config.norm == "pre" else "x"
    out = f"{drop}({sublayer.format(before)})" if drop else sublayer.format(before)
    out = f"x + {out}" if config.residual == "add" else out
    return f"self.norms[{norm}]({out})" if config.norm == "post" else out


def recurrent(config: RecurrentConfig, values: dict[str, Any], flags: set[str]) -> list[str]:
    """Torch's own cells, with the run's initial weights."""
    gated = CELLS[config.kind].KEEPS is not None
    values = values | {
        "cell": TORCH_CELLS[config.kind],
        "gain": config.gain,
        "bias": config.forget_bias,
        "std": "STD",
    }
    return filled(LINEAR + NORMAL[1:] + RECURRENT[1:], flags | ({"gated"} if gated else set()), values)


def translator(config: TranslatorConfig, values: dict[str, Any], flags: set[str]) -> list[str]:
    """GRUs that read and write."""
    attention = {"attention"} if config.attentions else set()
    values = values | {"bias": config.forget_bias, "std": "STD"}
    return filled(LINEAR + NORMAL[1:] + TRANSLATOR[1:], flags | attention, values)


def word_vectors(config: WordVectorConfig, values: dict[str, Any], flags: set[str]) -> list[str]:
    """Word vectors."""
    return filled(WORD_VECTORS, flags | {config.kind}, values)


LINES: dict[type, Callable[[Any, dict[str, Any], set[str]], list[str]]] = {
    ModelConfig: transformer,
    RecurrentConfig: recurrent,
    TranslatorConfig: translator,
    WordVectorConfig: word_vectors,
}


def lines(config: Any, values: dict[str, Any], flags: set[str]) -> list[str]:
    """The classes of a model and the line that builds it. ValueError if there is no template for its family.

    values: `stream`, `heads`, `scores`, `logits`, `width`: shapes for the comments, as text.   flags: `pad` if the
    vocabulary has a token that fills; `dropout`.
    """
    if type(config) not in LINES:
        raise ValueError(f"no PyTorch is written for model.kind={config.kind}; look at its settings instead")
    drop = {"drop": "drop" if "dropout" in flags else ""}
    dropped = filled(DROP, flags, {}) if "dropout" in flags else []
    return dropped + ([""] if dropped else []) + LINES[type(config)](config, values | drop, flags)


def constants(config: Any, vocabulary: int, pad: int | None) -> str:
    """The constants that a model's template reads, in a line."""
    named = {"V": vocabulary, "C": config.width}
    parts = kind_of(config).parts
    if "attention heads" in parts:
        named |= {"H": config.heads, "D": config.head_width, "L": config.layers, "CONTEXT": config.context}
    elif "recurrent state" in parts:
        named |= {"L": config.layers, "STD": (3 * config.width) ** -0.5}
    named |= {} if pad is None else {"PAD": pad}
    named |= {"DROPOUT": config.dropout} if getattr(config, "dropout", 0) else {}
    slopes = POSITIONS[config.positions].slopes(config.heads) if "attention heads" in parts else None
    named |= {} if slopes is None else {"SLOPES": slopes.tolist()}
    meant = ", ".join(MEANT[name] for name in named)
    return f"# {meant}\n{', '.join(named)} = {', '.join(map(str, named.values()))}"


MEANT = {
    "V": "tokens",
    "C": "width",
    "H": "heads",
    "D": "width of a head",
    "L": "layers",
    "CONTEXT": "longest sequence",
    "STD": "of initial weights",
    "PAD": "the token that fills short rows",
    "DROPOUT": "share of values dropped",
    "SLOPES": "of ALiBi",
}

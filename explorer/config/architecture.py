"""Architecture: a model as boxes, from its settings alone: what the small picture of the whole model shows.

Where a model is a Transformer these are the boxes that backpropagation walks through (`analysis.boxes`), in the same
order, under the same names; a test compares them. Others are made from the parts that their kind declares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explorer.config.encodings import ENCODINGS
from models.families import Kind, kind_of

ANSWER = "answer"


@dataclass(frozen=True)
class Box:
    """One operation. kind: its rule.   row: its part of the model, by path.   reads: by role, the boxes that it reads.

    part: what it is, of `models.families.PARTS`; "" for the input, and what stands between parts.
    """

    id: str
    kind: str
    row: str
    reads: dict[str, str]
    part: str = ""


def boxes(config: Any) -> list[Box]:
    """Every operation of a model with these settings, in the order of the forward pass."""
    kind = kind_of(config)
    made: list[Box] = []
    memory = ""
    for stack in kind.stacks:
        tokens = "source" if len(kind.stacks) > 1 and stack == kind.stacks[0] else "tokens"
        made += stack_boxes(config, kind, stack, tokens, memory)
        memory = made[-1].id
    return made + list(answer(kind, made[-1].id))


def stack_boxes(config: Any, kind: Kind, prefix: str, tokens: str, memory: str) -> list[Box]:
    """The boxes of one stack. memory: the output of the stack before it, "" without one."""
    row, embedding = f"{prefix}embedding", f"{prefix}token_embedding"
    made = [
        Box(tokens, "tokens", row, {}, "token embedding"),
        Box(embedding, "embedding", row, {}, "token embedding"),
    ]
    if "positions" in kind.parts and ENCODINGS[config.positions].acts == "table":
        made.append(Box(f"{prefix}blocks.0.residual_in", "positions", row, {"x": embedding}, "positions"))
    for number in range(config.layers if kind.parts & {"residual stream", "recurrent state"} else 0):
        if "residual stream" in kind.parts:
            made += block(config, prefix, number, made[-1].id, memory)
        else:
            made += cell(config, prefix, number, made[-1].id, memory)
    if "residual stream" in kind.parts and config.norm == "pre":
        made.append(Box(f"{prefix}final_norm.out", "norm", f"{prefix}final_norm", {"x": made[-1].id}))
    return made


def block(config: Any, prefix: str, number: int, x: str, memory: str) -> list[Box]:
    """A block of a residual stream: attention, attention to the memory if there is one, and MLP."""
    place = f"{prefix}blocks.{number}"
    attentions = [path.rpartition(".")[2] for path in config.attentions if path.startswith(f"{place}.")]
    outs = {"attention": "residual_mid", "cross": "residual_cross", "mlp": "residual_out"}
    made: list[Box] = []
    for part in [*attentions, "mlp"]:
        before = made[-1].id if made else x
        made += sublayer(config, place, part, before, outs[part], memory if part == "cross" else "")
    return made


def sublayer(config: Any, place: str, part: str, x: str, out: str, memory: str) -> Iterator[Box]:
    """Norm, attention or MLP, and the sum; in a post-norm model the norm comes last."""
    row, is_part = f"{place}.{part}", "MLP" if part == "mlp" else "attention"
    inner = x
    if config.norm == "pre":
        inner = f"{row}_norm.out"
        yield Box(inner, "norm", row, {"x": x}, is_part)
    inside = list((mlp if part == "mlp" else attention)(row, inner, memory))
    yield from inside
    post = config.norm == "post"
    joined = f"{row}_norm.in" if post else f"{place}.{out}"
    last = {"y": inside[-1].id}
    adds = config.residual == "add"
    yield Box(joined, "add" if adds else "alone", row, {"x": x} | last if adds else last, is_part)
    if post:
        yield Box(f"{place}.{out}", "norm", row, {"x": joined}, is_part)


def attention(row: str, x: str, memory: str) -> Iterator[Box]:
    """From queries, keys and values to the output."""
    part = "attention"
    for kind, source in {"queries": x, "keys": memory or x, "values": memory or x}.items():
        yield Box(f"{row}.{kind}", kind, row, {"x": source}, part)
    yield Box(f"{row}.scores", "scores", row, {"q": f"{row}.queries", "k": f"{row}.keys"}, part)
    yield Box(f"{row}.pattern", "pattern", row, {"z": f"{row}.scores"}, part)
    yield Box(f"{row}.head_out", "head_out", row, {"pattern": f"{row}.pattern", "v": f"{row}.values"}, part)
    yield Box(f"{row}.out", "output", row, {"heads": f"{row}.head_out"}, part)


def mlp(row: str, x: str, memory: str) -> Iterator[Box]:
    """Expand, activation, contract."""
    yield Box(f"{row}.pre", "linear", row, {"x": x}, "MLP")
    yield Box(f"{row}.post", "activation", row, {"x": f"{row}.pre"}, "MLP")
    yield Box(f"{row}.out", "linear", row, {"x": f"{row}.post"}, "MLP")


def cell(config: Any, prefix: str, number: int, x: str, memory: str) -> Iterator[Box]:
    """A layer of cells; before it the attention to the memory, if it has one, or else the memory itself."""
    row = f"{prefix}layers.{number}"
    reads = {"x": x}
    for path in getattr(config, "attentions", ()):
        if path.startswith(f"{row}."):
            yield Box(path, "context", path.replace(".cross", ".reading"), {"x": memory}, "attention")
            reads["memory"] = path
    if memory and "memory" not in reads:
        reads["memory"] = memory
    yield Box(f"{row}.hidden", "cell", row, reads, "recurrent state")


def answer(kind: Kind, x: str) -> Iterator[Box]:
    """From what the last stack says to the loss."""
    if "logits" in kind.parts:
        yield Box("logits", "linear", ANSWER, {"x": x}, "logits")
        yield Box("chances", "chances", ANSWER, {"z": "logits"}, "logits")
        yield Box("loss", "loss", ANSWER, {"p": "chances"}, "logits")
    else:
        yield Box("scores of pairs", "pairs", ANSWER, {"x": x}, "word vectors")
        yield Box("loss", "loss", ANSWER, {"p": "scores of pairs"}, "word vectors")

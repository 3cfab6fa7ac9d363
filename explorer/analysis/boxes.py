"""Boxes: the operations of a model in the order of the forward pass: what each reads, and its rule.

A box is named after its output, by the tap's path if there is one. `source` and `tokens` are the inputs; `….in` is the
input of a norm, in a post-norm model a sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn

from models.layers import Norm
from models.transformer import RESIDUALS, Block, EncoderDecoder, Stack

PROJECTED = ("queries", "keys", "values")


@dataclass(frozen=True)
class Box:
    """One operation of the model.

    id: of its output.   kind: its rule.   reads: by role, the boxes whose output it reads.   weights: by role, its
    parameters.   module: the path of what holds them.   row: its part of the model, such as blocks.0.attention.
    """

    id: str
    kind: str
    reads: dict[str, str]
    weights: dict[str, str] = field(default_factory=dict)
    module: str = ""
    row: str = ""


def boxes(model: nn.Module) -> list[Box]:
    """Every operation from the tokens to the loss, in the order of the forward pass."""
    if isinstance(model, EncoderDecoder):
        all_boxes = stack_boxes("encoder.", model.encoder, "source", "")
        memory = all_boxes[-1].id
        all_boxes += stack_boxes("decoder.", model.decoder, "tokens", memory)
    else:
        assert isinstance(model, Stack)
        all_boxes = stack_boxes("", model, "tokens", "")
    return [
        *all_boxes,
        linear("logits", all_boxes[-1].id, "unembedding", "answer"),
        Box("chances", "chances", {"z": "logits"}, row="answer"),
        Box("loss", "loss", {"p": "chances"}, row="answer"),
    ]


def stack_boxes(prefix: str, stack: Stack, tokens: str, memory: str) -> list[Box]:
    """The boxes of one stack, from its tokens to its output."""
    row = f"{prefix}embedding"
    made = [
        Box(tokens, "tokens", {}, row=row),
        Box(f"{prefix}token_embedding", "embedding", {}, {"table": f"{prefix}embedding.weight"}, row, row),
    ]
    if stack.positions.embed(1) is not None:
        learned = {"table": f"{prefix}positions.table"} if list(stack.positions.parameters()) else {}
        reads = {"x": made[-1].id}
        made.append(Box(f"{prefix}blocks.0.residual_in", "positions", reads, learned, f"{prefix}positions", row))
    for number, block in enumerate(stack.blocks):
        assert isinstance(block, Block)
        place = f"{prefix}blocks.{number}"
        last = "residual_mid" if block.cross is None else "residual_cross"
        made += sublayer(block, place, "attention", made[-1].id, "residual_mid")
        if block.cross is not None:
            made += sublayer(block, place, "cross", made[-1].id, last, memory)
        made += sublayer(block, place, "mlp", made[-1].id, "residual_out")
    if stack.final_norm is not None:
        made.append(norm(f"{prefix}final_norm.out", made[-1].id, f"{prefix}final_norm", f"{prefix}final_norm"))
    return made


def sublayer(block: Block, place: str, part: str, x: str, out: str, memory: str = "") -> list[Box]:
    """Norm, attention or MLP, and the sum; in a post-norm model the norm comes last."""
    row, inside = f"{place}.{part}", attention_boxes if part != "mlp" else mlp_boxes
    normed = isinstance(getattr(block, f"{part}_norm"), Norm)
    made = [norm(f"{row}_norm.out", x, f"{row}_norm", row)] if normed and block.pre_norm else []
    made += inside(row, made[-1].id if made else x, memory)
    after = normed and not block.pre_norm
    joined, inputs = f"{row}_norm.in" if after else f"{place}.{out}", {"y": made[-1].id}
    adds = block.join is RESIDUALS["add"]
    made.append(Box(joined, "add", {"x": x} | inputs, row=row) if adds else Box(joined, "alone", inputs, row=row))
    return [*made, norm(f"{place}.{out}", joined, f"{row}_norm", row)] if after else made


def attention_boxes(row: str, x: str, memory: str) -> list[Box]:
    """From queries, keys and values to the output."""
    weights = {role: f"{row}.project.{role}" for role in ("weight", "bias")}
    sources = {"queries": x, "keys": memory or x, "values": memory or x}
    q, k, v, scores, pattern, heads, out = (
        f"{row}.{tap}" for tap in (*PROJECTED, "scores", "pattern", "head_out", "out")
    )
    return [
        *(Box(f"{row}.{kind}", kind, {"x": source}, weights, row, row) for kind, source in sources.items()),
        Box(scores, "scores", {"q": q, "k": k}, {}, row, row),
        Box(pattern, "pattern", {"z": scores}, {}, row, row),
        Box(heads, "head_out", {"pattern": pattern, "v": v}, {}, row, row),
        Box(out, "output", {"heads": heads}, {r: f"{row}.output.{r}" for r in weights}, row, row),
    ]


def mlp_boxes(row: str, x: str, memory: str) -> list[Box]:
    """Expand, activation, contract."""
    pre, post, out = (f"{row}.{tap}" for tap in ("pre", "post", "out"))
    return [
        linear(pre, x, f"{row}.expand", row),
        Box(post, "activation", {"x": pre}, {}, row, row),
        linear(out, post, f"{row}.contract", row),
    ]


def linear(id: str, x: str, module: str, row: str) -> Box:
    """A product with a matrix, and a bias."""
    return Box(id, "linear", {"x": x}, {role: f"{module}.{role}" for role in ("weight", "bias")}, module, row)


def norm(id: str, x: str, module: str, row: str) -> Box:
    """A LayerNorm."""
    return Box(id, "norm", {"x": x}, {role: f"{module}.{role}" for role in ("weight", "bias")}, module, row)

"""The operations of a model as boxes, in the order of the forward pass: what each reads, and by which rule it goes.

A box is named after its output: by the tap's path where it has one. `source` and `tokens` are what is read;
`….in` is what goes into a norm, the sum of a post-norm model.
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

    id: of its output.   kind: which rule it follows.   reads: by role the boxes whose output it reads.
    weights: by role the parameters it uses.   module: the path of what holds them.   row: the part of the model
    it belongs to, such as blocks.0.attention.
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
        found = stack_boxes("encoder.", model.encoder, "source", "")
        memory = found[-1].id
        found += stack_boxes("decoder.", model.decoder, "tokens", memory)
    else:
        assert isinstance(model, Stack)
        found = stack_boxes("", model, "tokens", "")
    return [
        *found,
        linear("logits", found[-1].id, "unembedding", "answer"),
        Box("chances", "chances", {"z": "logits"}, row="answer"),
        Box("loss", "loss", {"p": "chances"}, row="answer"),
    ]


def stack_boxes(prefix: str, stack: Stack, tokens: str, memory: str) -> list[Box]:
    """The boxes of one stack, from its tokens to what it hands on."""
    row = f"{prefix}embedding"
    found = [
        Box(tokens, "tokens", {}, row=row),
        Box(f"{prefix}token_embedding", "embedding", {}, {"table": f"{prefix}embedding.weight"}, row, row),
    ]
    if stack.positions.embed(1) is not None:
        learned = {"table": f"{prefix}positions.table"} if list(stack.positions.parameters()) else {}
        reads = {"x": found[-1].id}
        found.append(Box(f"{prefix}blocks.0.residual_in", "positions", reads, learned, f"{prefix}positions", row))
    for number, block in enumerate(stack.blocks):
        assert isinstance(block, Block)
        place = f"{prefix}blocks.{number}"
        last = "residual_mid" if block.cross is None else "residual_cross"
        found += sublayer(block, place, "attention", found[-1].id, "residual_mid")
        if block.cross is not None:
            found += sublayer(block, place, "cross", found[-1].id, last, memory)
        found += sublayer(block, place, "mlp", found[-1].id, "residual_out")
    if stack.final_norm is not None:
        found.append(norm(f"{prefix}final_norm.out", found[-1].id, f"{prefix}final_norm", f"{prefix}final_norm"))
    return found


def sublayer(block: Block, place: str, part: str, x: str, out: str, memory: str = "") -> list[Box]:
    """Norm, attention or MLP, and the sum; after the sum the norm in a post-norm model."""
    row, inside = f"{place}.{part}", attention_boxes if part != "mlp" else mlp_boxes
    normed = isinstance(getattr(block, f"{part}_norm"), Norm)
    found = [norm(f"{row}_norm.out", x, f"{row}_norm", row)] if normed and block.pre_norm else []
    found += inside(row, found[-1].id if found else x, memory)
    after = normed and not block.pre_norm
    joined, said = f"{row}_norm.in" if after else f"{place}.{out}", {"y": found[-1].id}
    adds = block.join is RESIDUALS["add"]
    found.append(Box(joined, "add", {"x": x} | said, row=row) if adds else Box(joined, "alone", said, row=row))
    return [*found, norm(f"{place}.{out}", joined, f"{row}_norm", row)] if after else found


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

"""What the residual stream already says before the last layer, and which component said it.

B batch, T position, C width, D = C / H, V vocabulary, J junctions of the residual stream.

The lens reads the stream with the model's own final norm and unembedding, so this module needs torch.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Trace, evaluating, watching
from models import precisions
from models.attention import Attention
from models.layers import Norm
from models.transformer import RESIDUALS, Block, EncoderDecoder, Stack, attentions

TOP = 3  # tokens that a lens names at each place


def stack_of(model: nn.Module) -> Stack:
    """The stack whose residual stream reaches the logits."""
    stack = model.decoder if isinstance(model, EncoderDecoder) else model
    assert isinstance(stack, Stack)
    return stack


def prefix_of(model: nn.Module) -> str:
    """What the names of that stack's taps and parameters begin with."""
    return "decoder." if isinstance(model, EncoderDecoder) else ""


def junctions(model: nn.Module) -> list[str]:
    """The taps of that stream, from the embeddings to the last block's output; each state once.

    A block's input is the output of the one before, so only the first block's is named.
    """
    prefix = prefix_of(model)
    names = [f"{prefix}blocks.0.residual_in"]
    for i, block in enumerate(stack_of(model).blocks):
        assert isinstance(block, Block)
        sublayers = ["mid", "out"] if block.cross is None else ["mid", "cross", "out"]
        names += [f"{prefix}blocks.{i}.residual_{after}" for after in sublayers]
    return names


@torch.no_grad()
def logit_lens(model: nn.Module, trace: Trace) -> np.ndarray:
    """Log-probabilities of the next token if the model stopped at each junction, (J, T, V), of the first sample.

    softmax(unembed(final_norm(x))) (nostalgebraist 2020, "interpreting GPT: the logit lens"). A post-norm
    model has no final norm, as each sublayer leaves its stream normalised: there x is read as it is, and so
    are the embeddings, which no norm has passed yet.
    """
    stack = stack_of(model)
    stream = torch.from_numpy(np.stack([trace.values[name][0] for name in junctions(model)]))  # (J, T, C)
    stream = stream.to(stack.embedding.weight)
    if stack.final_norm is not None:
        stream = stack.final_norm(stream)
    return model.get_submodule("unembedding")(stream).log_softmax(-1).cpu().numpy()


@dataclass(frozen=True)
class Reading:
    """The most likely tokens and the right one at every junction and position.

    top, top_p (J, T, 3): tokens, best first, and their probabilities; fewer where V is smaller.
    p (J, T): probability of the target, NaN where nothing is asked.
    rank (J, T): 1 where the target is the most likely token; 0 where nothing is asked or p is not a number.
    """

    top: np.ndarray
    top_p: np.ndarray
    p: np.ndarray
    rank: np.ndarray


def reading(log_p: np.ndarray, targets: np.ndarray) -> Reading:
    """What a page shows of `logit_lens`, (J, T, V), for the targets (T,), IGNORE where nothing is asked."""
    count = min(TOP, log_p.shape[-1])
    top = np.argpartition(-log_p, count - 1)[..., :count]  # the best, in any order
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(log_p, top, -1)), -1)
    asked = targets != IGNORE
    own = log_p[:, np.arange(len(targets)), np.where(asked, targets, 0)]  # (J, T)
    return Reading(
        top=top,
        top_p=np.exp(np.take_along_axis(log_p, top, -1)),
        p=np.where(asked, np.exp(own), np.nan),
        rank=np.where(asked & ~np.isnan(own), 1 + (log_p > own[..., None]).sum(-1), 0),
    )


def stream_norms(trace: Trace, junctions: Sequence[str]) -> np.ndarray:
    """‖x‖ of the residual stream at each junction and position, (J, T), of the first sample."""
    return np.stack([np.linalg.norm(trace.values[name][0].astype(np.float64), axis=-1) for name in junctions])


@dataclass(frozen=True)
class Attribution:
    """How a logit difference came about.

    parts: what each component adds, in the order of the forward pass: embedding, positions, then for each block
    its heads as in explorer/heads.py (`blocks.0.attention.1`), the bias of its attention, its MLP, and the
    biases of norms and unembedding by their parameters' names. An MLP's share includes its bias.
    difference: the logit of one token minus that of the other, or minus the mean logit.
    """

    parts: dict[str, float]
    difference: float


@torch.no_grad()
def attribution(model: nn.Module, batch: Batch, position: int, token_a: int, token_b: int | None = None) -> Attribution:
    """Direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").

    The logit of `token_a` minus that of `token_b` (None: minus the mean logit) at a position of the first
    sample is a sum over all that was added to the residual stream. Each norm on the way is linear once its own
    standard deviation at this position is held: (c − mean c) / std · γ. Pre-norm has one, the final norm;
    in post-norm a component passes every norm after it, which is as exact.

    Everything in float64 on a copy of the model, whatever precision it trains in: so the parts sum to the
    difference. ValueError where nothing is added: without residual connections there is no such sum.
    """
    if RESIDUALS["add"] is not stack_of(model).blocks[0].join:
        raise ValueError("without residual connections a logit is no sum of parts; set model.residual to add")
    exact = in_float64(model)
    prefix, stack = prefix_of(exact), stack_of(exact)
    cpu = batch.to(torch.device("cpu"))
    with evaluating(exact), watching(exact, lambda name: name.startswith(prefix)) as seen:
        logits = exact(cpu.tokens, cpu.source)[0, position]  # (V,)
    values = {name.removeprefix(prefix): value[0] for name, value in seen.items()}
    weight, bias = exact.get_parameter("unembedding.weight"), exact.get_parameter("unembedding.bias")
    other = slice(None) if token_b is None else slice(token_b, token_b + 1)
    reader = weight[token_a] - weight[other].mean(0)  # (C,): the logit difference is reader · stream
    last = ("unembedding.bias", (bias[token_a] - bias[other].mean()).item())
    rest = [(prefix + name, share) for name, share in shares(stack, values, position, reader)]
    return Attribution(dict(reversed([last, *rest])), (logits[token_a] - logits[other].mean()).item())


def in_float64(model: nn.Module) -> nn.Module:
    """A copy on the CPU with float64 weights and products, its switched-off heads still off."""
    twin = copy.deepcopy(model).cpu().double()
    precisions.use(twin, "float32")  # products as the weights are, not bfloat16
    for attention in attentions(twin).values():
        if attention.head_gain is not None:
            attention.head_gain = attention.head_gain.cpu().double()
    return twin


def shares(stack: Stack, values: dict[str, Tensor], position: int, reader: Tensor) -> Iterator[tuple[str, float]]:
    """Each component's share of reader · stream, from the last to the first.

    values: the stack's taps by name, (T, C) or (H, T, D).
    """
    if stack.final_norm is not None:
        yield "final_norm.bias", (reader @ stack.final_norm.bias).item()
        reader = through(stack.final_norm, values[f"blocks.{len(stack.blocks) - 1}.residual_out"][position], reader)
    for i, block in reversed(list(enumerate(stack.blocks))):
        assert isinstance(block, Block)
        at = f"blocks.{i}."
        sublayers = [("attention", block.attention_norm, "residual_in"), ("mlp", block.mlp_norm, "residual_mid")]
        if block.cross_norm is not None:
            sublayers[1:] = [("cross", block.cross_norm, "residual_mid"), ("mlp", block.mlp_norm, "residual_cross")]
        for name, norm, before in reversed(sublayers):
            added = values[f"{at}{name}.out"][position]
            if isinstance(norm, Norm) and not block.pre_norm:
                yield f"{at}{name}_norm.bias", (reader @ norm.bias).item()
                reader = through(norm, values[at + before][position] + added, reader)
            if name == "mlp":
                yield at + name, (reader @ added).item()
                continue
            attention = getattr(block, name)
            yield f"{at}{name}.output.bias", (reader @ attention.output.bias).item()
            by_head = of_heads(attention, values[f"{at}{name}.head_out"][:, position], reader)
            for h in reversed(range(attention.heads)):
                yield f"{at}{name}.{h}", by_head[h].item()
    placed = stack.positions.embed(position + 1)
    if placed is not None:
        yield "positions", (reader @ placed[position]).item()
    yield "embedding", (reader @ values["token_embedding"][position]).item()


def through(norm: Norm, x: Tensor, reader: Tensor) -> Tensor:
    """What reads from a norm's input x (C,) as `reader` reads from its output, its scale held at x."""
    scaled = reader * norm.weight / (x.var(correction=0) + norm.eps).sqrt()
    return scaled - scaled.mean()


def of_heads(attention: Attention, head_out: Tensor, reader: Tensor) -> Tensor:
    """Each head's share (H,): its output (H, D) through its own columns of the output matrix."""
    columns = attention.output.weight.unflatten(1, (attention.heads, -1))  # (C, H, D)
    return torch.einsum("hd,chd,c->h", head_out, columns, reader)

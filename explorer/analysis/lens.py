"""Lens: what the residual stream predicts before the last layer, and which component contributed it.

B batch, T position, C width, D = C / H, V vocabulary, J junctions of the residual stream.

The lens reads the stream with the model's own final norm and unembedding, so this module needs torch.
"""

from __future__ import annotations

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
from models.transformer import RESIDUALS, Block, EncoderDecoder, Stack

TOP = 3  # tokens shown at each place


def stack_of(model: nn.Module) -> Stack:
    """The stack whose residual stream reaches the logits."""
    stack = model.decoder if isinstance(model, EncoderDecoder) else model
    assert isinstance(stack, Stack)
    return stack


def prefix_of(model: nn.Module) -> str:
    """The prefix of that stack's tap and parameter names."""
    return "decoder." if isinstance(model, EncoderDecoder) else ""


def junctions(model: nn.Module) -> list[str]:
    """The taps of that stream, from the embeddings to the last block's output; each state once.

    A block's input is the output of the one before, so only the first block's is listed.
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
    are the embeddings, which have passed no norm yet.
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

    top, top_p (J, T, 3): tokens, best first, and their probabilities; fewer if V is smaller. p (J, T): probability of
    the target, NaN at ignored targets. rank (J, T): 1 if the target is the most likely token; 0 if it is ignored or p
    is not a number.
    """

    top: np.ndarray
    top_p: np.ndarray
    p: np.ndarray
    rank: np.ndarray


def reading(log_p: np.ndarray, targets: np.ndarray) -> Reading:
    """What a page shows of `logit_lens`, (J, T, V), for the targets (T,), which may be IGNORE."""
    count = min(TOP, log_p.shape[-1])
    top = np.argpartition(-log_p, count - 1)[..., :count]  # the best, in any order
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(log_p, top, -1)), -1)
    predicted = targets != IGNORE
    target_log_p = log_p[:, np.arange(len(targets)), np.where(predicted, targets, 0)]  # (J, T)
    return Reading(
        top=top,
        top_p=np.exp(np.take_along_axis(log_p, top, -1)),
        p=np.where(predicted, np.exp(target_log_p), np.nan),
        rank=np.where(predicted & ~np.isnan(target_log_p), 1 + (log_p > target_log_p[..., None]).sum(-1), 0),
    )


def stream_norms(trace: Trace, junctions: Sequence[str]) -> np.ndarray:
    """‖x‖ of the residual stream at each junction and position, (J, T), of the first sample."""
    return np.stack([np.linalg.norm(trace.values[name][0].astype(np.float64), axis=-1) for name in junctions])


@dataclass(frozen=True)
class Attribution:
    """The parts of a logit difference.

    parts: what each component adds, in the order of the forward pass: embedding, positions, then for each block its
    heads as in training/heads.py (`blocks.0.attention.1`), the bias of its attention, its MLP (bias included), and the
    biases of norms and unembedding by their parameters' names. difference: the logit of one token minus that of the
    other, or minus the mean logit.
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

    Everything in float64 on a copy of the model, whatever precision it trains in, so that the parts sum to the
    difference. ValueError if nothing is added: without residual connections there is no such sum.
    """
    if RESIDUALS["add"] is not stack_of(model).blocks[0].join:
        raise ValueError("without residual connections a logit is no sum of parts; set model.residual to add")
    exact = precisions.in_float64(model)
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
    """The reader of a norm's input x (C) that corresponds to `reader` of its output, with the scale held at x."""
    scaled = reader * norm.weight / (x.var(correction=0) + norm.eps).sqrt()
    return scaled - scaled.mean()


def of_heads(attention: Attention, head_out: Tensor, reader: Tensor) -> Tensor:
    """Each head's share (H,): its output (H, D) through its columns of the output matrix."""
    columns = attention.output.weight.unflatten(1, (attention.heads, -1))  # (C, H, D)
    return torch.einsum("hd,chd,c->h", head_out, columns, reader)

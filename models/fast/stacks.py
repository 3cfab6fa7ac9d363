"""Stacks of blocks with their backward pass written out.

B batch, T position, S source position, N = B · T, H heads, C width.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models import positions
from models.fast.attention import Memory, cross_attention, self_attention, turning
from models.fast.parts import Back, Gradients, gradient_of_rows, linear, mlp, norm
from models.transformer import RESIDUALS, Block, EncoderDecoder, LanguageModel, Stack, hide_padding

Sublayer = Callable[[Tensor], tuple[Tensor, Back]]


def forward(
    model: LanguageModel | EncoderDecoder, tokens: Tensor, source: Tensor | None, gradients: Gradients
) -> tuple[Tensor, Callable[[Tensor], None]]:
    """The logits (B, T, V)."""
    if isinstance(model, EncoderDecoder):
        x, back_stacks = two_stacks(model, tokens, source, gradients)
    else:
        x, back_stacks = stack(model, tokens, gradients, key_mask=model.padding(tokens))
    logits, back_logits = linear(model.unembedding, x, gradients)
    return logits.view(*tokens.shape, -1), lambda g: back_stacks(back_logits(g.flatten(0, 1)))


def two_stacks(
    model: EncoderDecoder, tokens: Tensor, source: Tensor | None, gradients: Gradients
) -> tuple[Tensor, Callable[[Tensor], None]]:
    """The decoder's stream (N, C)."""
    assert source is not None
    hide = hide_padding(source, model.pad, model.unembedding.weight)
    read, back_encoder = stack(model.encoder, source, gradients, key_mask=hide)
    (B, T), S = tokens.shape, source.shape[1]
    memory = Memory(read, per_head(hide.expand(B, 1, T, S), B, model.decoder))
    x, back_decoder = stack(model.decoder, tokens, gradients, memory=memory)

    def back(g: Tensor) -> None:
        back_decoder(g)
        back_encoder(memory.gradient)

    return x, back


def stack(
    model: Stack, tokens: Tensor, gradients: Gradients, key_mask: Tensor | None = None, memory: Memory | None = None
) -> tuple[Tensor, Callable[[Tensor], None]]:
    """`Stack.run`: tokens (B, T) -> the stream (N, C)."""
    B, T = tokens.shape
    x = F.embedding(tokens, model.embedding.weight)
    position, bias = model.positions.embed(T), model.positions.bias(T)
    x = (x if position is None else x + position).flatten(0, 1)
    mask = model.visible[:T, :T]
    mask = mask if bias is None else mask + bias
    mask = per_head(mask if key_mask is None else mask + key_mask, B, model)
    turn = turning(model.positions, T)
    backs: list[Back] = []
    for block in model.blocks:
        assert isinstance(block, Block)
        attention = partial(self_attention, block.attention, B=B, mask=mask, turn=turn, gradients=gradients)
        x, back = added(block, block.attention_norm, x, attention, gradients)
        backs.append(back)
        if memory is not None:
            assert block.cross is not None
            assert block.cross_norm is not None
            cross = partial(cross_attention, block.cross, B=B, memory=memory, gradients=gradients)
            x, back = added(block, block.cross_norm, x, cross, gradients)
            backs.append(back)
        x, back = added(block, block.mlp_norm, x, partial(mlp, block.mlp, gradients=gradients), gradients)
        backs.append(back)
    if model.final_norm is not None:
        x, back = norm(model.final_norm, x, gradients)
        backs.append(back)

    def back_all(g: Tensor) -> None:
        for back in reversed(backs):
            g = back(g)
        weight = model.embedding.weight
        gradients[weight] = gradient_of_rows(weight, tokens, g)
        if isinstance(model.positions, positions.Learned):
            table = model.positions.table
            gradients[table] = torch.zeros_like(table)
            torch.sum(g.view(B, T, -1), 0, out=gradients[table][:T])

    return x, back_all


def per_head(mask: Tensor, B: int, model: Stack) -> Tensor:
    """A mask that differs between heads or examples as (B·H, Q, K); one that does not as it is."""
    block = model.blocks[0]
    assert isinstance(block, Block)
    heads = block.attention.heads
    return mask if mask.ndim == 2 else mask.expand(B, heads, *mask.shape[-2:]).flatten(0, 1)


def added(block: Block, layer: nn.Module, x: Tensor, sublayer: Sublayer, gradients: Gradients) -> tuple[Tensor, Back]:
    """`Block.add` of the stream (N, C)."""
    adds = block.join is RESIDUALS["add"]
    y, back_norm = norm(layer, x, gradients) if block.pre_norm else (x, None)
    output, back_sublayer = sublayer(y)
    x = output.add_(x) if adds else output
    if back_norm is not None:
        before = back_norm
        return x, lambda g: before(back_sublayer(g)).add_(g) if adds else before(back_sublayer(g))
    x, after = norm(layer, x, gradients)

    def back(g: Tensor) -> Tensor:
        g = after(g)
        return back_sublayer(g).add_(g) if adds else back_sublayer(g)

    return x, back

"""Scheduled sampling: in training the model reads some of its own tokens in place of the right ones.

B batch, T position, V vocabulary.

A model that is only ever trained after the right tokens never learns what to do after a wrong one (Bengio et al. 2015,
"Scheduled sampling for sequence prediction with recurrent neural networks"). With `train.own_prefix` each token of an
answer that is read again is, with that probability, drawn from what the model itself says there; what it is to say next
stays the right token.

We differ from the paper in two ways. All tokens are drawn after the right ones, by one forward pass, so that a
Transformer still reads all positions at once (as Mihaylova & Martins 2019 have it); and the share stays as it is
set, or as it is changed while training, where the paper's grows by a schedule. No gradient flows through
what was drawn.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from explorer.tasks.base import Batch
from explorer.trace import evaluating


def read_again(batch: Batch) -> Tensor:
    """Where a token of the answer is read at the next position, (B, T − 1). An ignored target is no token."""
    return batch.targets[:, :-1] == batch.tokens[:, 1:]


@torch.no_grad()
def with_own_prefix(model: nn.Module, batch: Batch, share: float, generator: torch.Generator) -> Batch:
    """The batch with `share` of the tokens that are read again drawn by the model, without dropout.

    generator: on the CPU; two numbers are drawn for each position, whatever the share.
    """
    with evaluating(model):
        p = model(batch.tokens, batch.source)[:, :-1].float().softmax(-1).cpu()  # (B, T − 1, V)
    coin, at = torch.rand(2, *p.shape[:2], generator=generator)
    ends = p.cumsum(-1)
    predicted = torch.searchsorted(ends, at[..., None] * ends[..., -1:], right=True)[..., 0].clamp_max(p.shape[-1] - 1)
    replaced = read_again(batch) & (coin < share).to(batch.tokens.device)
    read = torch.where(replaced, predicted.to(batch.tokens), batch.tokens[:, 1:])
    return dataclasses.replace(batch, tokens=torch.cat([batch.tokens[:, :1], read], 1))

"""Small models in training mode, with dropout, away from their initial even attention."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from explorer.analysis.interventions import (
    Edits,
    patched,
)
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import observe
from models.config import ModelConfig
from models.transformer import build

V, T = 9, 6
HEAD = "blocks.0.attention.1"
KINDS = [
    {},
    {"kind": "encoder", "norm": "post", "positions": "alibi"},
    {"kind": "encoder-decoder", "positions": "rotary"},
]


def model_of(**fields: object) -> nn.Module:
    """A small model in training mode, with dropout, away from its initial even attention."""
    config = ModelConfig(**{"width": 16, "heads": 2, "layers": 2, "context": T, "dropout": 0.1, **fields})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    g = torch.Generator().manual_seed(2)
    for p in model.parameters():
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=g))
    return model


def batch() -> Batch:
    g = torch.Generator().manual_seed(1)
    tokens, targets, source = (torch.randint(1, V, (4, T), generator=g) for _ in range(3))
    targets[:, 0] = IGNORE
    source[1, 4:] = 0
    return Batch(tokens, targets, source)


def values_of(model: nn.Module, read: Batch | None = None) -> dict[str, np.ndarray]:
    """Every tap's value."""
    return observe(model, read or batch(), gradients=False).values


def loss_of(model: nn.Module) -> float:
    """The loss on the batch, without dropout."""
    return observe(model, batch(), gradients=False).loss


def next_token(model: nn.Module, read: Batch, position: int, *edits: Edits) -> np.ndarray:
    """Probability of each token at a position of the first sample, (V,), with the edits in force."""
    with patched(model, *edits):
        return torch.tensor(values_of(model, read)["logits"][0, position]).softmax(-1).numpy()


def hooks_of(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())

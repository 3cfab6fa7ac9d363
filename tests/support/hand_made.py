"""A model whose heads are known, its weights written by hand: the two-layer induction circuit.

Elhage et al. 2021, "Two-layer attention-only transformers": a head of layer 1 writes at each position which
token came before; a head of layer 2 looks for the position that says "my own token came before here" and
copies what stands there. The other head of each layer knows nothing and spreads evenly.

C width, laid out as slots: S symbols, T positions, S "the token before", S "the token to say".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.attention import Attention
from models.config import ModelConfig
from models.transformer import build

PREVIOUS, INDUCTION = "blocks.0.attention.0", "blocks.1.attention.0"
EVEN = ("blocks.0.attention.1", "blocks.1.attention.1")


def config(symbols: int, n: int) -> ModelConfig:
    """Two layers of two heads for sequences of 2n tokens."""
    slots = symbols + 2 * n + 2 * symbols
    return ModelConfig(width=slots + slots % 2, heads=2, layers=2, context=2 * n)


@torch.no_grad()
def induction_model(symbols: int = 10, n: int = 8, sharpness: float = 1.0) -> nn.Module:
    """The circuit; at sharpness 0 its heads know nothing either."""
    shape = config(symbols, n)
    model = build(shape, symbols, torch.Generator().manual_seed(0)).eval()
    for name, parameter in model.named_parameters():
        if "norm" not in name:  # LayerNorm stays: all rows have one shape, so it scales them all alike
            parameter.zero_()
    S, T = symbols, 2 * n
    says, stands = slice(0, S), slice(S, S + T)
    before, answer = slice(S + T, 2 * S + T), slice(2 * S + T, 3 * S + T)
    model.embedding.weight[:, says] = torch.eye(S)
    model.positions.table[:, stands] = torch.eye(T)
    one_back = torch.eye(T).roll(-1, 0)  # asks for position t − 1
    one_back[-1] = 0  # the first position has none before it
    first, second = (block.attention for block in model.blocks)
    write(first, "queries", stands, one_back, 40 * sharpness)
    write(first, "keys", stands, torch.eye(T))
    write(first, "values", says, torch.eye(S))
    first.output.weight[before, :S] = torch.eye(S)
    write(second, "queries", says, torch.eye(S), 40 * sharpness)
    write(second, "keys", before, torch.eye(S))
    write(second, "values", says, torch.eye(S))
    second.output.weight[answer, :S] = torch.eye(S)
    model.unembedding.weight[:, answer] = 10 * torch.eye(S)
    return model


def write(attention: Attention, part: str, slot: slice, matrix: Tensor, scale: float = 1.0) -> None:
    """Head 0 reads a slot of the stream through a matrix (channels, slot)."""
    C = attention.output.weight.shape[0]
    row = ("queries", "keys", "values").index(part) * C
    attention.project.weight[row : row + len(matrix), slot] = scale * matrix

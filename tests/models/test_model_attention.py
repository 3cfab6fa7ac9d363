"""Attention against torch's own, and what a pattern must be."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from models.attention import Attention, attention_scores, weighted_values
from models.config import ModelConfig
from models.precisions import bfloat16_scores

B, H, T, D = 3, 4, 12, 8
CAUSAL = torch.zeros(T, T).masked_fill(torch.ones(T, T).triu(1).bool(), float("-inf"))
PADDED = torch.zeros(B, 1, 1, T)
PADDED[1, ..., 9:] = float("-inf")


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    "mask", [torch.zeros(T, T), CAUSAL, PADDED, CAUSAL + PADDED], ids=["open", "causal", "padded", "both"]
)
def test_explicit_attention_equals_torchs_own(mask: torch.Tensor) -> None:
    q, k, v = (drawn(B, H, T, D, seed=i).requires_grad_() for i in range(3))
    ours = weighted_values(attention_scores(q, k, mask).softmax(-1), v)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)
    weight = drawn(B, H, T, D, seed=9)
    for mine, other in zip(
        torch.autograd.grad((ours * weight).sum(), (q, k, v)),
        torch.autograd.grad((theirs * weight).sum(), (q, k, v)),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, atol=2e-6, rtol=1e-4)


def test_scores_without_a_scale_are_plain_products() -> None:
    q, k = drawn(B, H, T, D), drawn(B, H, T, D, seed=1)
    for score, rtol in ((attention_scores, 1e-5), (bfloat16_scores, 2e-2)):
        torch.testing.assert_close(score(q, k, CAUSAL, 1.0), q @ k.mT + CAUSAL, atol=rtol, rtol=rtol)
        torch.testing.assert_close(score(q, k, CAUSAL), score(q, k, CAUSAL, D**-0.5), atol=0, rtol=0)


def test_attention_has_a_right_second_derivative() -> None:
    q, k, v = (drawn(1, 2, 4, 3, seed=i).double().requires_grad_() for i in range(3))
    mask = CAUSAL[:4, :4].double()

    def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return weighted_values(attention_scores(q, k, mask).softmax(-1), v)

    assert torch.autograd.gradcheck(attend, (q, k, v))
    assert torch.autograd.gradgradcheck(attend, (q, k, v))


@pytest.mark.parametrize("mask", [torch.zeros(T, T), CAUSAL, CAUSAL + PADDED], ids=["open", "causal", "padded"])
def test_rows_of_a_pattern_sum_to_one_and_nothing_hidden_is_seen(mask: torch.Tensor) -> None:
    pattern = attention_scores(drawn(B, H, T, D), drawn(B, H, T, D, seed=1), mask).softmax(-1)
    torch.testing.assert_close(pattern.sum(-1), torch.ones(B, H, T))
    assert (pattern[(mask == float("-inf")).expand_as(pattern)] == 0).all()
    assert (pattern >= 0).all()


def test_multi_head_attention_equals_torchs_module() -> None:
    config = ModelConfig(width=32, heads=4, context=T)
    ours = Attention(config, torch.Generator().manual_seed(3))
    theirs = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    theirs.in_proj_weight.data = ours.project.weight.data
    theirs.in_proj_bias.data = ours.project.bias.data
    theirs.out_proj.weight.data = ours.output.weight.data
    theirs.out_proj.bias.data = ours.output.bias.data
    x, memory = drawn(B, T, 32), drawn(B, 7, 32, seed=1)
    expected, pattern = theirs(x, x, x, attn_mask=CAUSAL, average_attn_weights=False)
    seen = {}
    ours.pattern.register_forward_hook(lambda m, a, out: seen.update(pattern=out))
    torch.testing.assert_close(ours(x, CAUSAL), expected, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(seen["pattern"], pattern, atol=1e-6, rtol=1e-5)
    crossed = ours(x, torch.zeros(T, 7), memory=memory)
    torch.testing.assert_close(crossed, theirs(x, memory, memory)[0], atol=1e-6, rtol=1e-5)

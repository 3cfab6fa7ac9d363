"""Numbers about attention patterns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from explorer.measure.attention import (
    agreement,
    distance,
    entropy,
    even,
    handed_sizes,
    importance,
    moved,
    relevance,
    rollout,
    sink,
    visible,
)
from explorer.tasks.base import Batch
from explorer.trace import mean_loss, observe
from models.config import ModelConfig
from models.transformer import build


def causal_even(n: int) -> np.ndarray:
    """A head that spreads evenly over all it may see."""
    seen = np.tril(np.ones((n, n)))
    return seen / seen.sum(1, keepdims=True)


def one_hot(keys: np.ndarray) -> np.ndarray:
    """A head in which query q looks at keys[q] alone."""
    return np.eye(len(keys))[keys]


def test_an_even_head_has_full_entropy_and_a_sharp_one_none():
    n = 12
    found = entropy(np.stack([causal_even(n), one_hot(np.maximum(np.arange(n) - 1, 0))]))
    assert found == pytest.approx([1, 0])


def test_entropy_leaves_out_rows_with_one_key():
    assert entropy(causal_even(2)[None]) == pytest.approx(1)  # the second row alone
    assert np.isnan(entropy(np.ones((1, 1, 1))))


def test_a_probability_that_underflowed_is_still_visible():
    pattern = one_hot(np.zeros(8, dtype=int))
    assert np.array_equal(visible(pattern), np.tril(np.ones((8, 8), dtype=bool)))


def test_a_hidden_column_is_not_visible():
    pattern = np.full((6, 6), 0.2)
    pattern[:, 5] = 0
    assert not visible(pattern)[:, 5].any()
    assert np.array_equal(even(pattern[None])[0], pattern)


def patterns_of(layers: int, heads: int, n: int, seed: int = 0, causal: bool = True) -> np.ndarray:
    """Random patterns (layers, H, T, T) whose rows sum to 1."""
    weights = np.random.default_rng(seed).exponential(size=(layers, heads, n, n))
    weights = np.tril(weights) if causal else weights
    return weights / weights.sum(-1, keepdims=True)


def product(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    """a · b in plain Python."""
    return [[sum(a[i][m] * b[m][j] for m in range(len(b))) for j in range(len(b[0]))] for i in range(len(a))]


def test_sink_and_distance_are_what_they_say():
    n = 9
    q = np.arange(n)
    heads = np.stack([one_hot(np.zeros(n, dtype=int)), one_hot(np.maximum(q - 2, 0)), one_hot(q)])
    assert sink(heads) == pytest.approx([1, 2 / 8, 0])  # queries 1 and 2 of the eight that have a choice
    assert distance(heads) == pytest.approx([np.mean(q[1:]), (1 + 2 * 7) / 8, 0])


def test_sink_and_distance_leave_out_rows_with_one_key():
    assert sink(causal_even(2)[None]) == pytest.approx(0.5)  # the second row alone
    assert distance(causal_even(2)[None]) == pytest.approx(0.5)
    assert np.isnan([*sink(np.ones((1, 1, 1))), *distance(np.ones((1, 1, 1)))]).all()


def test_chance_is_what_an_even_head_gets():
    n = 8
    heads = patterns_of(1, 3, n)[0]
    assert np.allclose(even(heads)[0], causal_even(n))
    assert entropy(even(heads)) == pytest.approx(1)
    assert sink(even(heads)) == pytest.approx(np.mean([1 / (q + 1) for q in range(1, n)]))
    assert distance(even(heads)) == pytest.approx(np.mean([q / 2 for q in range(1, n)]))
    both_ways = patterns_of(1, 3, n, causal=False)[0]
    both_ways[:, :, 6:] = 0  # padding
    assert sink(even(both_ways)) == pytest.approx(1 / 6)


def test_agreement_is_attention_on_the_gold_keys():
    alignment = np.array([[1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]])
    heads = np.array([[[0.7, 0.1, 0.1, 0.1], [0.2, 0.2, 0.5, 0.1], [0, 1, 0, 0]], np.full((3, 4), 0.25)])
    assert agreement(heads, alignment) == pytest.approx([(0.7 + 0.6) / 2, (0.25 + 0.5) / 2])
    assert agreement(even(heads), alignment) == pytest.approx((0.25 + 0.5) / 2)
    assert np.isnan(agreement(heads, np.zeros((3, 4)))).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 7), st.booleans(), st.integers(0, 99))
def test_rows_of_a_rollout_sum_to_one(layers: int, heads: int, n: int, causal: bool, seed: int):
    for reached in rollout(patterns_of(layers, heads, n, seed, causal)):
        assert reached.sum(-1) == pytest.approx(np.ones(n))
        assert (reached >= 0).all()


def test_rollout_and_relevance_equal_loops_in_plain_python():
    L, H, n = 3, 2, 5
    patterns = patterns_of(L, H, n)
    gradients = np.random.default_rng(1).normal(size=patterns.shape)
    reached, relevant = [[[float(i == j) for j in range(n)] for i in range(n)] for _ in range(2)]
    for layer, (rolled, found) in enumerate(zip(rollout(patterns), relevance(patterns, gradients), strict=True)):
        A, G = patterns[layer].tolist(), gradients[layer].tolist()
        mixed = [[0.5 * sum(A[h][i][j] for h in range(H)) / H + 0.5 * (i == j) for j in range(n)] for i in range(n)]
        reached = product(mixed, reached)
        raising = [[sum(max(G[h][i][j] * A[h][i][j], 0) for h in range(H)) / H for j in range(n)] for i in range(n)]
        added = product(raising, relevant)
        relevant = [[relevant[i][j] + added[i][j] for j in range(n)] for i in range(n)]
        assert np.allclose(rolled, reached, rtol=1e-12)
        assert np.allclose(found, relevant, rtol=1e-12)


def test_attention_that_raises_nothing_has_no_relevance():
    patterns = patterns_of(2, 2, 4)
    assert np.array_equal(relevance(patterns, -np.ones_like(patterns))[-1], np.eye(4))


def test_norm_weighted_attention_equals_torchs_einsum_and_sums_to_the_layers_output():
    H, Q, K, D = 3, 5, 6, 4
    g = torch.Generator().manual_seed(0)
    pattern = torch.randn(H, Q, K, generator=g).softmax(-1)
    values, output = torch.randn(H, K, D, generator=g), torch.randn(H * D, H * D, generator=g)
    by_head = output.T.view(H, D, H * D)
    handed = torch.einsum("hqk,hkd,hdc->hqkc", pattern, values, by_head)
    found = pattern.numpy() * handed_sizes(values.numpy(), output.numpy())[:, None, :]
    assert np.allclose(found, handed.norm(dim=-1), rtol=1e-5)
    joined = (pattern @ values).transpose(0, 1).flatten(1)  # (Q, C)
    torch.testing.assert_close(handed.sum((0, 2)), F.linear(joined, output), atol=1e-5, rtol=1e-5)


def test_importance_equals_a_loop_in_plain_python():
    B, H, Q, D = 2, 3, 4, 5
    out, slope = np.random.default_rng(0).normal(size=(2, B, H, Q, D)).astype(np.float32)
    for h, found in enumerate(importance(out, slope)):
        sums = [
            abs(sum(float(out[b, h, q, d]) * float(slope[b, h, q, d]) for d in range(D)))
            for b in range(B)
            for q in range(Q)
        ]
        assert found == pytest.approx(sum(sums) / (B * Q))


def test_importance_at_one_position_is_the_slope_of_the_loss_along_the_heads_gain():
    read = torch.randint(8, (1, 4), generator=torch.Generator().manual_seed(0))
    batch = Batch(read[:, :1], read[:, 1:2])
    config = ModelConfig(width=16, heads=2, layers=1, context=4)
    model = build(config, 8, torch.Generator().manual_seed(0))
    trace = observe(model, batch)
    tap = "blocks.0.attention.head_out"
    attention = model.blocks[0].attention
    attention.head_gain = torch.ones(2, requires_grad=True)
    (slope,) = torch.autograd.grad(mean_loss(model(batch.tokens), batch.targets), attention.head_gain)
    assert importance(trace.values[tap], trace.grads[tap]) == pytest.approx(slope.abs().numpy(), rel=1e-4)


def test_what_a_head_moved_is_the_share_of_attention_that_went_elsewhere():
    before = np.array([[[1.0, 0, 0], [0.5, 0.5, 0]], [[0, 1, 0], [0, 0, 1]]])
    after = np.array([[[0.0, 1, 0], [0.5, 0.25, 0.25]], [[0, 1, 0], [0, 0, 1]]])
    np.testing.assert_allclose(moved(before, after), [(1 + 0.25) / 2, 0])
    np.testing.assert_array_equal(moved(before, after), moved(after, before))

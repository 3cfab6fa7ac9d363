"""Each positional encoding against its paper's formula, in plain loops."""

from __future__ import annotations

import math

import pytest
import torch

from models.config import ModelConfig
from models.layers import INIT_STD
from models.positions import POSITIONS, Alibi, Learned, Rotary, Sinusoidal, sinusoid, slopes

CONFIG = ModelConfig(width=24, heads=3, context=16)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("width", [24, 7])
def test_sinusoid_is_the_papers(width: int) -> None:
    table = sinusoid(10, width)
    for t in range(10):
        for i in range(width):
            angle = t / 10000 ** (2 * (i // 2) / width)
            assert table[t, i].item() == pytest.approx((math.cos if i % 2 else math.sin)(angle), abs=1e-5)


def test_sinusoidal_is_as_large_as_the_embeddings_it_is_added_to() -> None:
    table = Sinusoidal(CONFIG, generator()).embed(16)
    torch.testing.assert_close(table, sinusoid(16, 24) * INIT_STD * 2**0.5)
    assert table.square().mean().sqrt().item() == pytest.approx(INIT_STD, rel=0.01)


def test_learned_positions_are_the_rows_of_a_trained_table() -> None:
    learned = Learned(CONFIG, generator())
    assert learned.table.requires_grad
    assert torch.equal(learned.embed(5), learned.table[:5])


def test_rotary_turns_pairs_as_in_the_paper() -> None:
    x = torch.randn(2, 3, 16, 8, generator=generator())
    turned = Rotary(CONFIG, generator()).rotate(x)
    for t in (0, 1, 15):
        for i in range(4):
            angle = t * 10000 ** (-2 * i / 8)
            a, b = x[1, 2, t, 2 * i].item(), x[1, 2, t, 2 * i + 1].item()
            first, second = turned[1, 2, t, 2 * i].item(), turned[1, 2, t, 2 * i + 1].item()
            assert first == pytest.approx(a * math.cos(angle) - b * math.sin(angle), abs=1e-5)
            assert second == pytest.approx(a * math.sin(angle) + b * math.cos(angle), abs=1e-5)


def test_a_rotary_product_depends_on_distance_alone() -> None:
    rotary = Rotary(CONFIG, generator())
    q, k = (torch.randn(8, generator=torch.Generator().manual_seed(s)).expand(1, 1, 16, 8) for s in (1, 2))
    products = (rotary.rotate(q) @ rotary.rotate(k).mT)[0, 0]  # (T, T)
    for distance in range(-15, 16):
        along = products.diagonal(distance)
        torch.testing.assert_close(along, along[:1].expand_as(along), atol=1e-4, rtol=1e-4)
    assert products[0, 0] != products[0, 1]


def test_alibi_slopes_are_the_papers() -> None:
    assert slopes(8).tolist() == [2**-h for h in range(1, 9)]
    more = [2 ** (-h / 2) for h in (1, 3, 5, 7)]  # the paper's code: every other slope of sixteen heads
    assert slopes(12).tolist() == pytest.approx([2**-h for h in range(1, 9)] + more)


def test_alibi_adds_minus_slope_times_distance() -> None:
    bias = Alibi(CONFIG, generator()).bias(6)
    assert bias.shape == (3, 6, 6)
    for h, slope in enumerate(slopes(3).tolist()):
        for q in range(6):
            for k in range(6):
                assert bias[h, q, k].item() == pytest.approx(-slope * abs(q - k))


@pytest.mark.parametrize("name", POSITIONS)
def test_every_encoding_acts_in_one_place_at_most(name: str) -> None:
    encoding = POSITIONS[name](CONFIG, generator())
    x = torch.randn(1, 3, 4, 8, generator=generator())
    acts = [encoding.embed(4) is not None, encoding.bias(4) is not None, encoding.rotate(x) is not x]
    assert sum(acts) == (name != "none")

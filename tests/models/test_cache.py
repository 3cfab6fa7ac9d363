"""The cache: a model that reads new tokens alone says the same as one that reads all of them again."""

from __future__ import annotations

from itertools import cycle

import pytest
import torch
from torch import Tensor, nn

from models import families
from models.cache import cache_of
from models.config import ModelConfig, RecurrentConfig, TranslatorConfig
from models.positions import POSITIONS
from models.precisions import in_float64, use

B, T, S, V, PAD = 2, 14, 5, 11, 0
CONFIGS = {
    **{f"decoder, {name}": ModelConfig(width=24, heads=3, context=T, positions=name) for name in POSITIONS},
    **{
        f"encoder-decoder, {name}": ModelConfig(
            kind="encoder-decoder", width=24, heads=3, context=T, positions=name, norm=norm
        )
        for name, norm in zip(POSITIONS, cycle(("pre", "post", "none")), strict=False)
    },
    "no skip paths": ModelConfig(width=24, heads=3, context=T, residual="none", scale="none", init="large"),
    **{
        kind: RecurrentConfig(kind=kind, width=12, layers=2, context=T)  # type: ignore[arg-type]
        for kind in ("rnn", "lstm", "gru")
    },
    "gru-encoder-decoder": TranslatorConfig(kind="gru-encoder-decoder", width=12, context=T),
    "gru-attention": TranslatorConfig(kind="gru-attention", width=12, context=T),
}


def made(name: str) -> tuple[nn.Module, Tensor, Tensor | None]:
    """A model with weights that no two are alike, tokens, and a source whose second row ends in padding."""
    config, g = CONFIGS[name], torch.Generator().manual_seed(3)
    model = families.build(config, V, g, PAD).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.empty_like(parameter).normal_(0, 0.1, generator=g))
    tokens = torch.randint(1, V, (B, T), generator=g)
    source = torch.randint(1, V, (B, S), generator=g)
    source[1, 3:] = PAD
    return model, tokens, source if families.kind_of(config).reads == "source" else None


def in_pieces(model: nn.Module, tokens: Tensor, source: Tensor | None, pieces: list[int]) -> Tensor:
    """The logits of all positions, read piece after piece."""
    cache = cache_of(model)
    assert cache is not None
    logits = [model(piece, source, cache) for piece in tokens.split(pieces, 1)]
    assert cache.length == T
    return torch.cat(logits, 1)


PIECES = [[1] * T, [5, *[1] * (T - 5)], [3, 4, 7], [T]]


@pytest.mark.parametrize("pieces", PIECES, ids=str)
@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_what_is_read_in_pieces_is_what_is_read_at_once(name: str, pieces: list[int]) -> None:
    model, tokens, source = made(name)
    whole = model(tokens, source).softmax(-1)
    torch.testing.assert_close(in_pieces(model, tokens, source, pieces).softmax(-1), whole, rtol=0, atol=1e-6)
    exact = in_float64(model)
    torch.testing.assert_close(in_pieces(exact, tokens, source, pieces), exact(tokens, source), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["decoder, rotary", "encoder-decoder, alibi", "lstm"])
@torch.no_grad()
def test_in_bfloat16_only_sums_of_another_order_differ(name: str) -> None:
    model, tokens, source = made(name)
    use(model, "bfloat16")
    whole = model(tokens, source).softmax(-1)
    torch.testing.assert_close(in_pieces(model, tokens, source, [1] * T).softmax(-1), whole, rtol=0, atol=0.02)


@pytest.mark.parametrize("kind", ["decoder", "encoder-decoder", "encoder"])
@torch.no_grad()
def test_a_model_whose_positions_see_what_comes_after_them_has_no_cache(kind: str) -> None:
    config = ModelConfig(kind=kind, width=24, heads=3, context=T, mask="none")  # type: ignore[arg-type]
    model = families.build(config, V, torch.Generator().manual_seed(0), PAD)
    assert cache_of(model) is None
    if kind == "decoder":  # the mask acts on a model that is there
        causal = ModelConfig(kind="decoder", width=24, heads=3, context=T)
        families.adopt(model, causal)
        assert cache_of(model) is not None
        families.adopt(model, config)
        assert cache_of(model) is None


@torch.no_grad()
def test_a_head_that_is_switched_off_is_off_with_the_cache_too() -> None:
    model, tokens, _ = made("decoder, learned")
    model.get_submodule("blocks.0.attention").head_gain = torch.tensor([0.0, 1.0, 1.0])
    torch.testing.assert_close(in_pieces(model, tokens, None, [1] * T), model(tokens), rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("name", ["decoder, sinusoidal", "encoder-decoder, learned", "gru"])
@torch.no_grad()
def test_rows_of_a_cache_go_on_as_rows_of_the_batch(name: str) -> None:
    model, tokens, source = made(name)
    cache = cache_of(model)
    assert cache is not None
    model(tokens[:, :6], source, cache)
    order = torch.tensor([1, 0, 1])
    more = torch.tensor([[4, 5], [6, 7], [8, 9]])
    swapped = None if source is None else source[order]
    logits = model(more, swapped, cache.rows(order))
    expected = model(torch.cat([tokens[order, :6], more], 1), swapped)[:, 6:]
    torch.testing.assert_close(logits, expected, rtol=1e-6, atol=2e-6)
    assert cache.length == 6, "the rows are another cache"

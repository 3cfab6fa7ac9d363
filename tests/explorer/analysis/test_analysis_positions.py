"""Longer and shuffled positions: a copy that is the same where it must be, and the model itself untouched."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_runs import TINY

from explorer import RunConfig
from explorer.analysis.positions import exchange, lengthened, longer, shuffled, stacks
from explorer.tasks import build as build_task
from explorer.tasks.base import Batch
from models.config import ModelConfig
from models.positions import POSITIONS
from models.transformer import build

SHAPE = ModelConfig(width=16, heads=2, layers=2, context=8)


def made(kind: str, model: str = "decoder", **changes: object) -> torch.nn.Module:
    """A model with weights large enough that positions matter."""
    config = replace(SHAPE, kind=model, positions=kind, init="large", **changes)
    return build(config, 9, torch.Generator().manual_seed(1), 8).eval()


def batch(T: int = 8) -> Batch:
    tokens = torch.randint(8, (3, T), generator=torch.Generator().manual_seed(2))
    return Batch(tokens, tokens, source=tokens.flip(1))


@pytest.mark.parametrize("model", ["decoder", "encoder", "encoder-decoder"])
@pytest.mark.parametrize("kind", [k for k in POSITIONS if k != "learned"])
def test_a_longer_model_says_the_same_where_the_shorter_one_can(kind: str, model: str):
    short = made(kind, model)
    long = lengthened(short, replace(SHAPE, kind=model, positions=kind), 32)
    given = batch()
    with torch.no_grad():
        assert torch.equal(long(given.tokens, given.source), short(given.tokens, given.source))
        assert long(batch(32).tokens, batch(32).source).isfinite().all()
    assert all(len(stack.visible) == 8 for stack in stacks(short).values()), "the model itself stays"


@pytest.mark.parametrize("kind", [k for k in POSITIONS if k != "learned"])
def test_a_longer_model_is_the_one_built_longer(kind: str):
    config = replace(SHAPE, positions=kind)
    built = build(replace(config, context=24), 9, torch.Generator().manual_seed(1), 8).eval()
    grown = lengthened(build(config, 9, torch.Generator().manual_seed(1), 8).eval(), config, 24)
    assert torch.equal(grown(batch(24).tokens), built(batch(24).tokens))


def test_a_learned_table_goes_no_further_than_its_rows():
    model = made("learned")
    config = replace(SHAPE, positions="learned")
    with pytest.raises(ValueError, match="a learned table of 8 rows has none for positions 8 to 15"):
        lengthened(model, config, 16)
    assert torch.equal(lengthened(model, config, 8)(batch().tokens), model(batch().tokens))


def test_a_head_that_is_off_stays_off_in_a_longer_model():
    model = made("alibi")
    model.blocks[0].attention.head_gain = torch.tensor([0.0, 1.0])
    long = lengthened(model, replace(SHAPE, positions="alibi"), 16)
    assert torch.equal(long(batch().tokens), model(batch().tokens))


@pytest.mark.parametrize("kind", POSITIONS)
def test_shuffled_positions_are_shuffled_tokens_to_an_encoder(kind: str):
    """Position t counts as order[t]: the same answers as when the tokens are laid out in that order."""
    model, given = made(kind, "encoder"), batch()
    confused, orders = shuffled(model, given, 1.0, 5)
    order = orders[""]
    laid_out = torch.empty_like(given.tokens)
    laid_out[:, order] = given.tokens
    with torch.no_grad():
        torch.testing.assert_close(confused(given.tokens), model(laid_out)[:, order], atol=1e-5, rtol=1e-4)
        same = torch.equal(confused(given.tokens), model(given.tokens))
    assert same == (kind == "none"), "without positions nothing changes, to the last bit"


def test_an_encoder_without_positions_takes_its_input_for_a_bag():
    model, given = made("none", "encoder"), batch()
    order = torch.randperm(8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        shuffled_alike = model(given.tokens[:, order])
        torch.testing.assert_close(shuffled_alike, model(given.tokens)[:, order], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", POSITIONS)
def test_shuffling_leaves_the_model_as_it_was(kind: str):
    model, given = made(kind, "encoder-decoder"), batch()
    with torch.no_grad():
        before = model(given.tokens, given.source)
        _, orders = shuffled(model, given, 0.5, 0)
        assert torch.equal(model(given.tokens, given.source), before)
    assert list(orders) == ["encoder", "decoder"]


@pytest.mark.parametrize(("length", "share", "moved"), [(10, 0.0, 2), (10, 0.5, 5), (10, 1.0, 10), (2, 1.0, 2)])
def test_every_chosen_position_moves(length: int, share: float, moved: int):
    order = exchange(length, share, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(length))
    assert sum(i != at for i, at in enumerate(order.tolist())) == moved


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        (TINY, 48),
        (TINY.replace({"model.kind": "encoder"}), 24),
        (TINY.replace({"task.name": "sort", "task.length": 6}), 48),
        (RunConfig.preset("induction"), 128),
    ],
)
def test_a_task_four_times_as_long_fits_its_model(config: RunConfig, tokens: int):
    grown = longer(config, 4)
    task = build_task(grown.task, grown.model)
    assert task.probe().tokens.shape[1] == tokens
    assert grown.model.context == max(tokens, config.model.context)


@pytest.mark.parametrize(
    ("config", "refusal"),
    [
        (RunConfig.preset("addition"), "task.name=addition have one length"),
        (TINY.replace({"task.length": 60, "model.context": 120}), "task.length"),
    ],
)
def test_a_task_without_longer_sequences_says_so(config: RunConfig, refusal: str):
    with pytest.raises(ValueError, match=refusal):
        longer(config, 4)

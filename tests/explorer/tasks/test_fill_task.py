"""Fill the gap: what is hidden, how it is seen, and who may be asked."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from explorer.tasks import build
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig, RecurrentConfig


@pytest.fixture
def task():
    return build(f.Fill(), ModelConfig(kind="encoder", context=40))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_fifteen_in_a_hundred_are_predicted_and_the_rest_is_seen_as_it_is(task):
    batch = task.batch(64, seeded())
    predicted = batch.targets != IGNORE
    assert predicted.sum(1).tolist() == [round(0.15 * 40)] * 64
    whole = task.unhidden(batch)
    assert torch.equal(batch.tokens[~predicted], whole[~predicted])
    assert not (whole == task.mask).any()
    text, row = task.data.tolist(), whole[0].tolist()
    assert row in [text[i : i + 40] for i in range(len(text)) if text[i] == row[0]]


def test_of_the_predicted_80_10_10_are_masked_drawn_and_left(task):
    """Pearson's χ² against the shares of Devlin et al. 2019; a drawn token is the right one in 1 of V cases."""
    batch = task.batch(1000, seeded(1))
    predicted = batch.targets != IGNORE
    seen, right = batch.tokens[predicted], batch.targets[predicted]
    masked, left = seen == task.mask, seen == right
    counts = [int(masked.sum()), int((~masked & ~left).sum()), int(left.sum())]
    by_chance = 0.1 / task.mask
    expected = [share * len(seen) for share in (0.8, 0.1 - by_chance, 0.1 + by_chance)]
    assert len(seen) == 6000
    assert stats.chisquare(counts, expected).pvalue > 0.01
    drawn = seen[~masked & ~left].bincount(minlength=task.mask)
    assert int((drawn > 0).sum()) > 0.9 * task.mask, "drawn from all, not from the frequent ones"
    where = predicted.float().mean(0)  # no place is hidden more often than another
    assert stats.chisquare((where * 1000).numpy()).pvalue > 0.01


def test_the_same_shares_hold_for_the_part_held_out(task):
    batch = task.held_out(1000, seeded(2))
    predicted = batch.targets != IGNORE
    masked = float((batch.tokens[predicted] == task.mask).float().mean())
    assert masked == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("model", [ModelConfig(), RecurrentConfig(context=16)])
def test_who_does_not_see_what_comes_after_is_refused(model):
    with pytest.raises(ValueError, match=r"task.name=fill asks about; use model.kind=encoder, or task.name=shake"):
        build(f.Fill(), model)


def test_an_encoder_on_shakespeare_hides_as_before():
    """Runs of before 80/10/10 train again bit for bit: its batch as it was drawn then."""
    task = build(f.Shakespeare(), ModelConfig(kind="encoder", context=20))
    batch = task.batch(2, seeded(3))
    assert (batch.tokens == task.mask).sum(1).tolist() == [3, 3]
    low, high = task.splits["trained"]
    generator = seeded(3)
    start = torch.randint(low, high - 20, (2, 1), generator=generator)
    order = torch.rand(2, 20, generator=generator)
    where = order.topk(3).indices
    window = task.data[start + torch.arange(20)].long()
    assert torch.equal(batch.tokens, window.scatter(1, where, task.mask))

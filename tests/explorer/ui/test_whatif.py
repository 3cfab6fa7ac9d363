"""What if, without a browser: rows that are edited by hand, and sentences that keep to the numbers."""

import numpy as np
import pytest

from explorer.answers.records.interventions import Ablations
from explorer.runs.run import Event
from explorer.ui.attention.interventions import standing, worth_sentence
from explorer.ui.attention.turning import even, with_share

HEADS = ["blocks.0.attention.0", "blocks.0.attention.1", "blocks.1.attention.0"]


def worth(
    losses: list[float], rights: tuple[float, ...] = (0, 0, 0), kind: str = "zero", off: tuple[str, ...] = ()
) -> str:
    answer = Ablations(7, kind, 32, 256, 0.5, 0.9, HEADS, list(off), np.array(losses), np.array(rights))
    return worth_sentence(answer)


def test_a_share_is_put_on_a_key_and_the_others_keep_their_proportions():
    row, visible = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0, 1, 2])
    assert with_share(row, visible, 0, 0.2) == pytest.approx((0.2, 0.48, 0.32, 0))
    assert with_share(row, visible, 1, 1.0) == (0, 1, 0, 0)
    assert with_share(np.array([0, 1.0, 0, 0]), visible, 1, 0.4) == pytest.approx((0.3, 0.4, 0.3, 0))


def test_an_even_row_is_even_over_the_keys_that_are_seen():
    assert even(4, np.array([0, 2])) == (0.5, 0, 0.5, 0)


def test_the_head_that_hurts_most_is_named_with_its_loss_and_its_distance():
    said = worth([0.2, 1.5, 0.0], (0, -0.4, 0), kind="mean")
    assert "head 1.2 matters most: with its mean output in its place the loss goes from 0.500 to 2.000 nats" in said
    assert "; head 1.1, the next, costs less" in said
    assert "head 1.1 costs nearly as much" in worth([1.45, 1.5, 0.0])
    assert "no other head costs 0.01 nats" in worth([0.001, 1.5, 0.0])


def test_where_no_head_matters_it_says_so():
    said = worth([0.001, 0.002, -0.3], off=(HEADS[0],))
    assert "no head by itself is needed" in said
    assert "lower by 0.300 without head 2.1" in said
    assert said.endswith("Switched off already: head 1.1.")
    assert "not finite" in worth([np.nan, 0, 0])


def test_a_heads_state_follows_from_its_events():
    def after(*kinds: str) -> str:
        events = [Event(i, 10 * i, 0.0, kind, {"head": HEADS[0]}) for i, kind in enumerate(kinds)]
        return standing("head 1.1", events)

    assert after() == "Head 1.1 is on and learns."
    assert after("ablate").startswith("Head 1.1 is switched off since step 0")
    assert after("ablate", "restore") == "Head 1.1 is on and learns."
    assert after("ablate", "freeze").endswith("frozen since step 10: its weights stay as they are.")
    assert after("freeze").startswith("Head 1.1 is on; frozen since step 0")
    assert after("freeze", "unfreeze", "reset").endswith("it was started afresh at step 20.")

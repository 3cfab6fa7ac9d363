"""What the Memory page says of a gradient through time is what its numbers say, of cells and of attention."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.answers.records.recurrence import ThroughTime
from explorer.measure.recurrence import reach
from explorer.ui.memory import fading


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (0.5, "each token back the gradient shrinks to 50\u202f% of what it was, over 3 tokens."),
        (0.9990, "each token back the gradient stays at 99.9\u202f% of what it was, over 3 tokens."),
        (1.25, "each token back the gradient grows to 125\u202f% of what it was, over 3 tokens."),
        (0.0, "there is no way through time here: no gradient reaches an earlier state."),
        (np.inf, "at step 6 the gradient is not finite any more."),
    ],
)
def test_the_triangle_says_what_one_token_back_leaves(factor, says):
    apart = np.arange(4)[:, None] - np.arange(4)[None]
    sizes = np.where(apart < 0, 0, 0.1 * float(factor) ** np.maximum(apart, 0))
    places = list(range(4))
    reached = reach(sizes, places)
    tokens, targets = list("abcd"), list("bcde")
    answer = ThroughTime(6, "", 0, 1, "hidden state h", tokens, targets, places, sizes, reached, "written", tokens)
    assert fading.triangle_sentence(answer) == says


def test_of_attention_the_furthest_token_is_held_against_the_nearest_and_not_against_its_own_state():
    apart = np.arange(4)[:, None] - np.arange(4)[None]
    sizes = np.where(apart < 0, 0, np.array([4.0, 0.01, 0.02, 0.08])[np.maximum(apart, 0)])
    places, tokens = list(range(4)), list("abcd")
    reached = reach(sizes, places)
    answer = ThroughTime(6, "", 0, 1, "residual stream", tokens, tokens, places, sizes, reached, "written", tokens)
    said = "3 tokens back the gradient is 8 times that 1 token back: attention reads each token directly."
    assert fading.triangle_sentence(answer) == said
    assert fading.reach_sentence(answer).endswith("where 1 back it is 0.01. What is far back counts more here.")


def test_of_a_line_that_is_not_straight_no_rate_is_said():
    apart = np.arange(5)[:, None] - np.arange(5)[None]
    sizes = np.where(apart < 0, 0, np.array([1e-3, 1e-5, 1e-6, 1e-5, 1e-3])[np.maximum(apart, 0)])
    places, tokens = list(range(5)), list("abcde")
    reached = reach(sizes, places)
    answer = ThroughTime(6, "", 0, 1, "hidden state h", tokens, tokens, places, sizes, reached, "written", tokens)
    said = "0 tokens back the gradient is 0.001, 4 back 0.001, and between them, 2 back, 1\xa0×\xa010⁻⁶."
    assert fading.triangle_sentence(answer) == said
    assert "no one rate says" in fading.reach_sentence(answer)

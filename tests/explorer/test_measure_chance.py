"""Above chance or not, and how far a share may be from the true one, by the binomial distribution itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from explorer.measure.chance import LUCK, above_chance, exact_interval


@pytest.mark.parametrize("answers", [5, 32, 1024])
@pytest.mark.parametrize("chance", [1 / 97, 0.1, 0.511, 0.98])
def test_guessing_seldom_counts_as_more_than_guessing(chance: float, answers: int):
    counts = np.arange(answers + 1)
    above = [above_chance(right / answers, chance, answers) for right in counts]
    assert above == [float(binom.sf(right - 1, answers, chance)) <= LUCK for right in counts]
    assert above == sorted(above), "more right answers are never less"
    assert binom.pmf(counts, answers, chance)[above].sum() <= LUCK


@pytest.mark.parametrize(
    ("share", "chance", "answers", "above"),
    [
        (0.616, 0.511, 1024, True),  # GloVe: 6.7 standard errors, though only 1.2 times chance
        (0.213, 0.149, 1024, True),  # Shakespeare at step 9
        (0.55, 0.511, 1024, False),
        (0.10, 0.04, 16, False),  # 2.5 times chance, of 16 answers
        (3 / 32, 1 / 97, 32, False),  # guessing gets three of 32 in one of 220 batches, though 4.7 standard errors up
        (1.0, 0.5, 3, False),
        (math.nan, 0.5, 100, False),
        (1.0, 1.0, 100, False),
        (0.5, 0.1, 0, False),
    ],
)
def test_above_chance_asks_how_often_guessing_gets_there(share, chance, answers, above):
    assert above_chance(share, chance, answers) is above


@pytest.mark.parametrize("answers", [1, 7, 200])
def test_an_interval_is_clopper_and_pearsons_and_has_a_width(answers: int):
    for right in range(answers + 1):
        low, high = exact_interval(right, answers)
        assert (low, high) == pytest.approx(tuple(binomtest(right, answers).proportion_ci(0.95, "exact")), abs=1e-12)
        assert 0 <= low < high <= 1

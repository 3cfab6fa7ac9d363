"""Above chance or not, by the standard error of a share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.measure.chance import above_chance, standard_error


def test_the_standard_error_is_that_of_a_binomial_share():
    shares = np.random.default_rng(0).binomial(1024, 0.511, 20_000) / 1024
    assert standard_error(0.511, 1024) == pytest.approx(shares.std(), rel=0.02)
    assert standard_error(0.0, 10) == standard_error(1.0, 10) == 0


@pytest.mark.parametrize(
    ("share", "chance", "answers", "above"),
    [
        (0.616, 0.511, 1024, True),  # GloVe: 6.7 standard errors, though only 1.2 times chance
        (0.213, 0.149, 1024, True),  # Shakespeare at step 9
        (0.55, 0.511, 1024, False),
        (0.10, 0.04, 16, False),  # 2.5 times chance, of 16 answers
        (math.nan, 0.5, 100, False),
        (1.0, 1.0, 100, False),
        (0.5, 0.1, 0, False),
    ],
)
def test_above_chance_asks_the_standard_error(share, chance, answers, above):
    assert above_chance(share, chance, answers) is above

"""What the NaN autopsy says of one operation."""

from __future__ import annotations

import pytest

from explorer.measure.autopsy import Fault, Operand
from explorer.ui.gradients import autopsy


def operand(name: str, largest: float) -> Operand:
    return Operand(name, [2, 2], -largest, largest, 0.0, 0.0, 0.0, [([0, 0], largest)])


@pytest.mark.parametrize(("exact", "cancels"), [(1.48e38, True), (5.9e38, False)])
def test_a_sum_that_would_fit_and_still_overflowed_says_how(exact: float, cancels: bool):
    inputs = [operand("queries", 4.49e20), operand("keys", 8.83e20)]
    fault = Fault("baddbmm", "scores", "blocks.0.attention.scores", False, False, None, inputs, inputs[0], exact)
    words = autopsy.because(fault)
    assert "In float64 the largest |q · k| is" in words
    assert ("cancels in the end" in words) == cancels

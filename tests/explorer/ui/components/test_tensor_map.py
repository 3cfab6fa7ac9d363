"""The tensor map's message: what it says of a tensor, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.ui.components.tensor_map import describe


def test_a_tensor_is_told_with_its_name_sides_and_choice():
    header = describe(np.zeros((3, 5)), "embedding.weight", (2, 4), 300)
    assert (header["shape"], header["selected"]) == ([3, 5], [2, 4])
    assert header["label"].startswith("embedding.weight, 3 rows and 5 columns")


@pytest.mark.parametrize("selected", [(3, 0), (0, 5), (-1, 0)])
def test_a_choice_outside_is_refused(selected):
    with pytest.raises(ValueError, match="is not in w of 3 rows and 5 columns"):
        describe(np.zeros((3, 5)), "w", selected, 300)


def test_a_vector_has_to_be_one_row():
    with pytest.raises(ValueError, match="a vector as one row"):
        describe(np.zeros(5), "w", (0, 0), 300)

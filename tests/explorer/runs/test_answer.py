"""What travels between processes arrives as it was sent."""

from __future__ import annotations

import numpy as np

from explorer.runs.answer import pack, unpack


def test_values_arrays_and_their_order_survive():
    arrays = {f"blocks.{i}.attention.pattern": np.full((2, 3), i, np.float32) for i in (0, 1, 10, 2)}
    plain, found = unpack(pack({"step": 7, "tokens": ["ä", "\n"]}, arrays))
    assert plain == {"step": 7, "tokens": ["ä", "\n"]}
    assert list(found) == list(arrays)  # layers are drawn in the order of the forward pass
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)


def test_an_answer_without_arrays_travels_too():
    assert unpack(pack({"a": None}, {})) == ({"a": None}, {})

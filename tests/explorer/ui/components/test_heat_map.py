"""What Python sends to the heat map and to the rotation, and what it refuses."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from explorer.ui.components import heat_map, rotation
from explorer.ui.components.heat_map import Look, Side, numbered
from explorer.ui.components.rotation import Turning

LOOK = Look("A title", "for a screen reader", "value", "signed", mark=(1, "from here"))


def opened(message: bytes, dtype: str) -> tuple[dict, np.ndarray]:
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length]), np.frombuffer(message, dtype, offset=4 + length)


def test_panels_travel_whole_with_their_axes():
    one, two = np.arange(6.0).reshape(2, 3), np.array([[np.nan, np.inf, 0], [1, 2, -np.inf]])
    sides = Side("head", ["1.1", "even"]), numbered("distance", 3, -1)
    header, numbers = opened(heat_map.message({"a": one, "<b>": two}, *sides, LOOK), "<f4")
    np.testing.assert_array_equal(numbers.reshape(2, 2, 3), np.stack([one, two]))
    assert header["panels"] == ["a", "<b>"]
    assert header["rows"] == {"name": "head", "labels": ["1.1", "even"]}
    assert header["columns"]["labels"] == ["-1", "0", "1"]
    assert header["mark"] == [1, "from here"]


@pytest.mark.parametrize(
    ("shape", "kind", "refusal"),
    [
        ((2, 2), "signed", "does not fit 2 rows and 3 columns"),
        ((2, 3), "colourful", "use one of probability, size, signed"),
    ],
)
def test_what_does_not_fit_is_refused(shape, kind, refusal):
    look = Look("t", "t", "u", kind)
    with pytest.raises(ValueError, match=refusal):
        heat_map.message({"a": np.zeros(shape)}, numbered("r", 2), numbered("c", 3), look)


def test_a_rotation_sends_all_its_pairs_in_full_precision():
    q, k, theta = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.1, 0.2], [1e-9, 0.4]]), np.array([1.0, 0.01])
    header, numbers = opened(rotation.message(Turning(q, k, theta, 5, 2, 11, "head 1.2")), "<f8")
    np.testing.assert_array_equal(numbers, [*q.ravel(), *k.ravel(), *theta])
    assert (header["pairs"], header["at"], header["last"], header["subject"]) == (2, [5, 2], 11, "head 1.2")
    assert header["scale"] == 1 / math.sqrt(4)


def test_pairs_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="are not 3 pairs of two channels"):
        rotation.message(Turning(np.zeros((2, 2)), np.zeros((3, 2)), np.zeros(3), 0, 0, 3, ""))

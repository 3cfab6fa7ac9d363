"""What Python sends to the two components, and what it makes of their answers."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from streamlit.testing.v1 import AppTest

from explorer.ui.components.matrix_grid import Head, describe, pack
from explorer.ui.components.player_bar import unseen


def unpack(message: bytes) -> tuple[dict, np.ndarray]:
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f4", offset=4 + length)


def heads(layer: int, count: int) -> list[Head]:
    return [Head(f"blocks.{layer}.attention.{h}", f"head {layer + 1}.{h + 1}") for h in range(count)]


def described(matrices: list[np.ndarray], **changes) -> dict:
    sizes = [matrix.shape for matrix in matrices]
    arguments = {
        "labels": [heads(layer, shape[0]) for layer, shape in enumerate(sizes)],
        "tokens_q": [["q"] * shape[1] for shape in sizes],
        "tokens_k": [["k"] * shape[2] for shape in sizes],
        "scale": {"kind": "probability"},
        "selected": None,
        "height": None,
        "step": 310,
    }
    rows = [f"layer {layer + 1}" for layer in range(len(matrices))]
    return describe(matrices, rows, **(arguments | changes))


@given(
    st.lists(arrays(np.float32, array_shapes(min_dims=3, max_dims=3, max_side=5)), min_size=1, max_size=3),
    st.text(),
)
def test_every_number_and_every_letter_arrives(matrices, name):
    header, values = unpack(pack({"name": name}, matrices))
    assert header == {"name": name}
    np.testing.assert_array_equal(values, np.concatenate([matrix.ravel() for matrix in matrices]))


def test_numbers_start_at_a_multiple_of_four_bytes():
    for length in range(8):
        message = pack({"name": "é" * length}, [np.zeros((1, 1, 1))])
        assert int.from_bytes(message[:4], "little") % 4 == 0


def test_nan_and_infinity_travel_as_they_are():
    matrix = np.array([[[np.nan, np.inf, -np.inf, 0.5]]])
    np.testing.assert_array_equal(unpack(pack({}, [matrix]))[1], matrix.ravel())


def test_a_view_that_is_not_contiguous_is_sent_in_reading_order():
    matrix = np.arange(12.0).reshape(1, 3, 4).swapaxes(1, 2)
    np.testing.assert_array_equal(unpack(pack({}, [matrix]))[1], matrix.ravel())


def test_eight_heads_of_64_tokens_fit_into_140_kilobytes():
    matrices = [np.random.default_rng(layer).random((4, 64, 64), np.float32) for layer in range(2)]
    assert len(pack(described(matrices), matrices)) <= 140_000


def test_rows_may_differ_in_size():
    header = described([np.zeros((2, 3, 3)), np.zeros((4, 5, 3))])
    assert [row["shape"] for row in header["rows"]] == [(2, 3, 3), (4, 5, 3)]


def test_a_matrix_that_does_not_fit_its_tokens_is_refused_by_name():
    with pytest.raises(ValueError, match=r"layer 1: matrix of shape \(2, 3, 3\).* 4 query"):
        described([np.zeros((2, 3, 3))], tokens_q=[["q"] * 4])


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        ({"kind": "rainbow"}, "rainbow"),
        ({"kind": "signed"}, "None"),
        ({"kind": "signed", "scope": "page"}, "page"),
    ],
)
def test_an_unknown_scale_is_refused_with_the_known_ones(scale, message):
    with pytest.raises(ValueError, match=f"{message}.*use one of"):
        described([np.zeros((1, 2, 2))], scale=scale)


def test_an_action_repeated_by_the_browser_counts_once():
    actions = [{"kind": "pause", "n": 7}, {"kind": "single", "n": 9}, {"kind": "view", "step": 3, "n": 8}]
    assert [action["n"] for action in unseen(actions, 0)] == [7, 8, 9]
    assert [action["n"] for action in unseen(actions, 7)] == [8, 9]
    assert unseen(actions, 9) == []


def page():
    import numpy as np
    import streamlit as st

    from explorer.ui.components.matrix_grid import Head, matrix_grid
    from explorer.ui.components.player_bar import player_bar

    data = {"name": "reverse", "state": "paused", "words": "paused", "step": 3, "last": 9, "live": False}
    player_bar(data, key="bar", on_action=print)
    chosen = matrix_grid(
        [np.eye(2)[None]],
        ["layer 1"],
        key="grid",
        labels=[[Head("blocks.0.attention.0", "head 1.1")]],
        tokens_q=[["a", "b"]],
        tokens_k=[["a", "b"]],
        scale={"kind": "probability"},
        selected=None,
        on_change=lambda: None,
    )
    st.write(f"chosen: {chosen}")


def test_both_components_mount_on_a_page():
    at = AppTest.from_function(page).run(timeout=30)
    assert not at.exception
    bar, grid = (element.proto for element in at.get("bidi_component"))
    assert json.loads(bar.json) == {
        "name": "reverse",
        "state": "paused",
        "words": "paused",
        "step": 3,
        "last": 9,
        "live": False,
        "seen": 0,
    }
    header, values = unpack(grid.bytes)
    assert header["rows"][0]["heads"][0]["caption"] == "head 1.1"
    np.testing.assert_array_equal(values, [1, 0, 0, 1])
    assert at.markdown[0].value == "chosen: None"

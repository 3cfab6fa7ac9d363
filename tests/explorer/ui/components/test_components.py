"""What Python sends to the two components, and what it makes of their answers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from streamlit.testing.v1 import AppTest

from explorer.ui.components.actions import unseen
from explorer.ui.components.matrix_grid import Head, Mode, Row, describe, sent
from explorer.ui.components.message import pack


def unpack(message: bytes) -> tuple[dict, np.ndarray]:
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length]), np.frombuffer(message, "<f4", offset=4 + length)


def heads(layer: int, count: int) -> list[Head]:
    return [Head(f"blocks.{layer}.attention.{h}", f"head {layer + 1}.{h + 1}") for h in range(count)]


PATTERN = Mode("pattern", "attention probability, 0 to 1", "probability")
SCORES = Mode("scores", "before the softmax", "signed", masked=True)
GRADIENT = Mode("∂L/∂A", "gradient", "signed")
PRODUCT = Mode("A⊙∂L/∂A", "probability times gradient", "signed", product=(0, 2))
NORMS = Mode("norm-weighted", "size of what is moved", "magnitude")
ALL = [PATTERN, SCORES, GRADIENT, PRODUCT, NORMS]


def row(layer: int, *matrices: np.ndarray, **changes) -> Row:
    """A row whose matrices have a head and a token for everything."""
    count, queries, keys = matrices[0].shape
    fitting = {"heads": heads(layer, count), "queries": ["q"] * queries, "keys": ["k"] * keys}
    return Row(f"layer {layer + 1}", matrices, **(fitting | changes))


def described(rows: list[Row], modes: list[Mode], **changes) -> dict:
    more = {"scope": "all", "colours": [], "selected": None, "query": None, "height": None, "step": 310}
    return describe(rows, modes, **(more | changes))


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
    rows = [row(layer, np.random.default_rng(layer).random((4, 64, 64), np.float32)) for layer in range(2)]
    assert len(pack(described(rows, [PATTERN]), sent(rows))) <= 140_000


@pytest.mark.parametrize("causal", [True, False])
def test_every_mode_travels_in_a_tenth_of_what_bertviz_needs(causal):
    """BertViz writes 1.44 MB for one matrix of each of 2 × 4 heads of 64 tokens: a tenth for each mode here."""
    matrices = [np.random.default_rng(layer).random((4, 4, 64, 64), np.float32) for layer in range(2)]
    more = {"aggregates": {"rollout": np.eye(64), "gradient relevance": np.eye(64)}, "scores": {"entropy": [0.5] * 4}}
    rows = [row(layer, *modes, causal=causal, **more) for layer, modes in enumerate(matrices)]
    assert len(pack(described(rows, ALL), sent(rows))) <= len(ALL) * 144_000


def test_of_a_causal_row_only_what_a_query_sees_is_sent():
    rng = np.random.default_rng(0)
    pattern, scores = np.tril(rng.random((2, 2, 5, 5), np.float32))
    average = np.tril(rng.random((5, 5), np.float32))
    first = row(0, pattern, scores, causal=True, aggregates={"rollout": average})
    cross = row(1, rng.random((3, 5, 2), np.float32), rng.random((3, 5, 2), np.float32))
    header, values = unpack(pack(described([first, cross], [PATTERN, SCORES]), sent([first, cross])))
    assert [row["causal"] for row in header["rows"]] == [True, False]
    sizes = [2 * 15, 3 * 10, 2 * 15, 3 * 10, 15]
    parts = np.split(values, np.cumsum(sizes)[:-1])
    assert values.size == sum(sizes)
    lower = np.tril_indices(5)
    for part, full in zip((parts[0], parts[2], parts[4]), (pattern, scores, average[None]), strict=True):
        back = np.zeros_like(full)
        back[:, *lower] = part.reshape(len(full), 15)
        np.testing.assert_array_equal(back, full)
    np.testing.assert_array_equal(parts[1], cross.matrices[0].ravel())
    np.testing.assert_array_equal(parts[3], cross.matrices[1].ravel())


def test_a_product_of_two_modes_sends_no_numbers():
    matrices = np.random.default_rng(0).random((3, 2, 4, 4), np.float32)
    rows = [row(0, *matrices)]
    header, values = unpack(pack(described(rows, [PATTERN, SCORES, GRADIENT, PRODUCT]), sent(rows)))
    assert header["modes"][3]["product"] == [0, 2]
    assert values.size == matrices.size


def test_rows_may_differ_in_size():
    header = described([row(0, np.zeros((2, 3, 3))), row(1, np.zeros((4, 5, 3)))], [PATTERN])
    assert [row["shape"] for row in header["rows"]] == [[2, 3, 3], [4, 5, 3]]


def test_a_score_that_is_not_a_number_is_sent_as_none():
    header = described([row(0, np.zeros((2, 3, 3)), scores={"entropy": np.array([0.5, np.nan])})], [PATTERN])
    assert header["rows"][0]["scores"] == {"entropy": [0.5, None]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": ["q"] * 4}, r"layer 1: matrix of shape \(2, 3, 3\).* 4 query"),
        ({"matrices": [np.zeros((2, 3, 3))] * 2}, "layer 1: 2 matrices for 1 modes"),
        ({"matrices": [np.zeros((2, 3, 2))], "keys": ["k"] * 2, "causal": True}, "causal with 3 queries and 2 keys"),
        ({"scores": {"entropy": [0.5]}}, "1 scores 'entropy' for 2 heads"),
        ({"aggregates": {"rollout": np.zeros((2, 3))}}, r"rollout of shape \(2, 3\) has to be \(3, 3\)"),
        ({"gold": [(0, 3)]}, r"gold cell \(0, 3\) lies outside"),
    ],
)
def test_sizes_that_disagree_are_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        described([replace(row(0, np.zeros((2, 3, 3))), **changes)], [PATTERN])


@pytest.mark.parametrize(
    ("modes", "scope", "message"),
    [
        ([replace(PATTERN, kind="rainbow")], "all", "rainbow.*use one of"),
        ([PATTERN], "page", "page.*use one of"),
        ([replace(PRODUCT, product=(0, 1)), PATTERN], "all", "two modes before it"),
    ],
)
def test_an_unknown_scale_or_factor_is_refused(modes, scope, message):
    with pytest.raises(ValueError, match=message):
        described([row(0, np.zeros((1, 2, 2)))], modes, scope=scope)


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
    at = AppTest.from_function(page).run(timeout=240)
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

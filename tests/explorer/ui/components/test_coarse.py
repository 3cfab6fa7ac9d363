"""The message of a large grid: what it holds, how large it is, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from test_components import ALL, heads, unpack

from explorer.answers.attention import EDGES, LARGE, blocks
from explorer.answers.attention.exact import MEANS
from explorer.ui.components.matrix_grid import Row
from explorer.ui.components.matrix_grid.coarse import Coarse, Edges, Fine, coarse_message, modes_of

MORE = {"scope": "all", "colours": ["#123456"], "selected": None, "query": None, "height": None, "step": 310}
NONE = Edges(np.array([], np.int32), np.array([], np.float32), 0)


def large(H: int, T: int, n: int, layer: int = 0, causal: bool = True) -> Row:
    """A row of means."""
    cells = -(-T // n)
    means = np.random.default_rng(layer).random((H, cells, cells), np.float32)
    tokens = [chr(97 + i % 26) for i in range(T)]
    return Row(f"layer {layer + 1}", [means], heads(layer, H), tokens, tokens, causal)


def fine(T: int, n: int, edges: list[Edges], together: tuple[Edges, ...] = ()) -> Fine:
    cells = -(-T // n)
    return Fine(
        "blocks.0.attention.1", 0, n, np.random.default_rng(9).random((cells, cells), np.float32), edges, together
    )


def test_means_the_large_head_and_edges_arrive_in_order():
    one = large(2, 10, 4)
    edges = [Edges(np.array([11, 0]), np.array([0.75, 0.5]), 7), NONE]
    aside = Edges(np.array([3]), np.array([2.5]), 1, 2.5, "rollout")
    shown = fine(10, 2, edges, (aside,))
    header, values = unpack(coarse_message([one], ALL, 0, Coarse(4, "pattern", shown, "feed/x"), **MORE))
    coarse = header["coarse"]
    assert (coarse["block"], coarse["mode"], coarse["kind"], coarse["ask"]) == (4, 0, "pattern", "feed/x")
    assert (coarse["fine"], coarse["head"], coarse["layer"]) == (2, "blocks.0.attention.1", 0)
    assert [edge["length"] for edge in coarse["edges"]] == [2, 0]
    assert coarse["edges"][0]["count"] == 7
    assert coarse["together"] == [{"name": "rollout", "length": 1, "count": 1, "most": 2.5}]
    assert header["rows"][0]["shape"] == [2, 10, 10]
    parts = [one.matrices[0][:, *np.tril_indices(3)].ravel(), shown.means[np.tril_indices(5)]]
    np.testing.assert_array_equal(values, np.concatenate([*parts, [11, 0, 0.75, 0.5, 3, 2.5]]).astype(np.float32))


def test_the_caption_says_what_a_cell_is():
    titles = [mode.title for mode in modes_of(ALL, 16)]
    assert all(title.endswith(" · each cell the mean of 16 × 16 pairs") for title in titles)
    assert [mode.kind for mode in modes_of(ALL, 16)] == ["magnitude", "signed", "signed", "signed", "magnitude"]
    assert [mode.kind for mode in modes_of(ALL, 1)] == [mode.kind for mode in ALL]
    assert all(mode.product is None for mode in (*modes_of(ALL, 16), *modes_of(ALL, 1)))


@pytest.mark.parametrize("causal", [True, False])
def test_twelve_layers_of_sixteen_heads_over_512_tokens_fit_into_a_megabyte(causal):
    """With as many edges as there can be: of every head EDGES, and of four matrices for all heads together."""
    T, H, L = 512, 16, 12
    n = blocks.side([(H, T, T, causal)] * L, MEANS)
    edge = Edges(np.full(EDGES, T * T - 1), np.full(EDGES, 0.123, np.float32), T * T)
    shown = fine(T, blocks.side([(1, T, T, False)], LARGE * LARGE), [edge] * H, (edge,) * 4)
    rows = [large(H, T, n, layer, causal) for layer in range(L)]
    scores = dict.fromkeys(["entropy", "sink", "distance", "importance"], [0.123456789] * H)
    rows = [replace(row, scores=scores) for row in rows]
    message = coarse_message(rows, modes_of(ALL, n), 0, Coarse(n, "pattern", shown, "feed/x"), **MORE)
    length = int.from_bytes(message[:4], "little")
    means = L * H * blocks.cells((T, T), n, causal) + blocks.cells((T, T), 2, causal)
    assert len(message) == 4 + length + 4 * (means + 2 * EDGES * (H + 4))
    assert length < 150_000
    assert len(message) <= 1_000_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"matrices": [np.zeros((2, 3, 3)), np.zeros((2, 3, 3))]}, r"layer 1: matrices of shapes .* give one"),
        ({"matrices": [np.zeros((2, 10, 10))]}, r"do not fit \(2, 3, 3\), the heads and the blocks of 4 × 4 pairs"),
        ({"keys": ["k"] * 9}, "causal with 10 queries and 9 keys"),
    ],
)
def test_sizes_that_disagree_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        coarse_message([replace(large(2, 10, 4), **changes)], ALL, 0, Coarse(4), **MORE)


def test_a_large_head_that_does_not_fit_and_an_unknown_scale_are_refused():
    with pytest.raises(ValueError, match="layer 1: 1 heads with edges"):
        coarse_message([large(2, 10, 4)], ALL, 0, Coarse(4, fine=fine(10, 2, [NONE])), **MORE)
    with pytest.raises(ValueError, match=r"page.*use one of"):
        coarse_message([large(2, 10, 4)], ALL, 0, Coarse(4), **MORE | {"scope": "page"})

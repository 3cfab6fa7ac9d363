"""Means over blocks and strongest entries, against plain loops."""

import numpy as np
import pytest

from explorer.answers.attention import blocks

SEED = np.random.default_rng(7)


def plain_means(matrix: np.ndarray, n: int, seen: np.ndarray, hidden: float) -> np.ndarray:
    """The definition: every block's seen pairs, one after the other."""
    Q, K = matrix.shape
    rows = []
    for q in range(0, Q, n):
        row = []
        for k in range(0, K, n):
            pairs = [(i, j) for i in range(q, min(Q, q + n)) for j in range(k, min(K, k + n)) if seen[i, j]]
            row.append(sum(float(matrix[pair]) for pair in pairs) / len(pairs) if pairs else hidden)
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("shape", [(7, 7), (6, 6), (5, 9), (1, 1)])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("causal", [False, True])
def test_a_block_is_the_mean_of_its_seen_pairs(shape, n, causal):
    matrix = SEED.normal(size=(3, *shape)).astype(np.float32)
    seen = np.tril(np.ones(shape, bool)) if causal else np.ones(shape, bool)
    found = blocks.means(matrix, n, seen, hidden=-5)
    assert found.dtype == np.float32
    for one, means in zip(matrix, found, strict=True):
        np.testing.assert_allclose(means, plain_means(one, n, seen, -5), rtol=1e-6, atol=1e-7)


def test_with_blocks_of_one_pair_every_number_is_itself():
    matrix = SEED.normal(size=(2, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(blocks.means(matrix, 1, np.ones((5, 4), bool)), matrix)


def test_of_attention_the_sums_stay_true():
    pattern = np.tril(SEED.random((4, 11, 11)))
    pattern /= pattern.sum(-1, keepdims=True)
    seen = np.tril(np.ones((11, 11), bool))
    counts = blocks.sums(seen.astype(float), 4)
    of_rows = (blocks.means(pattern, 4, seen) * counts).sum(-1)
    np.testing.assert_allclose(of_rows, [[4, 4, 3]] * 4, rtol=1e-6)


def test_what_is_not_a_number_stays_so_in_its_block_alone():
    matrix = np.ones((4, 4), np.float32)
    matrix[0, 1], matrix[2, 0], matrix[3, 3], matrix[2, 2] = np.nan, np.inf, np.inf, -np.inf
    found = blocks.means(matrix, 2, np.ones((4, 4), bool))
    np.testing.assert_array_equal(found, [[np.nan, 1], [np.inf, np.nan]])


def test_the_side_is_the_least_that_fits():
    grid = [(16, 512, 512, True)] * 12
    n = blocks.side(grid, 100_000)
    assert n == 17  # frozen: ⌈512 / 17⌉ = 31, 31 · 32 / 2 = 496 blocks of 192 heads
    assert 192 * blocks.cells((512, 512), n, causal=True) == 95_232
    assert 192 * blocks.cells((512, 512), n - 1, causal=True) > 100_000
    assert blocks.side([(2, 9, 9, False)], 162) == 1


@pytest.mark.parametrize("most", [1, 4, 100])
def test_the_strongest_come_first_and_all_are_counted(most):
    matrix = np.array([[0.5, 0.02, np.nan], [0.5, 0.009, 0.2], [0.5, 0.01, 0.0]])
    reach = [(-matrix.flat[place], place) for place in range(9) if matrix.flat[place] >= 0.01]
    places, values, count = blocks.strongest(matrix, 0.01, most)
    assert count == len(reach) == 6
    expected = [place for _, place in sorted(reach)][:most]
    assert places.tolist() == expected
    assert values.tolist() == [matrix.flat[place] for place in expected]

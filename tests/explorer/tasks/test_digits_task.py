"""Digits: the pictures are scikit-learn's, patches come apart and together again, words are written to their end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_digits

from explorer.tasks import answering, build, digits
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

READER = ModelConfig(kind="encoder-decoder", context=16, width=16, heads=2)


@pytest.fixture
def task():
    return build(f.Digits(), READER)


def test_pictures_and_words_are_scikit_learns(task):
    data = load_digits()
    shades, numbers = digits.pictures()
    np.testing.assert_array_equal(numbers, data.target)
    expected = [
        [[0 if x < 17 / 3 else 1 if x < 34 / 3 else 2 for x in row] for row in image] for image in data.images[:50]
    ]
    np.testing.assert_array_equal(shades[:50], expected)
    for i in (0, 7, 1796):
        batch = task.arrange(torch.tensor([i]))
        assert task.readable(batch.targets[0]) == digits.WORDS[data.target[i]]
        np.testing.assert_array_equal(digits.pixels(batch.source - digits.PATCH)[0], shades[i])


@given(arrays(np.uint8, (3, 8, 8), elements=st.integers(0, 2)))
def test_patches_are_those_of_a_loop_and_come_together_again(shades):
    numbers = digits.patches(torch.from_numpy(shades))
    for picture, row in zip(shades, numbers.tolist(), strict=True):
        for patch, number in enumerate(row):
            y, x = 2 * (patch // 4), 2 * (patch % 4)
            a, b, c, d = map(int, (picture[y, x], picture[y, x + 1], picture[y + 1, x], picture[y + 1, x + 1]))
            assert number == a + 3 * b + 9 * c + 27 * d
    np.testing.assert_array_equal(digits.pixels(numbers), shades)


def test_a_word_is_asked_for_letter_by_letter_to_its_end(task):
    batch = task.batch(32, torch.Generator().manual_seed(0))
    for read, targets in zip(batch.tokens, batch.targets, strict=True):
        predicted = targets[targets != IGNORE].tolist()
        assert predicted[-1] == digits.END
        assert task.readable(predicted) in digits.WORDS
        assert read[: len(predicted)].tolist() == [answering.START, *predicted[:-1]]
    assert batch.source.shape == (32, 16)
    assert int(batch.source.min()) >= digits.PATCH


def test_a_fifth_is_held_out(task):
    held_out, trained = (set(task.splits[side].tolist()) for side in ("held out", "trained"))
    assert (len(held_out), len(trained), held_out & trained) == (359, 1438, set())


def test_shuffled_patches_are_the_same_ones_in_an_order_of_each_pictures_own(task):
    shuffled = build(f.Digits(patches="shuffled"), READER)
    torch.testing.assert_close(shuffled.sources.sort(1).values, task.sources.sort(1).values)
    moved = (shuffled.sources != task.sources).any(1)
    assert int(moved.sum()) > 1700
    inks = [(sources == sources.amin()).float().mean(0).sort().values for sources in (task.sources, shuffled.sources)]
    assert inks[0].std() > 10 * inks[1].std(), "no order is that of all pictures: no place is emptier than others"
    assert torch.equal(shuffled.splits["held out"], task.splits["held out"])


@pytest.mark.parametrize("typed", ["seven", "1797", "-1", "²"])
def test_what_is_no_picture_is_refused(task, typed):
    with pytest.raises(ValueError, match="is no picture; type the number of one, 0 to 1796"):
        task.encode(typed)


def test_who_does_not_read_a_source_is_refused():
    with pytest.raises(ValueError, match=r"model.kind=encoder has no cross-attention, which task.name=digits needs"):
        build(f.Digits(), ModelConfig(kind="encoder", context=16))


def test_an_answer_that_holds_patches_shows_them_as_signs(task):
    """As a model writes before it has learned: any token may come."""
    symbols = task.vocabulary.symbols
    answer = [digits.PATCH + 3, digits.LETTER, digits.PATCH, digits.END]
    assert task.readable(answer) == symbols[digits.PATCH + 3] + symbols[digits.LETTER] + symbols[digits.PATCH]
    assert task.readable([]) == ""

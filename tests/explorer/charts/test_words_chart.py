"""Bars of similar words: the spec never depends on data, what is new stands out."""

import pytest

from explorer import charts
from explorer.charts import words

ROWS = [{"word": f"w{i}", "similar": 0.9 - 0.1 * i, "count": 10 * i} for i in range(5)]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_spec_is_the_same_for_any_words(count: int):
    drawn = words.similar(words.similar_frame(ROWS[:count]), title="", bars=8)
    assert charts.spec(drawn) == charts.spec(words.similar(words.similar_frame(ROWS), title="", bars=8))
    assert drawn.to_dict()["height"] == 8 * 24 + 80


def test_words_keep_their_order_and_what_is_new_stands_out():
    table = words.similar_frame(ROWS, {"w1", "w4"})
    assert table.word.tolist() == [row["word"] for row in ROWS]
    assert table.place.tolist() == [1, 2, 3, 4, 5]
    assert table.role.tolist() == [words.KEPT, words.NEW, words.KEPT, words.KEPT, words.NEW]


def test_words_stand_by_their_leaning_with_the_list_that_each_is_of():
    table = words.leaning_frame([["king", "man"], ["queen", "lady"]], [0.2, -0.1, 0.1, -0.3])
    assert table.word.tolist() == ["king", "queen", "man", "lady"]
    assert table.list.tolist() == [words.LISTS[0], words.LISTS[1], words.LISTS[0], words.LISTS[1]]
    assert table.leaning.tolist() == [0.2, 0.1, -0.1, -0.3]

"""The cache of arrays: whole entries or none, made once, not without end."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.tasks import cache
from explorer.tasks.cache import Entry, cached


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))


def entry(value=1):
    return Entry({"x": np.full(5, value, dtype=np.int16)}, {"word": "Wört"})


def test_an_entry_is_made_once_and_comes_back_as_it_was():
    made = []

    def make():
        made.append(1)
        return entry()

    for _ in range(3):
        found = cached("numbers", "key", make)
        assert found.about == {"word": "Wört"}
        assert found.arrays["x"].tolist() == [1] * 5
    assert made == [1]


def test_another_key_is_another_entry():
    cached("numbers", "one", lambda: entry(1))
    assert cached("numbers", "two", lambda: entry(2)).arrays["x"].tolist() == [2] * 5


def test_writing_into_what_was_read_does_not_change_the_file():
    cached("numbers", "key", entry).arrays["x"][:] = 7
    assert cached("numbers", "key", entry).arrays["x"].tolist() == [1] * 5


def test_of_two_processes_that_make_the_same_entry_the_first_wins(tmp_path):
    path = cache.folder() / "numbers"
    cache.save(path, entry(1))
    cache.save(path, entry(2))
    assert cache.load(path).arrays["x"].tolist() == [1] * 5
    assert [p.name for p in cache.folder().iterdir()] == ["numbers"]


def test_the_oldest_entries_go():
    for number in range(cache.KEPT + 3):
        cached("numbers", str(number), entry)
    assert len(list(cache.folder().iterdir())) == cache.KEPT


def test_what_is_used_stays_however_many_come_after_it():
    made = []

    def make():
        made.append(1)
        return entry()

    for number in range(2 * cache.KEPT):
        cached("numbers", "used", make)
        cached("numbers", str(number), entry)
    assert made == [1]

"""The server's shelf of answers is bounded by number and by bytes, whoever brings them and whenever they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer.processes.client import Request
from explorer.ui import shelf
from explorer.ui.shelf import Recent, Shelf

MB = 1_000_000


def comes(request: Request, size: int) -> None:
    """The answer of a request arrives in so many bytes."""
    request.size = size
    request.answer.set_result(None)


def ask(own: Shelf, question: object) -> Request:
    return own.get((question,), Request)


def test_answers_that_arrive_late_are_bounded_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf, "MOST_BYTES", 10 * MB)
    own = Shelf()
    requests = [ask(own, number) for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda request: comes(request, 3 * MB), requests))
    assert own.bytes() <= 10 * MB
    assert len(own.kept) == 3
    assert ask(own, 19) is requests[19]
    assert ask(own, 0) is not requests[0]


def test_what_was_looked_at_last_stays_and_the_newest_does_however_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf, "MOST_BYTES", 10 * MB)
    own = Shelf()
    old, other = ask(own, "old"), ask(own, "other")
    comes(old, 4 * MB)
    comes(other, 4 * MB)
    assert ask(own, "old") is old
    comes(ask(own, "third"), 4 * MB)
    assert ask(own, "old") is old
    large = ask(own, "large")
    comes(large, 50 * MB)
    assert list(own.kept.values()) == [large]
    assert ask(own, "large") is large


def test_a_visitors_text_is_not_kept_with_its_question():
    own = Shelf()
    for number in range(20):
        ask(own, f"{number} {'A' * MB} \ud800")
    assert sum(map(len, own.kept)) < 1000


def test_what_is_known_of_runs_is_bounded():
    known = Recent[str, int](3)
    for number in [1, 2, 3, 1, 4]:
        known[str(number)] = number
    assert list(known) == ["3", "1", "4"]

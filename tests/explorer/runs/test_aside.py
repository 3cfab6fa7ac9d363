"""Aside: what the recorder writes beside the training is done in order, and its error is raised by the next call."""

from __future__ import annotations

import threading
import time

import pytest

from explorer.runs.aside import Aside


def fail() -> None:
    raise OSError("no room")


def test_one_work_at_a_time_in_order_and_in_another_thread():
    aside, done = Aside(), []

    def work(number: int) -> None:
        time.sleep(0.001 * (3 - number))
        aside.wait()  # within it: at once
        done.append((number, threading.get_ident()))

    for number in range(3):
        aside.begin(lambda number=number: work(number))
    aside.wait()
    assert [number for number, _ in done] == [0, 1, 2]
    assert threading.get_ident() not in {thread for _, thread in done}
    aside.end()


@pytest.mark.parametrize("call", [Aside.wait, Aside.end, lambda aside: aside.begin(int)])
def test_the_next_call_raises_the_error_once(call):
    aside = Aside()
    aside.begin(fail)
    with pytest.raises(OSError, match="no room"):
        call(aside)
    aside.wait()
    aside.end()


def test_what_is_not_done_is_not_waited_for():
    aside, going = Aside(), threading.Event()
    aside.begin(lambda: going.wait() and fail())
    aside.hear()
    going.set()
    with pytest.raises(OSError, match="no room"):
        heard(aside)
    aside.end()


def heard(aside: Aside) -> None:
    """Listens until it is done."""
    while True:
        aside.hear()

"""Turns: in which order the requests that wait in a lane are computed."""

from __future__ import annotations

from itertools import count

from explorer.processes.lanes import Message, Turns

NUMBERS = count()


def added(turns: Turns, visit: str, function: str, path: str = "a.run") -> Message:
    request = {"request": next(NUMBERS), "visit": visit, "function": function, "arguments": {"path": path}}
    turns.add(request)
    return request


def test_of_a_picture_the_newest_request_comes_first():
    turns = Turns()
    first, second, third = (added(turns, "a", "scrubbed") for _ in range(3))
    assert [turns.next() for _ in range(3)] == [third, second, first]
    assert not turns


def test_visits_take_turns_and_so_do_the_pictures_of_each():
    turns = Turns()
    one, other, newer = added(turns, "a", "text"), added(turns, "a", "bars"), added(turns, "a", "text")
    beside = added(turns, "b", "text")
    assert [turns.next() for _ in range(4)] == [newer, beside, other, one]


def test_no_picture_waits_behind_another_that_is_asked_for_again_and_again():
    turns = Turns()
    added(turns, "a", "text")
    bars = added(turns, "a", "bars")
    served = []
    for _ in range(3):
        served.append(turns.next())
        added(turns, "a", "text")
    assert bars in served
    assert served.index(bars) == 1


def test_no_run_of_a_race_waits_behind_another_whose_picture_is_asked_for_again_and_again():
    turns = Turns()
    others = [added(turns, "a", "bars", f"{name}.run") for name in "abc"]
    newest = added(turns, "a", "bars", "d.run")
    served = []
    for _ in range(4):
        served.append(turns.next())
        newest = added(turns, "a", "bars", "d.run")
    assert [request for request in served if request in others] == others
    assert newest not in served


def test_another_picture_waits_for_one_run_of_a_race_and_not_for_all():
    turns = Turns()
    for name in "abcd":
        added(turns, "a", "bars", f"{name}.run")
    text = added(turns, "a", "text", "a.run")
    assert text in [turns.next(), turns.next()]


def test_what_is_called_off_waits_no_more():
    turns = Turns()
    kept, gone = added(turns, "a", "bars"), added(turns, "a", "text")
    added(turns, "b", "text")
    assert turns.take(lambda request: request["visit"] == "b" or request is gone)[0] is gone
    assert len(turns) == 1
    assert turns.next() is kept
    assert not turns.waiting

"""Who watches a run: the last one who leaves pauses it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from recording_host import RecordingHost
from waiting import until

from explorer.ui import server
from explorer.ui import watchers as watching


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> RecordingHost:
    recording = RecordingHost()
    monkeypatch.setattr(server, "host", lambda: recording)
    return recording


class Timers:
    """Timers that run out when they are told to."""

    def __init__(self) -> None:
        self.started: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable, args: tuple) -> Timers:
        assert seconds == watching.GRACE_SECONDS
        self.next = lambda: function(*args)
        return self

    def start(self) -> None:
        self.started.append(self.next)

    def run_out(self) -> None:
        while self.started:
            self.started.pop()()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    """The timers of the grace time."""
    made = Timers()
    monkeypatch.setattr(watching.threading, "Timer", made)
    return made


@pytest.fixture
def watchers(host: RecordingHost) -> server.Watchers:
    """Watchers of runs a and b, which both train."""
    host.at_work = {"a", "b"}
    return server.Watchers(server.host)


def paused(run: str) -> tuple[str, str, dict[str, Any]]:
    return run, "pause", {"reason": "nobody was watching"}


def test_a_run_whose_last_tab_closed_pauses_after_the_grace_time(watchers, host: RecordingHost, timers: Timers):
    watchers.look("tab", "a")
    watchers.leave("tab")
    assert not host.orders
    timers.run_out()
    assert host.orders == [paused("a")]
    assert watchers.runs == {}


def test_a_tab_that_comes_back_within_the_grace_time_keeps_its_run_going(watchers, host: RecordingHost, timers: Timers):
    watchers.look("tab", "a")
    watchers.leave("tab")
    watchers.look("tab", "a")
    timers.run_out()
    assert not host.orders


def test_a_run_that_another_visit_still_watches_goes_on(watchers, host: RecordingHost, timers: Timers):
    watchers.look("one", "a")
    watchers.look("two", "a")
    watchers.leave("one")
    timers.run_out()
    assert not host.orders
    watchers.leave("two")
    timers.run_out()
    assert host.orders == [paused("a")]


def test_a_visit_that_goes_on_to_another_run_pauses_the_one_it_left_at_once(
    watchers, host: RecordingHost, timers: Timers
):
    watchers.look("tab", "a")
    watchers.look("tab", "b")
    assert host.orders == [paused("a")]
    assert not timers.started
    assert watchers.runs == {"b": {"tab"}}


def test_a_visit_that_goes_on_leaves_a_run_to_those_who_still_watch_it(watchers, host: RecordingHost):
    watchers.look("stays", "a")
    watchers.look("goes", "a")
    watchers.look("goes", "b")
    assert not host.orders


def test_a_run_that_does_not_train_gets_no_order_when_its_watchers_leave(watchers, host: RecordingHost, timers: Timers):
    watchers.look("tab", "finished")
    watchers.leave("tab")
    timers.run_out()
    assert not host.orders
    assert watchers.runs == {}


def test_a_run_that_waits_in_the_queue_is_called_off_when_its_last_tab_closes(
    watchers, host: RecordingHost, timers: Timers
):
    host.at_work, host.queued = {"a"}, {"b"}
    watchers.look("tab", "b")
    watchers.leave("tab")
    timers.run_out()
    assert host.orders == [paused("b")]


def test_a_visit_that_watched_nothing_leaves_without_a_timer(watchers, timers: Timers):
    watchers.look("other", "a")
    watchers.leave("tab")
    assert not timers.started


def test_the_grace_time_runs_out_by_itself(monkeypatch: pytest.MonkeyPatch, watchers, host: RecordingHost):
    monkeypatch.setattr(watching, "GRACE_SECONDS", 0.01)
    watchers.look("tab", "a")
    watchers.leave("tab")
    until(lambda: host.orders == [paused("a")], "the run is paused")


def test_a_visit_that_streamlit_releases_leaves(monkeypatch: pytest.MonkeyPatch, watchers, host, timers: Timers):
    monkeypatch.setattr(server, "watchers", lambda: watchers)
    watchers.look("tab", "a")
    server._released(server.Session("tab"))
    assert host.gone == ["tab"]
    timers.run_out()
    assert host.orders == [paused("a")]


@pytest.mark.parametrize(("processors", "slower"), [(1, [2, 4, 4, 4]), (2, [1, 2, 3, 4]), (16, [1, 1, 1, 1])])
def test_pages_that_move_together_are_drawn_less_often_each(watchers, monkeypatch, processors, slower):
    monkeypatch.setattr(watching, "PROCESSORS", processors)
    assert [watchers.moves(visit) for visit in "abcd"] == slower
    assert watchers.moves("a") == slower[-1], "a visit counts once"


def test_a_page_that_stands_still_or_is_closed_makes_no_other_one_slower(watchers, monkeypatch, timers):
    clock = [100.0]
    monkeypatch.setattr(watching, "PROCESSORS", 2)
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert [watchers.moves("a"), watchers.moves("b"), watchers.moves("c")] == [1, 2, 3]
    watchers.leave("b")
    assert watchers.moves("c") == 2
    clock[0] += watching.MOVING
    assert watchers.moves("c") == 1

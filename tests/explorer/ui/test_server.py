"""What the server keeps for all visits: pictures shared, runs watched, tasks asked about once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run
from explorer.runs import catalogue
from explorer.runs.client import Request
from explorer.runs.recorder import Recorder
from explorer.ui import server

ANSWER = ({"vocabulary": 8}, {})


class RecordingHost:
    """A host that writes down what it is asked and ordered, and answers as it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, Any]]] = []  # function, lane, arguments
        self.orders: list[tuple[str, str, dict[str, Any]]] = []  # run, kind, detail
        self.at_work: set[str] = set()
        self.answer: Callable[[Request], None] = lambda request: None

    def request(self, function: str, lane: str = "quick", **arguments: Any) -> Request:
        self.requests.append((function, lane, arguments))
        request = Request()
        self.answer(request)
        return request

    def order(self, run: Path, kind: str, **detail: Any) -> Future[None]:
        self.orders.append((str(run), kind, detail))
        return Future()

    def working(self, run: Path) -> bool:
        return str(run) in self.at_work


def answers(request: Request) -> None:
    request.answer.set_result(ANSWER)


def refuses(request: Request) -> None:
    request.answer.set_exception(ValueError("no such text here"))


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> RecordingHost:
    """The host of each of these tests, and nothing known of any run."""
    recording, known = RecordingHost(), {}
    monkeypatch.setattr(server, "host", lambda: recording)
    monkeypatch.setattr(server, "_abouts", lambda: known)
    return recording


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Twenty steps with a bookmark at step 20."""
    path = tmp_path_factory.mktemp("runs") / "tiny.run"
    recorded(path, 20).close()
    with Recorder(path) as recorder:
        recorder.event(20, "bookmark", {"label": ""})
    return Run.open(path)


# --- pictures


def test_a_picture_that_several_visits_ask_for_is_computed_once(host: RecordingHost, run: Run):
    pictures = server.Pictures()
    first = pictures.ask(run, 7, "attention.patterns", text="ABBA")
    assert pictures.ask(run, 7, "attention.patterns", text="ABBA") is first
    ((function, lane, arguments),) = host.requests
    assert function.endswith("patterns")
    assert (lane, arguments) == ("quick", {"past": False, "path": str(run.path), "step": 7, "text": "ABBA"})


def test_visits_that_ask_at_the_same_moment_share_one_request(host: RecordingHost, run: Run):
    pictures, together = server.Pictures(), Barrier(8)

    def ask(_: int) -> Request:
        together.wait(timeout=10)
        return pictures.ask(run, 7, "attention.patterns")

    with ThreadPoolExecutor(8) as visits:
        assert len(set(map(id, visits.map(ask, range(8))))) == 1
    assert len(host.requests) == 1


def test_another_step_function_or_argument_is_another_picture(host: RecordingHost, run: Run):
    pictures = server.Pictures()
    different = [
        (7, "attention.patterns", {}),
        (8, "attention.patterns", {}),
        (7, "gradients.flow", {}),
        (7, "attention.patterns", {"text": "A"}),
    ]
    assert len({id(pictures.ask(run, step, function, **more)) for step, function, more in different}) == 4
    assert len(host.requests) == 4


def test_an_event_makes_pictures_anew_from_its_step_on_and_not_before(tmp_path: Path):
    recorded(tmp_path / "changing.run", 10).close()
    run, pictures = Run.open(tmp_path / "changing.run"), server.Pictures()
    before, after = pictures.ask(run, 9, "attention.patterns"), pictures.ask(run, 10, "attention.patterns")
    with Recorder(run.path) as recorder:
        recorder.event(10, "ablate", {"head": "blocks.0.attention.1"})
    assert pictures.ask(run, 9, "attention.patterns") is before
    assert pictures.ask(run, 10, "attention.patterns") is not after


def test_a_picture_that_broke_is_computed_again_and_one_that_was_refused_is_not(run: Run):
    pictures = server.Pictures()
    broken, refused = pictures.ask(run, 1, "attention.patterns"), pictures.ask(run, 2, "attention.patterns")
    broken.broken = True
    refuses(refused)
    assert pictures.ask(run, 1, "attention.patterns") is not broken
    assert pictures.ask(run, 2, "attention.patterns") is refused


def test_of_too_many_pictures_those_not_looked_at_for_longest_go(monkeypatch: pytest.MonkeyPatch, run: Run):
    monkeypatch.setattr(server, "KEPT_PICTURES", 3)
    pictures = server.Pictures()
    one, two, three = (pictures.ask(run, step, "gradients.flow") for step in (1, 2, 3))
    assert pictures.ask(run, 1, "gradients.flow") is one  # looked at again
    pictures.ask(run, 4, "gradients.flow")
    assert len(pictures.kept) == 3
    assert pictures.ask(run, 1, "gradients.flow") is one
    assert pictures.ask(run, 3, "gradients.flow") is three
    assert pictures.ask(run, 2, "gradients.flow") is not two


def test_a_picture_for_which_training_has_to_be_repeated_at_length_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, host: RecordingHost, run: Run
):
    monkeypatch.setattr(server, "SLOW_SECONDS", 0.0)
    between = next(step for step in range(20) if run.distance(step))
    for step in (run.newest_snapshot(), between):
        server.Pictures().ask(run, step, "attention.patterns")
        server.Pictures().ask(run, step, "embeddings.frame", lane="maps")
    assert [lane for _, lane, _ in host.requests] == ["quick", "maps", "slow", "maps"]


# --- waiting


def test_an_answer_is_there_in_time_or_not_yet_or_refused_with_the_reason():
    given, waiting, refused = Request(), Request(), Request()
    answers(given)
    refuses(refused)
    assert server.answer_within(given, 0) == ANSWER
    assert server.answer_within(waiting, 0) is None
    with pytest.raises(ValueError, match="no such text here"):
        server.answer_within(refused, 0)


def test_a_page_does_not_wait_for_an_order_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "OBEYED_SECONDS", 0.01)
    server.obeyed(Future())  # never obeyed


# --- what a run is about


def test_what_a_run_is_about_is_asked_once(host: RecordingHost):
    host.answer = answers
    assert [server.about("a.run"), server.about("a.run")] == [ANSWER[0]] * 2
    ((function, _, arguments),) = host.requests
    assert (function.partition(":")[2], arguments) == ("about", {"path": "a.run"})
    server.about("b.run")
    assert len(host.requests) == 2


def test_a_refusal_of_what_a_run_is_about_is_not_kept(host: RecordingHost):
    host.answer = refuses
    with pytest.raises(ValueError, match="no such text here"):
        server.about("a.run")
    host.answer = answers  # the text is there now
    assert server.about("a.run") == ANSWER[0]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where runs are made."""
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("paused", [False, True])
def test_a_run_that_is_started_trains_or_waits_and_its_pages_need_not_ask_about_it(
    host: RecordingHost, folder: Path, paused: bool
):
    host.answer = answers
    path = server.start(TINY, "reverse", paused)
    assert list(folder.iterdir()) == [path]
    assert Run.open(path).config == TINY
    assert host.orders == ([] if paused else [(str(path), "play", {})])
    assert server.about(str(path)) == ANSWER[0]
    ((function, _, arguments),) = host.requests
    assert (function.partition(":")[2], arguments) == ("fit", {"config": TINY.to_json()})


def test_a_run_that_cannot_be_trained_leaves_no_file(host: RecordingHost, folder: Path):
    host.answer = refuses
    with pytest.raises(ValueError, match="no such text here"):
        server.start(TINY, "reverse")
    assert not list(folder.iterdir())
    assert not host.orders


# --- who is watching


class Timers:
    """Timers that run out when they are told to."""

    def __init__(self) -> None:
        self.started: list[Callable[[], None]] = []

    def __call__(self, seconds: float, function: Callable, args: tuple) -> Timers:
        assert seconds == server.GRACE_SECONDS
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
    monkeypatch.setattr(server.threading, "Timer", made)
    return made


@pytest.fixture
def watchers(host: RecordingHost) -> server.Watchers:
    """Watchers of runs a and b, which both train."""
    host.at_work = {"a", "b"}
    return server.Watchers()


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


def test_a_visit_that_watched_nothing_leaves_without_a_timer(watchers, timers: Timers):
    watchers.look("other", "a")
    watchers.leave("tab")
    assert not timers.started


def test_the_grace_time_runs_out_by_itself(monkeypatch: pytest.MonkeyPatch, watchers, host: RecordingHost):
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.01)
    watchers.look("tab", "a")
    watchers.leave("tab")
    until(lambda: host.orders == [paused("a")], "the run is paused")


def test_a_visit_that_streamlit_releases_leaves(monkeypatch: pytest.MonkeyPatch, watchers, host, timers: Timers):
    monkeypatch.setattr(server, "watchers", lambda: watchers)
    watchers.look("tab", "a")
    server._released({"id": "tab"})
    timers.run_out()
    assert host.orders == [paused("a")]

"""What the server keeps for all visits: pictures shared, tasks asked about once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from recording_host import RecordingHost
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers.records.attention import AttentionMaps
from explorer.answers.records.embeddings import PointMap
from explorer.answers.records.heads import HeadHistory
from explorer.answers.records.task import Fit
from explorer.config.presets import PRESETS
from explorer.processes.client import Request
from explorer.runs import catalogue
from explorer.runs.recorder import Recorder
from explorer.ui import server, shelf

FACTS = Fit([], 8, 0.125, (2.08, "ln 8 = 2.08"), "nats", "token", "share", False, "A → A")


def answers(request: Request) -> None:
    request.answer.set_result(FACTS)


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


def test_texts_and_maps_are_prepared_unless_the_environment_says_no(host: RecordingHost, monkeypatch):
    host.answer = answers
    monkeypatch.setenv("EXPLORER_PREPARE", "0")
    server.prepare(host)
    assert host.requests == []
    monkeypatch.delenv("EXPLORER_PREPARE")
    server.prepare(host)
    assert [lane for _, lane, _ in host.requests] == ["maps", *["texts"] * len(PRESETS)]
    assert host.gone == [server.WARM_UP]


# --- pictures


def test_a_picture_that_several_visits_ask_for_is_computed_once(host: RecordingHost, run: Run):
    pictures = server.Pictures()
    first = pictures.ask(run, 7, AttentionMaps, text="ABBA")
    assert pictures.ask(run, 7, AttentionMaps, text="ABBA") is first
    ((function, lane, arguments),) = host.requests
    assert function.endswith("patterns")
    assert (lane, arguments) == (
        "quick",
        {"past": False, "visit": "", "path": str(run.path), "step": 7, "text": "ABBA"},
    )


def test_visits_that_ask_at_the_same_moment_share_one_request(host: RecordingHost, run: Run):
    pictures, together = server.Pictures(), Barrier(8)

    def ask(_: int) -> Request:
        together.wait(timeout=10)
        return pictures.ask(run, 7, AttentionMaps)

    with ThreadPoolExecutor(8) as visits:
        assert len(set(map(id, visits.map(ask, range(8))))) == 1
    assert len(host.requests) == 1


def test_another_step_function_or_argument_is_another_picture(host: RecordingHost, run: Run):
    pictures = server.Pictures()
    different = [
        (7, AttentionMaps, {}),
        (8, AttentionMaps, {}),
        (7, HeadHistory, {}),
        (7, AttentionMaps, {"text": "A"}),
    ]
    assert len({id(pictures.ask(run, step, function, **more)) for step, function, more in different}) == 4
    assert len(host.requests) == 4


def test_an_event_makes_pictures_anew_from_its_step_on_and_not_before(tmp_path: Path):
    recorded(tmp_path / "changing.run", 10).close()
    run, pictures = Run.open(tmp_path / "changing.run"), server.Pictures()
    before, after = pictures.ask(run, 9, AttentionMaps), pictures.ask(run, 10, AttentionMaps)
    with Recorder(run.path) as recorder:
        recorder.event(10, "ablate", {"head": "blocks.0.attention.1"})
    assert pictures.ask(run, 9, AttentionMaps) is before
    assert pictures.ask(run, 10, AttentionMaps) is not after


def test_a_picture_that_broke_is_computed_again_and_one_that_was_refused_is_not(run: Run):
    pictures = server.Pictures()
    broken, refused = pictures.ask(run, 1, AttentionMaps), pictures.ask(run, 2, AttentionMaps)
    broken.broken = True
    refuses(refused)
    assert pictures.ask(run, 1, AttentionMaps) is not broken
    assert pictures.ask(run, 2, AttentionMaps) is refused


def test_of_too_many_pictures_those_not_looked_at_for_longest_go(monkeypatch: pytest.MonkeyPatch, run: Run):
    monkeypatch.setattr(shelf, "MOST", 3)
    pictures = server.Pictures()
    one, two, three = (pictures.ask(run, step, HeadHistory) for step in (1, 2, 3))
    assert pictures.ask(run, 1, HeadHistory) is one  # looked at again
    pictures.ask(run, 4, HeadHistory)
    assert len(pictures.kept) == 3
    assert pictures.ask(run, 1, HeadHistory) is one
    assert pictures.ask(run, 3, HeadHistory) is three
    assert pictures.ask(run, 2, HeadHistory) is not two


def test_a_picture_for_which_training_has_to_be_repeated_at_length_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, host: RecordingHost, run: Run
):
    monkeypatch.setattr(server, "SLOW_SECONDS", 0.0)
    between = next(step for step in range(20) if run.distance(step))
    for step in (run.newest_snapshot(), between):
        server.Pictures().ask(run, step, AttentionMaps)
        server.Pictures().ask(run, step, PointMap, lane="maps")
    assert [lane for _, lane, _ in host.requests] == ["quick", "maps", "slow", "maps"]


def test_an_answer_that_is_of_no_runs_step_is_asked_for_once_for_all_visits(host: RecordingHost):
    server.shelf.clear()
    first = server.shared(HeadHistory, "texts", text="ABBA", rates={"adam": 0.1})
    assert server.shared(HeadHistory, "texts", rates={"adam": 0.1}, text="ABBA") is first
    assert server.shared(HeadHistory, "texts", rates={"adam": 0.2}, text="ABBA") is not first
    assert [lane for _, lane, _ in host.requests] == ["texts", "texts"]


# --- waiting


def test_an_answer_that_does_not_come_is_called_off_and_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, host: RecordingHost
):
    monkeypatch.setattr(server, "AT_ONCE_SECONDS", 0.001)
    monkeypatch.setattr(server, "LONGEST_SECONDS", 0.001)
    request = Request()
    with pytest.raises(ValueError, match="was called off; use a shorter text"):
        server.answer(request)
    assert host.called_off == [request]


def test_a_text_of_a_visitors_own_never_waits_or_is_read_where_quick_pictures_are_made(
    host: RecordingHost, folder: Path
):
    host.answer = answers
    own = RunConfig.preset("shakespeare").replace({"task.name": "text", "task.text": "to be or not to be " * 40})
    server.start(own, "own")
    server.start(TINY, "reverse")
    assert [lane for _, lane, _ in host.requests] == ["texts", "quick"]


def test_a_page_does_not_wait_for_an_order_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "OBEYED_SECONDS", 0.01)
    server.obeyed(Future())  # never obeyed


# --- what a run is about


def test_what_a_run_is_about_is_asked_once(host: RecordingHost):
    host.answer = answers
    assert [server.about("a.run"), server.about("a.run")] == [FACTS] * 2
    ((function, _, arguments),) = host.requests
    assert (function.partition(":")[2], arguments) == ("about", {"visit": "", "path": "a.run"})
    server.about("b.run")
    assert len(host.requests) == 2


def test_a_refusal_of_what_a_run_is_about_is_not_kept(host: RecordingHost):
    host.answer = refuses
    with pytest.raises(ValueError, match="no such text here"):
        server.about("a.run")
    host.answer = answers  # the text is there now
    assert server.about("a.run") == FACTS


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
    assert server.about(str(path)) == FACTS
    ((function, _, arguments),) = host.requests
    assert (function.partition(":")[2], arguments) == ("fit", {"visit": "", "config": TINY.to_json()})


def test_a_run_that_cannot_be_trained_leaves_no_file(host: RecordingHost, folder: Path):
    host.answer = refuses
    with pytest.raises(ValueError, match="no such text here"):
        server.start(TINY, "reverse")
    assert not list(folder.iterdir())
    assert not host.orders

"""A disk that is full, and a folder that cannot be written: one sentence, nothing half done, and on it goes later.

SQLite itself is told that the file must not grow, and then that it may.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from searches import SMALL
from tiny_runs import TINY, problems, recorded

from explorer.processes.racer import Racer
from explorer.processes.worker import Worker
from explorer.runs import catalogue, file
from explorer.runs.file import Unwritable
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.search import search
from explorer.tasks import cache
from explorer.ui import store

SENTENCE = r"cannot be written \(database or disk is full\); make room"


def room(recorder: Recorder, pages: int) -> None:
    """The file may have so many pages; as many as it likes from a large number on."""
    recorder._connection.execute(f"PRAGMA max_page_count = {pages}")


def fill(recorder: Recorder, act: Callable[[], object]) -> None:
    """Acts until there is no room any more."""
    room(recorder, 1)  # never less than it has

    def until_full() -> None:
        for _ in range(200):
            act()

    with pytest.raises(Unwritable, match=SENTENCE):
        until_full()


def test_what_could_not_be_written_is_written_once_there_is_room(tmp_path: Path):
    other = recorded(tmp_path / "other.run", 240)
    file.begin(tmp_path / "full.run", TINY)
    with Recorder(tmp_path / "full.run") as recorder:
        run = Run.open(recorder.path)
        training = restore(run, 0)
        recorder.describe(training)
        recorder.snapshot(training)
        fill(recorder, lambda: recorder.add(next(training), training))
        assert run.last <= training.step < 240
        room(recorder, 10**9)
        while training.step < 240:
            recorder.add(next(training), training)
        recorder.snapshot(training)
        assert run.last == 240
    assert np.array_equal(run.steps["loss"], other.steps["loss"])
    assert not problems(run)
    assert sorted(run.snapshot_steps) == sorted(set(run.snapshot_steps))


def test_training_waits_for_room_says_so_once_and_goes_on(tmp_path: Path):
    path = tmp_path / "full.run"
    file.begin(path, TINY)
    ours, theirs = multiprocessing.Pipe()
    worker = Worker([path], theirs)
    (racer,) = worker.racers.values()
    racer.play({})
    room(racer.recorder, 1)
    for _ in range(200):
        worker.take_steps()
        if racer.unwritten:
            break
    run = Run.open(path)
    reached, committed = racer.training.step, run.last
    for _ in range(3):
        worker.take_steps()
    assert racer.training.step == reached  # it waits, and steps that find room are written
    assert committed <= run.last <= reached
    assert json.loads(ours.recv_bytes())["refused"].startswith("training waits until there is room: full.run cannot be")
    assert not ours.poll(0)
    room(racer.recorder, 10**9)
    for _ in range(5):
        worker.take_steps()
    racer.pause("by hand")
    assert run.last == reached + 5
    assert run.status.state == "paused"
    racer.recorder.close()
    assert not problems(run)


def test_a_single_step_without_room_is_one_step(tmp_path: Path):
    path = tmp_path / "full.run"
    file.begin(path, TINY)
    racer = Racer(path)
    fill(racer.recorder, lambda: racer.recorder.snapshot(racer.training) or racer.take_step())
    racer.wait_for_room("full")
    reached = racer.training.step
    room(racer.recorder, 10**9)
    racer.singles = 1
    racer.catch_up()
    racer.take_step()
    assert racer.training.step == reached + 1
    assert not racer.active
    racer.recorder.close()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch) -> Path:
    """A home that cannot be made, whoever tries: its place is taken by a file."""
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_home_that_cannot_be_written_is_refused_in_one_sentence(nowhere: Path):
    assert catalogue.newest() == []
    with pytest.raises(Unwritable, match=r"cannot be written \(not a directory\); make room, or choose another place"):
        file.begin(catalogue.new_path("reverse"), TINY)
    with pytest.raises(Unwritable, match="cannot be written"):
        store.take_in("x.run", b"anything")


def test_a_run_can_be_read_where_the_home_cannot_be_written(tmp_path: Path, request):
    run = recorded(tmp_path / "read.run", 5)
    with Recorder(run.path) as recorder:
        recorder.status("training")
    request.getfixturevalue("nowhere")
    assert run.status.state == "interrupted"


def full(*_args: object, **_knobs: object) -> None:
    """A disk without room."""
    raise OSError(28, "No space left on device")


def test_an_upload_without_room_leaves_nothing(tmp_path: Path, monkeypatch):
    run = recorded(tmp_path / "good.run", 5)
    data = run.path.read_bytes()
    folder = tmp_path / "runs"
    monkeypatch.setattr(catalogue, "folder", lambda: folder)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Unwritable, match=r"cannot be written \(no space left on device\)"):
        store.take_in("good.run", data)
    assert not list(folder.iterdir())


def test_a_search_without_room_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(search.os, "fsync", full)

    with pytest.raises(Unwritable, match="cannot be written"):
        search.write(tmp_path / "x.search", SMALL, "paused")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_kept_in_the_cache_is_made_all_the_same(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(np, "save", full)
    entry = cache.cached("numbers", "key", lambda: cache.Entry({"a": np.arange(3)}, {"b": 1}))
    assert entry.arrays["a"].tolist() == [0, 1, 2]
    assert not list((tmp_path / "cache").iterdir())


def test_a_copy_to_save_that_has_no_room_for_temporary_files_is_one_sentence(tmp_path: Path, monkeypatch):
    recorded(tmp_path / "tiny.run", 3).close()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    with pytest.raises(Unwritable, match=r"^a copy of tiny.run cannot be written \(.*\); make room for temp"):
        store.whole(tmp_path / "tiny.run")

"""A deleted run can be brought back for a moment; then its space is given back, and its settings are still known."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.runs import catalogue, deleted, file, quota
from explorer.runs.recorder import Recorder


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in a folder of runs."""
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    run = recorded(tmp_path / "one.run", 10)
    run.close()
    return run.path


def later(name: str) -> None:
    """Lets the moment go by in which a run can be brought back."""
    settings = deleted.folder() / f"{name}.json"
    before = time.time() - deleted.UNDO_SECONDS - 1
    os.utime(settings, (before, before))


def test_a_deleted_run_is_gone_from_the_folder_and_comes_back_as_it_was(path: Path):
    before = path.read_bytes()
    deleted.remove(path)
    assert not path.exists()
    assert catalogue.newest() == []
    assert quota.everything().size == 0
    assert deleted.waiting() == ["one"]
    assert deleted.bring_back("one") == path
    assert path.read_bytes() == before
    assert deleted.waiting() == []
    assert deleted.former("one") is None


def test_after_the_moment_its_space_is_given_back_and_its_settings_stay(path: Path):
    deleted.remove(path)
    deleted.empty()
    assert deleted.former("one") == deleted.Former(TINY, True)
    later("one")
    deleted.empty()
    assert [p.name for p in deleted.folder().iterdir()] == ["one.json"]
    assert deleted.former("one") == deleted.Former(TINY, False)
    with pytest.raises(ValueError, match=r"one\.run is gone: what is deleted can be brought back for 60 seconds"):
        deleted.bring_back("one")


def test_a_run_that_is_trained_is_not_deleted(path: Path):
    with Recorder(path), pytest.raises(ValueError, match="is being trained; pause it first"):
        deleted.remove(path)
    assert path.exists()
    assert deleted.former("one") is None or not deleted.waiting()


def test_another_run_of_its_name_is_not_written_over(path: Path):
    deleted.remove(path)
    recorded(path, 3).close()
    with pytest.raises(ValueError, match="is there again"):
        deleted.bring_back("one")
    assert Run.open(path).last == 3


def test_a_file_that_cannot_be_read_can_be_deleted_and_has_no_settings(path: Path):
    path.write_bytes(b"no run")
    deleted.remove(path)
    assert deleted.former("one") == deleted.Former(None, True)
    assert deleted.bring_back("one").read_bytes() == b"no run"


def test_a_visitors_text_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deleted, "LONGEST", 10)
    deleted.remove(path)
    former = deleted.former("one")
    assert former is not None
    assert former.config is None


@pytest.mark.parametrize("name", ["", "..", "../one", "a/b", "none", ".deleted"])
def test_what_was_never_deleted_is_not_known(path: Path, name: str):
    deleted.remove(path)
    assert deleted.former(name) is None


def test_settings_of_deleted_runs_are_bounded(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deleted, "MOST", 2)
    for name in ("a", "b", "c"):
        deleted.remove(recorded(path.with_name(f"{name}.run"), 1).path)
        later(name)
    deleted.remove(path)
    deleted.empty()
    assert len(list(deleted.folder().glob("*.json"))) == 2
    assert deleted.former("one") is not None


def test_a_name_is_kept_in_the_file_also_while_it_is_trained_and_the_file_keeps_its_own(path: Path):
    written = path.stat().st_mtime_ns
    file.rename(path, "  the <b>best</b>\n one ")
    assert Run.open(path).meta("title") == "the <b>best</b> one"
    assert path.stat().st_mtime_ns == written
    with Recorder(path) as recorder:
        recorder.status("training")
        file.rename(path, "while it trains")
        recorder.status("paused", "by hand")
    assert Run.open(path).meta("title") == "while it trains"
    with pytest.raises(ValueError, match="81 characters; use at most 80"):
        file.rename(path, "x" * 81)
    with pytest.raises(ValueError, match="there is no run file"):
        file.rename(path.with_name("none.run"), "x")


def test_a_title_of_a_strangers_file_is_refused_if_it_is_none(path: Path):
    with Recorder(path) as recorder, recorder._connection as connection:
        file.set_meta(connection, "title", ["x"])
    with pytest.raises(ValueError, match="holds a wrong title"):
        Run.open(path)

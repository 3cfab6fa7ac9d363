"""Runs and bytes have a bound, a visit's and everybody's; a page shows it before that, and room can be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_runs import TINY, recorded

from explorer.runs import catalogue, file, quota
from explorer.runs.lock import run_lock
from explorer.runs.quota import Use
from explorer.runs.recorder import Recorder


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of runs with room for ten, and for five of each visit."""
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    monkeypatch.setattr(quota, "ALL", Use(10, 10**9))
    monkeypatch.setattr(quota, "VISIT", Use(5, 10**9))
    return tmp_path


def runs(folder: Path, count: int) -> list[Path]:
    """So many runs that were never trained."""
    paths = [folder / f"run-{i}.run" for i in range(count)]
    for path in paths:
        if not path.exists():
            file.begin(path, TINY)
    return paths


def test_the_bound_of_a_visit_is_told_before_it_is_reached_and_kept(folder: Path):
    said = [bool(quota.check(1, runs(folder, count))) for count in range(5)]
    assert said == [False, False, False, True, True]
    with pytest.raises(ValueError, match="this visit keeps 5 runs and 3 MB, and at most 5 runs") as refusal:
        quota.check(1, runs(folder, 5))
    assert "under Runs" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert quota.check(1) == ""  # another visit may go on


def test_several_runs_at_once_need_room_for_all(folder: Path):
    assert quota.check(4, runs(folder, 1))
    with pytest.raises(ValueError, match="no room for 5 more"):
        quota.check(5, runs(folder, 1))


def test_bytes_have_a_bound_too_with_those_of_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch):
    recorded(folder / "long.run", 20).close()
    with Recorder(folder / "long.run") as recorder:
        recorder.event(20, "bookmark", {"label": "x"})
        used = quota.everything()
        assert used.size > (folder / "long.run").stat().st_size
    monkeypatch.setattr(quota, "ALL", Use(10, used.size // 2))
    with pytest.raises(ValueError, match="this machine keeps 1 run and"):
        quota.check(1)


def test_a_deleted_run_makes_room_and_leaves_nothing_behind(folder: Path):
    paths = runs(folder, 5)
    with Recorder(paths[0]):
        pass
    lock = Path(run_lock(paths[0]).lock_file)
    assert lock.exists()
    quota.remove(paths[0])
    assert sorted(folder.iterdir()) == paths[1:]
    assert not lock.exists()
    assert quota.check(1, paths)


def test_a_run_that_is_being_trained_is_not_deleted(folder: Path):
    (path,) = runs(folder, 1)
    with Recorder(path), pytest.raises(ValueError, match="is being trained; pause it first"):
        quota.remove(path)
    assert path.exists()

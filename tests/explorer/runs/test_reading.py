"""A process has only so many runs open, however many it has met, and none of them is ever closed for its readers."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from families import needs_proc
from tiny_runs import recorded

from explorer import Run
from explorer.runs import reading


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> int:
    """Few runs open at once, and none of any other test's."""
    few = reading._Open()
    few.most = 4
    monkeypatch.setattr(reading, "_open", few)
    return few.most


@pytest.fixture
def runs(tmp_path: Path, bound: int) -> list[Run]:
    """Thirty runs, all of them in use."""
    recorded(tmp_path / "0.run", 3).close()
    for i in range(1, 30):
        shutil.copy(tmp_path / "0.run", tmp_path / f"{i}.run")
    return [Run.open(tmp_path / f"{i}.run") for i in range(30)]


def descriptors(folder: Path) -> int:
    """How many descriptors this process has on files of a folder."""
    links = [link.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return sum(folder.resolve() in link.parents for link in links)


@needs_proc
def test_runs_that_nobody_asks_any_more_hold_no_descriptors(runs: list[Run], bound: int):
    for run in runs:
        assert run.last == 3
    assert descriptors(runs[0].path.parent) <= 3 * bound


def test_a_run_that_was_let_go_is_read_as_before(runs: list[Run]):
    for run in [*runs, *reversed(runs)]:
        assert (run.last, len(run.snapshot_steps), run.config) == (3, 1, runs[0].config)
    runs[0].close()
    assert runs[0].last == 3


def test_threads_that_read_many_runs_at_once_never_meet_a_closed_one(runs: list[Run]):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda i: runs[i * 7 % 30].steps["loss"].tolist(), range(600)))
    assert all(losses == found[0] for losses in found)


def test_a_small_limit_of_descriptors_allows_few_runs_and_a_large_one_no_more_than_are_useful(
    monkeypatch: pytest.MonkeyPatch,
):
    resource = pytest.importorskip("resource")
    allowed = {}
    for limit in (64, 256, 1024, 1 << 20, resource.RLIM_INFINITY):
        monkeypatch.setattr(resource, "getrlimit", lambda which, limit=limit: (limit, limit))
        allowed[limit] = reading.most_open()
    assert list(allowed.values()) == [8, 16, 64, 64, 64]

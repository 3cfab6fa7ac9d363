"""What a process that is killed had half made is hidden, and is swept before the next one begins there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from searches import SMALL
from tiny_runs import TINY, recorded

from explorer import commands
from explorer.processes.client import FOLDER
from explorer.runs import file, leftovers
from explorer.runs.branch import branch
from explorer.search import search
from explorer.ui import store

MAKERS: dict[str, Callable[[Path], object]] = {
    "a run that begins": lambda folder: file.begin(folder / "new.run", TINY),
    "a branch": lambda folder: branch(str(folder / "tiny.run"), 3, str(folder / "branch.run"), {}),
    "an upload": lambda folder: store.take_in("x.run", (folder / "tiny.run").read_bytes()),
    "a search": lambda folder: search.write(folder / "old.search", SMALL, "paused"),
    "weights": lambda folder: commands.written(folder / "old.safetensors", b"new"),
    "a copy to save": lambda folder: store.whole(folder / "tiny.run"),
}


def killed_in(act: Callable[[Path], object], folder: Path) -> None:
    """Acts in a process that is killed as soon as all is written."""
    if (child := os.fork()) == 0:
        Path.replace = Path.read_bytes = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        act(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="makes a process by forking")
@pytest.mark.parametrize("made", MAKERS)
def test_what_a_killed_process_had_half_made_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str):
    recorded(tmp_path / "tiny.run", 5).close()
    search.write(tmp_path / "old.search", SMALL, "waiting")
    (tmp_path / "old.safetensors").write_bytes(b"old")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("explorer.runs.catalogue.folder", lambda: tmp_path)
    data = (tmp_path / "tiny.run").read_bytes()
    monkeypatch.setitem(MAKERS, "an upload", lambda folder: store.take_in("x.run", data))
    before = sorted(tmp_path.iterdir())
    killed_in(MAKERS[made], tmp_path)
    (left,) = (path for path in tmp_path.iterdir() if path not in before and "locks" not in path.name)
    assert left.name.startswith((file.UNREADY, FOLDER))
    assert search.read(tmp_path / "old.search")[1].state == "waiting"
    assert (tmp_path / "old.safetensors").read_bytes() == b"old"
    for prefix in (file.UNREADY, FOLDER):
        leftovers.sweep(tmp_path, prefix)
    assert not left.exists()


def test_a_folder_that_somebody_works_in_is_not_swept(tmp_path: Path):
    with leftovers.working(tmp_path, file.UNREADY) as folder:
        leftovers.sweep(tmp_path, file.UNREADY)
        assert folder.exists()
    assert not folder.exists()


def test_a_folder_swept_before_its_lock_is_taken_is_there_again_and_held(tmp_path: Path, monkeypatch):
    real, swept = leftovers.holding, []

    def beaten(folder: Path) -> FileLock:
        if not swept:  # another process looks between the making of the folder and the taking of its lock
            swept.append(folder)
            (folder / leftovers.HELD).touch()
            leftovers.sweep(tmp_path, file.UNREADY)
        return real(folder)

    monkeypatch.setattr(leftovers, "holding", beaten)
    folder, lock = leftovers.held(tmp_path, file.UNREADY)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]
    leftovers.sweep(tmp_path, file.UNREADY)
    assert folder.exists()
    lock.release()


def test_the_command_line_sweeps_where_it_writes(tmp_path: Path):
    (tmp_path / f"{file.UNREADY}old").mkdir()
    (tmp_path / f"{file.UNREADY}old" / leftovers.HELD).touch()
    commands.written(tmp_path / "new.safetensors", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"new.safetensors"}

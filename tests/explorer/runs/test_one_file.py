"""A run is one file: while it grows, whatever it is called, and when it is taken away under its recorder."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_runs import TINY, problems, recorded

from explorer import Run
from explorer.__main__ import main
from explorer.runs import file
from explorer.runs.file import RunFileError
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.training.loop import Training


def growing(path: Path) -> tuple[Recorder, Training]:
    """A run that says that it is being trained, before its first step."""
    file.begin(path, TINY)
    recorder = Recorder(path)
    run = Run.open(path)
    training = restore(run, 0)
    run.close()
    recorder.describe(training)
    recorder.snapshot(training)
    recorder.status("training")
    return recorder, training


def take(recorder: Recorder, training: Training, steps: int) -> None:
    """So many steps, each committed."""
    for step in itertools.islice(training, steps):
        recorder.add(step, training)
        recorder.commit()


def is_sound(path: Path) -> bool:
    run = Run.open(path)
    return not problems(run)


def test_a_copy_of_a_growing_run_holds_nearly_all_of_it_and_says_what_it_lacks(tmp_path: Path):
    recorder, training = growing(tmp_path / "growing.run")
    with recorder:
        take(recorder, training, 90)
        shutil.copy(tmp_path / "growing.run", tmp_path / "copy.run")
        copy = Run.open(tmp_path / "copy.run")
        assert 90 - file.WAL_PAGES // 2 < copy.last <= 90
        assert copy.snapshot_steps
        assert copy.status.state == "interrupted"
        assert "-wal" in copy.status.reason
        assert is_sound(copy.path)
        copy.close()


def test_a_copy_of_a_growing_run_is_whole_with_the_file_beside_it(tmp_path: Path):
    recorder, training = growing(tmp_path / "growing.run")
    with recorder:
        take(recorder, training, 5)
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"growing.run{ending}", tmp_path / f"copy.run{ending}")
        copy = Run.open(tmp_path / "copy.run")
        assert copy.last == 5
        assert copy.status.reason == "its process ended"


def test_a_copy_of_a_paused_run_that_somebody_looks_at_lacks_nothing(tmp_path: Path):
    recorder, training = growing(tmp_path / "growing.run")
    looked_at = Run.open(tmp_path / "growing.run")  # keeps the recorder from making it a single file
    with recorder:
        take(recorder, training, 5)
        recorder.status("paused", "by hand")
        shutil.copy(looked_at.path, tmp_path / "early.run")
    shutil.copy(looked_at.path, tmp_path / "late.run")
    for name in ("early.run", "late.run"):
        copy = Run.open(tmp_path / name)
        assert copy.last == 5
        assert copy.status.state == "paused"


WAYS = {
    "deleted": (lambda path: path.unlink(), "was deleted or moved"),
    "replaced": (lambda path: path.with_name("other.run").replace(path), "was replaced by another file"),
    "renamed": (lambda path: path.rename(path.with_name("new.run")), r"was renamed to new\.run"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_taken_away_while_it_is_trained_stops_the_training_in_words(tmp_path: Path, way: str):
    act, words = WAYS[way]
    path = tmp_path / "a.run"
    recorded(tmp_path / "other.run", 3).close()
    recorder, training = growing(path)
    looked_at = Run.open(path)
    with recorder:
        take(recorder, training, 5)
        act(path)
        with pytest.raises(RunFileError, match=f"a.run {words} while it was trained"):
            take(recorder, training, 5)
        assert training.step == 6
        assert looked_at.status.state == "interrupted"
        assert f"its file {words}".replace("\\", "") == f"its file {looked_at.displacement}"
    assert {p.name for p in tmp_path.iterdir() if p.stem != "other"} == {
        "deleted": set(),
        "replaced": {"a.run"},
        "renamed": {"new.run"},
    }[way]
    if way == "replaced":
        assert Run.open(path).last == 3
        assert is_sound(path)
    if way == "renamed":
        run = Run.open(tmp_path / "new.run")
        assert run.last == 6
        assert (run.status.state, run.events[-1].kind) == ("paused", "paused")
        assert is_sound(run.path)


def test_the_command_line_says_that_the_file_is_gone_and_fails(tmp_path: Path, capsys, monkeypatch):
    path = tmp_path / "a.run"
    recorded(path, 3).close()
    commit = Recorder.commit

    def deleting(self: Recorder) -> None:
        if self._rows:
            path.unlink(missing_ok=True)
        commit(self)

    monkeypatch.setattr(Recorder, "commit", deleting)
    assert main(["resume", str(path), "--steps", "40"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "a.run was deleted or moved while it was trained" in line


SECOND = """
import sys
from pathlib import Path
from explorer.runs.file import RunFileError
from explorer.runs.recorder import Recorder
for name in map(str.rstrip, sys.stdin):
    try:
        with Recorder(Path(name)):
            print("writes", flush=True)
    except RunFileError as error:
        print(error, flush=True)
"""


def test_one_file_has_one_writer_by_whatever_name_and_from_whatever_home(tmp_path: Path):
    path = tmp_path / "a.run"
    recorded(path, 3).close()
    (tmp_path / "folder").mkdir()
    hard, symbolic = tmp_path / "folder" / "hard.run", tmp_path / "folder" / "symbolic.run"
    os.link(path, hard)
    symbolic.symlink_to(path)
    environment = os.environ | {"EXPLORER_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", SECOND]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as another:

        def answers(name: Path) -> str:
            another.stdin.write(f"{name}\n")
            another.stdin.flush()
            return another.stdout.readline()

        for name in (path, hard, symbolic):
            with Recorder(path):
                assert Run.open(name).being_written()
                assert "being trained by another process" in answers(name)
            assert answers(name) == "writes\n"
        another.stdin.close()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, "tests/support")
from explorer.runs import file
from explorer.runs.recorder import Recorder
from tiny_runs import TINY
file.begin(Path(sys.argv[1]), TINY)
with Recorder(Path(sys.argv[1])) as recorder:
    recorder.status("training")
    recorder.event(0, "bookmark", {"label": "before the end"})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_goes_on_by_the_name_that_its_newest_steps_are_beside(tmp_path: Path):
    path = tmp_path / "a.run"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    os.link(path, tmp_path / "b.run")
    with pytest.raises(RunFileError, match="hard links"):
        Recorder(tmp_path / "b.run")
    with Recorder(path):
        pass
    with Recorder(tmp_path / "b.run"):
        pass
    assert [e.detail for e in Run.open(tmp_path / "b.run").events] == [{"label": "before the end"}]


def test_thinning_weights_does_not_write_what_it_removes(tmp_path: Path):
    path = tmp_path / "a.run"
    file.begin(path, TINY)
    with Recorder(path) as recorder:
        connection = recorder._connection
        rows = ((step, 0, bytes(1_000_000), b"") for step in range(10))
        connection.executemany("INSERT INTO snapshots VALUES (?, ?, ?, ?)", rows)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DELETE FROM snapshots")
        assert path.with_name("a.run-wal").stat().st_size < 1_000_000

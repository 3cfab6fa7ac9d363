"""The file itself: what is refused, what survives, what a million steps cost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_runs import TINY, problems, recorded

from explorer import Run
from explorer.processes.child import FORKS
from explorer.runs import branch, file, leftovers, recorder, thinning
from explorer.runs.file import COLUMNS, RunFileError
from explorer.runs.history import sum_up
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.verification import check, stretches


def broken(path: Path, how: str, run: Run) -> Path:
    """A file that is wrong in one way."""
    if how == "missing":
        return path
    if how == "text":
        path.write_text("these are not the weights you are looking for")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "foreign":
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE cats (name TEXT)")
    else:
        path.write_bytes(run.path.read_bytes())
        if how == "damaged":
            data = bytearray(path.read_bytes())
            data[5000:90000] = os.urandom(85000)
            path.write_bytes(data)
            return path
        with sqlite3.connect(path) as copy:
            if how == "newer":
                copy.execute("PRAGMA user_version = 99")
            elif how == "trigger":
                copy.execute("CREATE TRIGGER t AFTER INSERT ON steps BEGIN DELETE FROM meta; END")
            elif how == "config":
                copy.execute("UPDATE meta SET value = '{\"model\": {\"heads\": 5}}' WHERE key = 'config'")
    return path


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "there is no run file"),
        ("text", "is not a run file or is damaged"),
        ("empty", "is not a run file but an empty one"),
        ("foreign", "another program's database"),
        ("newer", "newer version"),
        ("trigger", "does not have a run file's tables"),
        ("config", "holds a config that is refused"),
        ("damaged", "damaged"),
    ],
)
def test_a_file_that_is_no_run_is_refused_in_one_sentence(tiny, tmp_path: Path, how: str, words: str):
    path = broken(tmp_path / "other.run", how, tiny)
    with pytest.raises(RunFileError, match=words) as refusal:
        Run.open(path).curve()
    assert "\n" not in str(refusal.value)


def test_a_closed_run_is_a_single_file(tmp_path: Path):
    recorded(tmp_path / "one.run", 10).close()
    assert [p.name for p in tmp_path.iterdir()] == ["one.run"]


def test_the_second_step_is_in_the_file_at_once(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(recorder, "COMMIT_SECONDS", 60.0)
    monkeypatch.setattr(recorder, "SEEN_SECONDS", 60.0)
    monkeypatch.setattr(recorder, "LIVE_SECONDS", 60.0)
    path = tmp_path / "line.run"
    file.begin(path, TINY)
    run = Run.open(path)
    with Recorder(path) as own:
        training = restore(run, 0)
        own._stride = 1024  # a checkpoint is written at once too
        own.add(next(training), training)
        assert run.last == 0
        own.add(next(training), training)
        own._aside.wait()
        assert run.last == file.LINE


def test_where_steps_wait_for_others_a_checkpoint_still_costs_a_share_of_what_they_compute(tmp_path: Path, monkeypatch):
    """By the clock every step takes long enough for a picture of its own; the processor was ours a hundredth of it."""
    clock = [0.0]
    clocks = {"monotonic": lambda: 100 * clock[0], "thread_time": lambda: clock[0], "time": time.time}
    monkeypatch.setattr(recorder, "time", SimpleNamespace(**clocks))
    saved = recorder.saved

    def dear(named: dict) -> bytes:
        clock[0] += 0.002
        return saved(named)

    monkeypatch.setattr(recorder, "saved", dear)
    path = tmp_path / "busy.run"
    file.begin(path, TINY)
    run, taken = Run.open(path), []
    with Recorder(path, validates=False) as own:
        training = restore(run, 0)
        own.snapshot(training)
        for _ in range(60):
            step = next(training)
            clock[0] += 0.02
            own.add(replace(step, seconds=2.0), training)
            own._aside.wait()
            taken.append(training.step in own._checkpoints.steps)
    assert own._stride == 8, "0.12 s of the processor's"
    assert taken[0], "the first two come as soon as they may"
    assert 11 <= sum(taken[10:]) <= 13, "of 50 steps every fourth: 4 ms each are a twentieth of 80"


def test_a_second_writer_is_refused(tiny):
    with Recorder(tiny.path), pytest.raises(RunFileError, match="being trained by another process"):
        Recorder(tiny.path)


def test_a_run_that_says_training_without_a_writer_was_interrupted(tiny):
    with Recorder(tiny.path) as writing:
        writing.status("training")
        assert tiny.status.state == "training"
    assert tiny.status.state == "interrupted"


def test_checkpoints_are_thinned_to_the_budget_and_every_step_stays_exact(tmp_path: Path, monkeypatch):
    size = 60_000  # bytes of a tiny checkpoint, about
    monkeypatch.setattr(thinning, "MOST_BYTES", 40 * size)
    run = recorded(tmp_path / "long.run", 120, every=1)
    steps = np.array(run.snapshot_steps)
    assert len(steps) <= 60
    assert steps[0] == 0
    assert np.diff(steps).max() <= 32  # any step is at most so much training away
    assert steps[-thinning.RECENT :].tolist() == list(range(121 - thinning.RECENT, 121))
    assert not [p for s in stretches(run)[-5:] if (p := check(run, s).problem)]


def many_steps(path: Path, count: int) -> Run:
    """A run file with made-up numbers: what is measured is the file, not the training."""
    file.begin(path, TINY)
    generator = np.random.default_rng(0)
    with Recorder(path) as writing:
        connection = writing._connection
        connection.execute("BEGIN")
        values = generator.lognormal(size=(count, len(COLUMNS))).tolist()
        rows = ((i, *v, i) for i, v in enumerate(values))
        connection.executemany(f"INSERT INTO steps VALUES ({', '.join('?' * (len(COLUMNS) + 2))})", rows)
        sum_up(connection, 0, count)
        connection.execute("COMMIT")
    return Run.open(path)


@pytest.mark.parametrize("count", [1, 16, 499, 501, 4097, 70_001])
def test_a_curve_is_short_and_keeps_every_extreme(tmp_path: Path, count: int):
    run = many_steps(tmp_path / "many.run", count)
    curve = run.curve(500)
    whole = {c: run.steps[c] for c in COLUMNS}
    assert min(count, 450) <= len(curve["step"]) <= 500
    for column, values in whole.items():
        assert curve[f"{column}_max"].max() == values.max()
        assert curve[f"{column}_min"].min() == values.min()
    assert whole["grad_norm"].argmax() in curve["peak"]
    weights = np.diff(curve["step"], append=count)
    assert np.average(curve["loss_mean"], weights=weights) == pytest.approx(whole["loss"].mean())


def test_a_growing_curve_is_the_curve_of_the_whole(tmp_path: Path):
    run = many_steps(tmp_path / "grow.run", 5000)
    before = run.curve()
    with Recorder(run.path) as writing:
        writing._connection.executemany(
            f"INSERT INTO steps VALUES ({', '.join('?' * (len(COLUMNS) + 2))})",
            [(5000 + i, *([0.5] * len(COLUMNS)), i) for i in range(300)],
        )
        sum_up(writing._connection, 5000, 5300)
    fresh = Run.open(run.path)
    for name, values in fresh.curve().items():
        assert np.array_equal(values, run.curve()[name]), name
    assert before["step"][-1] < 5000 <= fresh.curve()["step"][-1]


def train_on(path: Path, going: Event) -> None:
    """Trains from where the run ends, for ever."""
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, run.last)
        recorder.describe(training)
        if training.step == 0:
            recorder.snapshot(training)
        going.set()
        for step in training:
            recorder.add(step, training)


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.prove)])
def test_a_writer_killed_at_any_moment_leaves_a_run_that_goes_on_bit_for_bit(tmp_path: Path, kills: int):
    path = tmp_path / "killed.run"
    file.begin(path, TINY)
    seen = 0
    delays = np.random.default_rng(0).uniform(0.05, 0.5, size=kills)
    for delay in delays:
        making = get_context("fork" if FORKS else "spawn")
        going = making.Event()
        process = making.Process(target=train_on, args=(path, going))
        process.start()
        assert going.wait(30)
        run = Run.open(path)
        deadline = time.monotonic() + 30
        while run.last <= seen and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(delay)  # the moment of death is what is drawn here, not a wait for something
        process.kill()
        process.join()
        committed = run.last
        assert committed > seen
        seen = committed
        run.close()
    run = Run.open(path)
    assert run.status.state in ("interrupted", "waiting")
    assert not problems(run)


def half_written(path: Path) -> None:
    """Begins to write a file, and gives up."""
    with file.appearing(path) as unready:
        unready.write_bytes(b"half")
        assert not list(path.parent.glob("*.run"))
        raise ValueError("no more")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path):
    with pytest.raises(ValueError, match="no more"):
        half_written(tmp_path / "new.run")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_had_half_made_goes_and_what_is_being_made_stays(tmp_path: Path):
    made = tmp_path / "runs"
    with file.appearing(made / "killed.run") as unready:
        shutil.copytree(unready.parent, tmp_path / "killed")
        unready.write_bytes(b"whole")
    (tmp_path / "killed").rename(made / f"{file.UNREADY}killed")
    with file.appearing(made / "new.run") as unready:
        leftovers.sweep(made, file.UNREADY)
        assert {path.name for path in made.iterdir()} == {"killed.run", unready.parent.name}
        unready.write_bytes(b"whole")
    assert {path.name for path in made.iterdir()} == {"killed.run", "new.run"}


def test_a_branch_is_seen_only_once_it_is_whole(tiny, tmp_path: Path, monkeypatch):
    seen = []
    monkeypatch.setattr(Recorder, "snapshot", lambda self, training: seen.append(list(tmp_path.glob("*.run"))))
    branch.branch(str(tiny.path), 20, str(tmp_path / "branch.run"), {"optimizer.lr": 0.1})
    assert seen == [[tiny.path]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["branch.run", "tiny.run"]


def test_a_branch_that_fails_leaves_nothing(tiny, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Recorder, "snapshot", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(RunFileError, match=r"cannot be written \(no space left on device\); make room"):
        branch.branch(str(tiny.path), 20, str(tmp_path / "branch.run"), {})
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.run"]

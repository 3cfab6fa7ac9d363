"""Excerpts: what is sent over lets training go on to the same losses, and what comes back makes the same file."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from tiny_runs import TINY, recorded

from explorer import Run, train
from explorer.cluster.excerpt import News, rows_of, seed
from explorer.cluster.mirror import Mirror
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore

TABLES = ("meta", "steps", "tensors", "validation", "events", "overview", "snapshots")
ADDITION = TINY.replace({"task.name": "addition", "task.modulus": 7, "model.context": 4})  # it has held-out data


def test_a_seed_is_a_run_that_goes_on_to_the_same_losses_without_its_older_weights(tmp_path: Path):
    whole = recorded(tmp_path / "whole.run", 20)
    (tmp_path / "part.run").write_bytes(seed(whole.path))
    part = Run.open(tmp_path / "part.run")
    assert (part.config, part.last, part.tensors) == (whole.config, 20, whole.tensors)
    assert part.snapshot_steps == whole.snapshot_steps[-1:]
    going_on = restore(part, part.last)
    expected = [step.loss for step in islice(train(TINY), 25)][20:]
    assert [next(going_on).loss for _ in range(5)] == expected


def contents(path: Path) -> dict[str, list[tuple]]:
    with closing(file.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def test_what_is_told_of_a_run_while_it_grows_makes_the_same_file(tmp_path: Path):
    """Asked for at odd moments: some hold many steps, some an event alone, some nothing."""
    there, here = tmp_path / "there.run", tmp_path / "here.run"
    file.begin(here, ADDITION)
    there.write_bytes(seed(here))
    news = News(there)
    with Recorder(there) as recorder, Mirror(here) as mirror:
        run = Run.open(there)
        training = restore(run, 0)
        recorder.describe(training)
        for step in range(40):
            if step == 7:
                recorder.event(training.step, "started", {})
                recorder.status("training")
            recorder.add(next(training), training)
            if step % 9 == 0:
                recorder.snapshot(training)
            if step in (3, 7, 20, 21) and (part := news.take()) is not None:
                mirror.take_in(part)
        recorder.snapshot(training)
        recorder.event(training.step, "bookmark", {"label": "after the weights"})
        mirror.take_in(news.take())
        assert news.take() is None
        assert (mirror.last(), mirror.state_and_reason()[0]) == (40, "training")
        run.close()
    news.close()
    assert contents(here) == contents(there)
    assert Run.open(here).validation["step"].size


def test_a_mirror_keeps_its_budget_of_weights(tmp_path: Path):
    there, here = tmp_path / "there.run", tmp_path / "here.run"
    file.begin(here, TINY)
    there.write_bytes(seed(here))
    news = News(there)
    with Recorder(there) as recorder, Mirror(here, budget=1, recent=3) as mirror:
        training = restore(Run.open(there), 0)
        for _ in range(32):
            recorder.add(next(training), training)
            recorder.snapshot(training)
            mirror.take_in(news.take())
    steps = Run.open(here).snapshot_steps
    assert len(steps) <= 6
    assert steps[-3:] == [30, 31, 32]
    assert Run.open(here).last == 32


def test_an_excerpt_of_what_is_no_run_is_refused(tmp_path: Path):
    path = tmp_path / "broken.run"
    path.write_bytes(b"no run")
    with pytest.raises(file.RunFileError, match=r"broken\.run is not a run file"):
        seed(path)


def test_an_excerpt_has_the_rows_of_each_table_in_order(tmp_path: Path):
    rows = rows_of(seed(recorded(tmp_path / "tiny.run", 5).path))
    assert [step for step, *_ in rows["steps"]] == [0, 1, 2, 3, 4]
    assert {key for key, _ in rows["meta"]} >= {"config", "status", "tensors"}
    assert rows["tensors"] == []

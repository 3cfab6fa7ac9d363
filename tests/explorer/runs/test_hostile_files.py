"""Files from strangers: whatever was changed in a run file, it is read, or refused in one short sentence."""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import mutations
import numpy as np
import pytest
from tiny_runs import recorded

from explorer import commands
from explorer.runs import catalogue, contents, race
from explorer.runs.file import COLUMNS
from explorer.runs.run import Run
from explorer.training.heads import HEAD_EVENTS
from explorer.ui import chosen, store

LONGEST = 300  # characters of a refusal


def everything(path: Path) -> dict[str, Callable[[Run], object]]:
    """All ways in which a run is read, by name."""
    return {
        "summary": lambda run: store.summary.__wrapped__(str(path), 0),  # not the one kept of another file
        "step": lambda run: [whole_and_real(run.step_row(step)) for step in (-1, 0, run.last - 1, run.last)],
        "events": lambda run: [event.label for event in run.events],
        "race": lambda run: (race.race_of(run), race.members(run), race.together(path)),
        "snapshots": lambda run: [run.snapshot(step) for step in run.snapshot_steps] + [race.weights_hash(run)],
        "parent": chosen.differences,
        "status": lambda run: (run.status, run.last, run.speed(), run.clipped(), run.distance(run.last)),
        "curve": lambda run: (run.curve(), run.step_row(run.last - 1), run.validation, run.tokens_at(np.arange(3))),
        "columns": lambda run: [run.steps[column] for column in run.steps],
        "norms": lambda run: run.tensor_norms(np.arange(run.last)),
        "settings": lambda run: (run.config_at(run.last), run.task),
        "rows": lambda run: run.check_rows(),
        "first": lambda run: run.model_at(0),
        "last": lambda run: run.model_at(run.last),
    }


def whole_and_real(row: dict[str, float] | None) -> None:
    """A step's row has a number in every column."""
    assert row is None or [type(value) for value in row.values()] == [int, *[float] * len(COLUMNS), int], row


def refusals(path: Path, what: str) -> list[str]:
    """What was said while the file was read in every way. Fails where anything but a short ValueError leaves."""
    said = []

    def tried(name: str, reader: Callable[[], object]) -> object:
        try:
            return reader()
        except ValueError as error:
            said.append(str(error))
        except Exception as error:
            raise AssertionError(f"{what}: {name} ended in {type(error).__name__}: {str(error)[:300]}") from error
        return None

    run = tried("open", lambda: Run.open(path))
    tried("together", lambda: race.together(path))
    if isinstance(run, Run):
        for name, reader in everything(path).items():
            tried(name, lambda reader=reader: reader(run))
        run.close()
    assert all(len(words) <= LONGEST and "\n" not in words for words in said), (what, max(said, key=len)[:1000])
    return said


def fuzz(folder: Path, seeds: range) -> int:
    """Reads so many mutated files, and takes each in as an upload; gives how many were refused there."""
    data = mutations.sound(folder / "sound.run")
    refused = 0
    for seed in seeds:
        path = folder / "mutated.run"
        what = f"seed {seed}: {mutations.mutated(data, path, np.random.default_rng(seed))}"
        refusals(path, what)
        try:
            (catalogue.folder() / f"{store.take_in('x.run', path.read_bytes())}.run").unlink()
        except ValueError:
            refused += 1
        assert not list(catalogue.folder().iterdir()), what
        for leftover in folder.glob("mutated.run*"):
            leftover.unlink()
    return refused


@pytest.fixture
def runs(tmp_path: Path, monkeypatch) -> Path:
    """A folder of runs of its own."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setattr(catalogue, "folder", lambda: folder)
    return folder


def test_a_mutated_file_is_read_or_refused_in_one_short_sentence(tmp_path: Path, runs: Path):
    assert fuzz(tmp_path, range(60)) > 20


@pytest.mark.prove
def test_three_thousand_mutated_files_are_read_or_refused_in_one_short_sentence(tmp_path: Path, runs: Path):
    assert fuzz(tmp_path, range(3000)) > 1000


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("UPDATE steps SET loss = ?", "abc"),
        ("UPDATE steps SET tokens = ?", None),
        ("UPDATE meta SET value = ? WHERE key = 'status'", "[1]"),
        ("UPDATE meta SET value = ? WHERE key = 'parent'", '"x"'),
        ("UPDATE meta SET value = ? WHERE key = 'race'", mutations.NESTED),
        ("UPDATE meta SET value = ? WHERE key = 'config'", mutations.NESTED),
        ("UPDATE meta SET value = json_set(value, '$.more', ?) WHERE key = 'config'", 1),
        ("UPDATE events SET detail = ? WHERE id = 3", '{"head": 5}'),
        ("UPDATE events SET detail = ? WHERE id = 4", '{"value": "fast"}'),
        ("UPDATE events SET step = ? WHERE id = 2", 10**17),
        ("UPDATE steps SET step = ? WHERE step = 11", 10**17),
        ("UPDATE overview SET peak = ?", "abc"),
        ("UPDATE tensors SET grad_norms = ?", b"abc"),
    ],
)
def test_an_upload_that_would_break_a_page_is_refused_and_leaves_nothing(
    tmp_path: Path, runs: Path, sql: str, value: object
):
    mutations.sound(tmp_path / "sound.run")
    if "overview" in sql:
        recorded(tmp_path / "long.run", 20).path.replace(tmp_path / "sound.run")
    with closing(sqlite3.connect(tmp_path / "sound.run")) as connection:
        assert connection.execute(sql, (value,)).rowcount
        connection.commit()
    refusals(tmp_path / "sound.run", sql)
    with pytest.raises(ValueError, match=r"x\.run|the run file") as refusal:
        store.take_in("x.run", (tmp_path / "sound.run").read_bytes())
    assert len(str(refusal.value)) <= LONGEST
    assert not list(runs.iterdir())


def test_a_step_without_numbers_has_numbers_that_are_none_on_a_page_and_in_the_terminal(tmp_path: Path, runs, capsys):
    recorded(tmp_path / "tiny.run", 5).close()
    with closing(sqlite3.connect(tmp_path / "tiny.run")) as connection:
        connection.execute("UPDATE steps SET loss = NULL, metric = NULL")
        connection.commit()
    run = Run.open(tmp_path / "tiny.run")
    whole_and_real(run.step_row(4))
    assert math.isnan(run.step_row(4)["loss"])
    assert store.summary(str(run.path), 0).loss == "NaN"
    commands.info(argparse.Namespace(run=run.path, json=False))
    assert "the last with loss NaN" in capsys.readouterr().out
    commands.info(argparse.Namespace(run=run.path, json=True))
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["loss"] is None


@pytest.mark.parametrize("name", ["My copy (2)", "Kopie über läufe", "A.B", "-", "x" * 190])
def test_every_name_that_the_catalogue_lists_can_be_opened(runs: Path, name: str):
    recorded(runs / f"{name}.run", 3).close()
    assert [catalogue.path_of(path.stem) for path in catalogue.newest()] == [runs / f"{name}.run"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "../x", "a/b", "a\\b", "c:x", "a\0", "a\nb", "\ud800", "x" * 300]
)
def test_a_name_that_leads_elsewhere_is_none(runs: Path, name: str):
    with pytest.raises(ValueError, match="is not the name of a run"):
        catalogue.path_of(name)


def test_what_is_no_file_is_not_listed(runs: Path):
    (runs / "folder.run").mkdir()
    (runs / ".hidden.run").write_bytes(b"")
    (runs / "nowhere.run").symlink_to(runs / "gone")
    assert catalogue.newest() == []


def test_events_of_heads_are_refused_without_a_head():
    for kind in HEAD_EVENTS:
        with pytest.raises(contents.RunFileError, match="without its head"):
            contents.detail(kind, "{}", "x.run")

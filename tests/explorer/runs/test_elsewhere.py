"""A run that was trained on another processor: opened, shown, replayed, verified and gone on with."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_runs import problems, recorded

from explorer import Run
from explorer.__main__ import main
from explorer.answers.attention import patterns
from explorer.runs.branch import branch
from explorer.runs.recorder import Recorder
from explorer.runs.verification import check, stretches
from explorer.runs.whereabouts import places, recomputed
from explorer.training.device import place
from explorer.training.place import Place

OLD = Path(__file__).with_name("old_runs")  # written on 2026-11-27 by a processor with AVX-512
OTHER = {  # what a processor of 2008 has
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
}


def unpacked(name: str, folder: Path) -> Path:
    path = folder / f"{name}.run"
    path.write_bytes(gzip.decompress((OLD / f"{name}.run.gz").read_bytes()))
    return path


COMMANDS = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from explorer.__main__ import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(json.loads(line))
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


class Another:
    """The command line on a processor that rounds otherwise: one process, which loads torch once."""

    def __init__(self) -> None:
        command, pipes = [sys.executable, "-c", COMMANDS], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=os.environ | OTHER, text=True, **pipes)

    def run(self, *words: str) -> tuple[int, str, str]:
        """The exit code of a command, and what it prints on stdout and stderr."""
        print(json.dumps(words), file=self.process.stdin, flush=True)
        code, out, err = json.loads(self.process.stdout.readline())
        return code, out, err


@pytest.fixture(scope="module")
def another() -> Iterator[Another]:
    one = Another()
    yield one
    one.process.communicate(timeout=30)
    assert one.process.returncode == 0


@pytest.mark.parametrize("name", ["reverse", "dates-fr", "words-glove"])
def test_an_old_run_opens_is_shown_replayed_verified_and_gone_on_with(name: str, tmp_path: Path, capsys):
    path = unpacked(name, tmp_path)
    run = Run.open(path)
    assert (run.status.state, run.last, [e.kind for e in run.events]) == ("finished", 40, ["started", "finished"])
    if name != "words-glove":
        assert 0 < patterns(str(path), 30).loss < run.steps["loss"][0]
    assert run.model_at(27) is not None
    run.close()
    assert main(["verify", str(path)]) == 0
    assert "intact" in capsys.readouterr().out
    assert main(["resume", str(path), "--steps", "4"]) == 0
    run = Run.open(path)
    moved = [e for e in run.events if e.kind == "moved"]
    assert [e.step for e in moved] == [40]
    assert "computed from here on by" in moved[0].label
    assert run.meta("machine")["capability"] == "AVX512"
    assert main(["verify", str(path)]) == 0


def test_a_run_verified_on_another_processor_is_sound_and_the_sentence_says_how_near(another: Another, tmp_path: Path):
    path = tmp_path / "a.run"
    recorded(path, 20).close()
    code, out, err = another.run("verify", str(path))
    assert code == 0, err
    assert "within rounding: losses differ by at most" in out
    assert "DEFAULT" in out


def test_each_stretch_is_held_to_the_bit_where_it_was_computed(another: Another, tmp_path: Path):
    path = tmp_path / "a.run"
    recorded(path, 18).close()  # ends between two checkpoints: at 14, and at 21
    code, _, err = another.run("resume", str(path), "--steps", "10")
    assert code == 0, err
    run = Run.open(path)
    there = Place.of(next(e.detail for e in run.events if e.kind == "moved"))
    assert places(run, 0, 18) == [place("cpu")]
    assert places(run, 18, 28) == [there]
    assert 18 in run.snapshot_steps
    for stretch in stretches(run):
        finding = check(run, stretch)
        assert not finding.problem
        assert finding.exact or stretch[1] >= 18
    assert another.run("verify", str(path))[0] == 0


def test_what_rounding_does_not_explain_is_not_sound_anywhere(another: Another, tmp_path: Path):
    path = tmp_path / "a.run"
    recorded(path, 20).close()
    with Recorder(path) as recorder:
        recorder._connection.execute("UPDATE steps SET loss = loss * 1.01 WHERE step = 17")
    assert problems(Run.open(path))
    code, _, err = another.run("verify", str(path))
    assert code == 1
    assert "not sound: step" in err


def test_a_run_that_does_not_say_where_it_was_trained_is_tried_to_the_bit_first(tmp_path: Path, capsys):
    path = tmp_path / "a.run"
    recorded(path, 20).close()
    with Recorder(path) as recorder:
        recorder._connection.execute("DELETE FROM meta WHERE key = 'machine'")
    assert main(["verify", str(path)]) == 0
    assert "20 steps replay bit for bit" in capsys.readouterr().out
    with Recorder(path) as recorder:
        recorder._connection.execute("UPDATE steps SET loss = loss * (1 + 1e-7) WHERE step = 17")
    assert main(["verify", str(path)]) == 0
    assert "trained by an unknown place" in capsys.readouterr().out


def test_a_branch_made_elsewhere_says_so_and_a_page_knows_what_it_recomputes(tmp_path: Path):
    path = unpacked("reverse", tmp_path)
    branch(str(path), 11, str(tmp_path / "branch.run"), {})
    other = Run.open(tmp_path / "branch.run")
    assert [e.kind for e in other.events] == ["started", "moved", "branched"]
    there = Place.of(other.meta("machine"))
    assert recomputed(other, 10, place("cpu")) == there
    assert recomputed(other, 8, place("cpu")) is None
    assert recomputed(other, 11, place("cpu")) is None
    assert not problems(other)


@pytest.mark.parametrize("plain", [None, 5, [], {}, {"torch": 1}, {"torch": "2", "processor": "x" * 1000}])
def test_nonsense_is_no_place(plain):
    assert Place.of(plain) is None


def test_what_is_trained_here_knows_that_it_was(tmp_path: Path):
    run = recorded(tmp_path / "a.run", 9)
    assert places(run, 0, 9) == [place("cpu")]
    assert place("cpu").same(places(run, 0, 9)[0])
    assert recomputed(run, 8, place("cpu")) is None
    assert not [e for e in run.events if e.kind == "moved"]

"""The command line: what it says, what it leaves, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig, presets
from explorer.__main__ import main
from explorer.commands import settings

ROOT = Path(__file__).parents[2]
SMALL = [f"--set={path}={TINY.get(path)}" for path in ("model.width", "model.heads", "model.context", "train.batch")]
SMALL += ["--set=task.length=6", "--set=task.symbols=8"]


def train_small(out: Path, *more: str) -> int:
    return main(["train", "--preset", "reverse", "--out", str(out), *SMALL, *more])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Twenty steps."""
    recorded(tmp_path / "tiny.run", 20).close()
    return tmp_path / "tiny.run"


def told(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def refused(capsys) -> str:
    """The one line on stderr."""
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("explorer: ")
    assert "Traceback" not in err + out
    return line


def test_presets_are_listed_with_a_line_each(capsys):
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(presets())
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("name", presets())
def test_the_settings_of_a_preset_are_those_that_set_takes(name: str, capsys):
    assert main(["presets", name]) == 0
    words = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    preset = RunConfig.preset(name)
    assert list(words) == list(preset.flat())
    assert preset.replace(settings([f"{path}={word}" for path, word in words.items()])) == preset


def test_train_info_resume_verify_and_export(tmp_path: Path, capsys):
    path = tmp_path / "a.run"
    assert train_small(path, "--steps", "12", "--set", "optimizer.lr=0.001") == 0
    assert "12 steps, finished" in capsys.readouterr().out
    assert main(["info", str(path), "--json"]) == 0
    info = told(capsys)
    assert (info["status"], info["steps"], info["config"]["optimizer"]["lr"]) == ("finished", 12, 0.001)
    assert info["loss"] == Run.open(path).steps["loss"][-1]
    assert [e["kind"] for e in info["events"]] == ["started", "finished"]

    assert main(["resume", str(path), "--steps", "5"]) == 0
    assert main(["verify", str(path)]) == 0
    assert "17 steps replay bit for bit" in capsys.readouterr().out

    for step in (17, 4):
        weights = tmp_path / f"{step}.safetensors"
        assert main(["export", str(path), "--weights", str(weights), "--step", str(step)]) == 0
        model = Run.open(path).model_at(step)
        for name, tensor in safetensors.torch.load_file(weights).items():
            assert torch.equal(tensor, dict(model.named_parameters())[name])
    assert main(["info", str(path)]) == 0
    assert "17 steps, last loss" in capsys.readouterr().out


def test_a_run_stopped_and_resumed_is_the_run_in_one_go(tmp_path: Path):
    whole, parts = tmp_path / "whole.run", tmp_path / "parts.run"
    assert train_small(whole, "--steps", "20") == 0
    assert train_small(parts, "--steps", "8") == 0
    assert main(["resume", str(parts), "--steps", "12"]) == 0
    losses = [Run.open(path).steps["loss"].tolist() for path in (whole, parts)]
    assert losses[0] == losses[1]


def test_a_text_of_ones_own_is_trained_on(tmp_path: Path, capsys):
    text = tmp_path / "own.txt"
    text.write_text("Brevity is the soul of wit. " * 60, encoding="utf-8")
    out = tmp_path / "own.run"
    assert main(["train", "--out", str(out), "--text", str(text), "--steps", "2", "--set", "model.context=8"]) == 0
    assert Run.open(out).config.task.text == text.read_text("utf-8")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--set", "optimizer.lr=-1"], "optimizer.lr=-1"),
        (["--set", "optimizer.lr=nan"], "optimizer.lr=nan"),
        (["--set", "model.heads=5"], "model.heads=5"),
        (["--set", "foo.bar=1"], "there is no setting foo.bar"),
        (["--set", "foo=1"], "there is no setting foo"),
        (["--set", "lr=0.1"], "(near: optimizer.lr); `python -m explorer presets NAME` lists all"),
        (["--set", "optimizer.lr"], "has no value"),
        (["--set", "model.context=4"], "context"),
        (["--steps", "0"], "train.steps=0"),
        (["--preset", "nope"], "there is no preset nope"),
        (["--text", "missing.txt"], "missing.txt"),
    ],
)
def test_a_training_that_cannot_be_is_one_line_and_leaves_no_file(tmp_path: Path, capsys, more: list[str], words: str):
    assert main(["train", "--out", str(tmp_path / "no.run"), *more]) == 1
    assert words in refused(capsys)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe", "not UTF-8 at byte 0"), (b"", "is empty"), (b"a", "a text of several words"), (b"ab", "tokens")],
)
def test_a_text_that_cannot_be_learned_is_one_line(tmp_path: Path, capsys, data: bytes, words: str):
    text = tmp_path / "own.txt"
    text.write_bytes(data)
    assert main(["train", "--out", str(tmp_path / "no.run"), "--text", str(text)]) == 1
    assert words in refused(capsys)
    assert list(tmp_path.iterdir()) == [text]


def test_a_file_that_is_there_is_not_overwritten(tiny: Path, capsys):
    before = tiny.read_bytes()
    assert train_small(tiny) == 1
    assert "is already there" in refused(capsys)
    assert tiny.read_bytes() == before


@pytest.mark.parametrize("command", ["info", "verify", "resume", "export"])
@pytest.mark.parametrize("kind", ["missing", "damaged", "foreign", "newer", "a folder"])
def test_a_file_that_is_no_run_is_one_line(tiny: Path, capsys, command: str, kind: str):
    path = tiny.with_name("other.run")
    if kind == "damaged":
        path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    elif kind == "foreign":
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("CREATE TABLE cats (name TEXT)")
    elif kind == "newer":
        path.write_bytes(tiny.read_bytes())
        with closing(sqlite3.connect(path)) as newer:
            newer.execute("PRAGMA user_version = 99")
    elif kind == "a folder":
        path.mkdir()
    more = {"resume": ["--steps", "1"], "export": ["--weights", str(tiny.with_name("w"))]}.get(command, [])
    assert main([command, str(path), *more]) == 1
    assert "other.run" in refused(capsys)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE steps SET loss = loss + 1e-9 WHERE step = 9", "step 9 has loss"),
        ("DELETE FROM steps WHERE step = 9", ""),
        ("UPDATE events SET detail = '{\"optimizer.lr\": 0.5}' WHERE kind = 'set'", "trained again"),
    ],
    ids=["a loss", "a row", "an event"],
)
def test_a_file_that_was_tampered_with_does_not_verify(tmp_path: Path, capsys, change: str, words: str):
    path = tmp_path / "sound.run"
    recorded(path, 8).close()
    assert main(["resume", str(path), "--steps", "8"]) == 0
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("INSERT INTO events VALUES (90, 11, 0, 'set', '{\"train.clip\": 1.0}')")  # changes nothing
    assert main(["verify", str(path)]) == 0
    capsys.readouterr()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(change)
    assert main(["verify", str(path)]) == 1
    line = refused(capsys)
    assert words in line
    assert "sound.run" in line


def test_steps_that_are_not_there_are_refused(tiny: Path, capsys):
    assert main(["export", str(tiny), "--weights", str(tiny.with_name("w")), "--step", "99"]) == 1
    assert "has steps 0 to 20 and not 99" in refused(capsys)
    assert main(["resume", str(tiny), "--steps", "0"]) == 1
    assert "use 1 or more" in refused(capsys)


def test_a_training_that_diverges_says_where_and_keeps_its_steps(tmp_path: Path, capsys):
    path = tmp_path / "wild.run"
    wild = ["--set=optimizer.name=sgd", "--set=optimizer.lr=100", "--set=train.clip=none"]
    assert train_small(path, "--steps", "500", *wild) == 1
    assert "diverged at step" in refused(capsys)
    run = Run.open(path)
    assert run.status.state == "diverged"
    assert 0 < run.last < 500


@pytest.mark.parametrize(
    "wrong", [["dance"], ["train"], ["resume", "x.run"], ["train", "--out"], ["train", "--steps", "x"]]
)
def test_usage_that_is_wrong_is_exit_code_2(capsys, wrong: list[str]):
    with pytest.raises(SystemExit) as stop:
        main(wrong)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_ctrl_c_leaves_a_run_that_resumes_and_verifies(tmp_path: Path, capsys):
    path = tmp_path / "stopped.run"
    command = [sys.executable, "-m", "explorer", "train", "--out", str(path), *SMALL, "--set", "train.steps=none"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell may start us deaf to Ctrl-C
    )
    assert process.stdout.readline().startswith("step 100: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "paused (stopped by hand)" in out
    assert "Traceback" not in err
    last = Run.open(path).last
    assert Run.open(path).status.state == "paused"
    assert main(["resume", str(path), "--steps", "3"]) == 0
    assert Run.open(path).last == last + 3
    assert main(["verify", str(path)]) == 0


def test_a_refusal_of_the_real_program_is_one_line_and_exit_code_1(tmp_path: Path):
    command = [sys.executable, "-m", "explorer", "info", str(tmp_path / "none.run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [done.stderr.strip()]

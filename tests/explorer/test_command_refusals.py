"""What the command line refuses: one line with a way out, an exit code, and nothing left behind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tiny_runs import recorded
from typed import refused, train_small

from explorer import Run
from explorer.__main__ import main
from explorer.home import NUMBERS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Twenty steps."""
    recorded(tmp_path / "tiny.run", 20).close()
    return tmp_path / "tiny.run"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--set", "optimizer.lr=-1"], "optimizer.lr=-1"),
        (["--set", "optimizer.lr=nan"], "optimizer.lr=nan"),
        (["--set", "model.heads=5"], "model.heads=5"),
        (["--set", "foo.bar=1"], "there is no setting foo.bar"),
        (["--set", "foo=1"], "there is no setting foo"),
        (["--set", "lr=0.1"], "there is no setting lr; did you mean optimizer.lr?"),
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


@pytest.mark.parametrize("place", ["{tmp}", "{tmp}/nowhere.txt"])
def test_a_text_that_cannot_be_opened_is_a_sentence_with_its_name(tmp_path: Path, capsys, place: str):
    text = place.format(tmp=tmp_path)
    assert main(["train", "--out", str(tmp_path / "no.run"), "--text", text]) == 1
    words = refused(capsys)
    assert f"{text} cannot be used (" in words
    assert "Errno" not in words


def test_a_file_that_is_there_is_not_overwritten(tiny: Path, capsys):
    before = tiny.read_bytes()
    assert train_small(tiny) == 1
    assert "is already there" in refused(capsys)
    assert tiny.read_bytes() == before


def test_weights_do_not_take_the_place_of_a_run(tiny: Path, capsys):
    other = tiny.with_name("other.run")
    other.write_bytes(tiny.read_bytes())
    for place in (tiny, other):
        before = place.read_bytes()
        assert main(["export", str(tiny), "--weights", str(place)]) == 1
        assert "is a run file and would be lost" in refused(capsys)
        assert place.read_bytes() == before


@pytest.mark.parametrize("port", ["0", "99999", "-1"])
def test_a_port_that_is_none_is_refused_in_a_line(port: str, capsys):
    assert main(["dashboard", "--port", port]) == 1
    assert f"--port {port} is no port; use 1 to 65535" in refused(capsys)


@pytest.mark.parametrize("variable", NUMBERS)
def test_a_number_of_the_environment_that_is_none_is_refused_with_its_name(variable: str, monkeypatch, capsys):
    for wrong in ("abc", "-1", "nan", "1e999"):
        monkeypatch.setenv(variable, wrong)
        assert main(["dashboard"]) == 1
        assert f"{variable}={wrong!r} is no number of" in refused(capsys)


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
        ("UPDATE events SET detail = '{\"train.steps\": 5}' WHERE kind = 'set'", "where its settings end it"),
        ("UPDATE steps SET loss = NULL WHERE step = 9", "step 9 has loss nan"),
    ],
    ids=["a loss", "a row", "an event", "an end", "no loss"],
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


def test_a_refusal_of_the_real_program_is_one_line_and_exit_code_1(tmp_path: Path):
    command = [sys.executable, "-m", "explorer", "info", str(tmp_path / "none.run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [done.stderr.strip()]


@pytest.mark.parametrize("place", ["/proc/nowhere/x", "{tmp}/a-file/x", "{tmp}/a-folder"])
def test_a_place_that_cannot_be_written_is_refused_in_a_line_and_nothing_is_left(
    place: str, tiny: Path, tmp_path, capsys
):
    (tmp_path / "a-file").write_text("whole")
    (tmp_path / "a-folder" / "inside").mkdir(parents=True)
    target = place.format(tmp=tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert main(["export", str(tiny), "--weights", target]) == 1
    assert "cannot be written" in refused(capsys)
    if not place.endswith("a-folder"):
        assert train_small(Path(target)) == 1
        assert "cannot be written" in refused(capsys)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "a-file").read_text() == "whole"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--steps", "5", "--set", "train.steps=-1"], "--steps and --set train.steps decide the same setting"),
        (["--steps", "5", "--set", "train.steps=5"], "--steps and --set train.steps decide the same setting"),
        (["--text", "mine.txt", "--set", "task.text=abc"], "--text and --set task.text decide the same setting"),
        (["--set", "optimizer.lr=1", "--set", "optimizer.lr=2"], "--set optimizer.lr is there twice"),
    ],
)
def test_a_setting_that_is_given_twice_is_refused(words: list[str], said: str, tmp_path: Path, capsys):
    assert main(["train", "--preset", "reverse", "--out", str(tmp_path / "a.run"), *words]) == 1
    assert said in refused(capsys)
    assert not (tmp_path / "a.run").exists()


@pytest.mark.parametrize("step", [1.5, 1.0, "1", None, float("nan"), True])
def test_a_step_that_is_no_whole_number_is_refused(step, tiny: Path):
    with pytest.raises(ValueError, match="use a whole number"):
        Run.open(tiny).model_at(step)

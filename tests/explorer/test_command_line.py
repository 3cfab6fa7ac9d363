"""The command line: what it says and what it leaves."""

from __future__ import annotations

import ast
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
from tiny_runs import recorded
from typed import SMALL, refused, train_small

from explorer import Run, RunConfig, presets
from explorer.__main__ import main
from explorer.commands import measured, read_text, settings
from explorer.training import place as places

ROOT = Path(__file__).parents[2]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Twenty steps."""
    recorded(tmp_path / "tiny.run", 20).close()
    return tmp_path / "tiny.run"


def printed_json(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


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
    info = printed_json(capsys)
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
    assert "17 steps, the last with loss" in capsys.readouterr().out


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


def test_a_run_writes_the_same_answer_with_the_same_seed(tiny: Path, capsys):
    said = []
    for more in ([], [], ["--temperature", "0"], ["--step", "0", "--seed", "3"]):
        assert main(["write", str(tiny), "--prompt", "abcdef", *more]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert all(len(text.split()) == 6 for text in said)
    assert main(["write", str(tiny), "--prompt", "abcdef", "--beam", "3"]) == 0
    assert len(capsys.readouterr().out.split()) == 6
    assert main(["write", str(tiny), "--prompt", "abcdef", "--beam", "99"]) == 1
    assert "--beam 99 is out of range; use 1 to 10" in refused(capsys)
    assert main(["write", str(tiny), "--beam", "3", "--top-p", "0.5"]) == 1
    assert "a beam draws nothing, so it has no top_p" in refused(capsys)
    assert main(["write", str(tiny), "--prompt", "abcdef", "--top-p", "2"]) == 1
    assert "top_p=2.0 is out of range; use 0 to 1" in refused(capsys)
    assert main(["write", str(tiny), "--prompt", "abc"]) == 1
    assert "this model reads 6 symbols" in refused(capsys)


def test_what_is_cut_off_a_long_prompt_is_said_beside_the_text(tmp_path: Path, capsys):
    out, text = tmp_path / "own.run", tmp_path / "own.txt"
    text.write_text("Brevity is the soul of wit. " * 60, encoding="utf-8")
    assert main(["train", "--out", str(out), "--text", str(text), "--steps", "1", "--set", "model.context=8"]) == 0
    capsys.readouterr()
    for more in ([], ["--beam", "2"]):
        assert main(["write", str(out), "--prompt", "Brevity is", "--length", "4", *more]) == 0
        said = capsys.readouterr()
        assert said.err == "the model reads 8 tokens; 2 tokens at the beginning of the prompt are cut off\n"
        assert len(said.out) == 5, "the text alone, so that it can be piped"
        assert main(["write", str(out), "--prompt", "Brevity", "--length", "4", *more]) == 0
        assert not capsys.readouterr().err


def test_what_a_terminal_would_obey_is_shown_and_not_done(tiny: Path, capsys):
    with closing(sqlite3.connect(tiny)) as file, file:
        detail = json.dumps({"label": "\x1b[2J\nverify: sound\x07"})
        file.execute("INSERT INTO events VALUES (91, 3, 0, 'bookmark', ?)", (detail,))
    assert main(["info", str(tiny)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert r"\x1b[2J\nverify: sound\x07" in out


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


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_terminal_of_any_encoding_gets_every_line(encoding: str, tiny: Path):
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def printed(*words: str) -> str:
        command = [sys.executable, "-m", "explorer", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode(encoding)

    assert len(printed("presets").splitlines()) == len(presets())
    assert json.loads(printed("info", str(tiny), "--json"))["steps"] == 20


def test_a_byte_order_mark_is_no_character_of_a_text(tmp_path: Path):
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbfto be or not to be")
    assert read_text(path) == "to be or not to be"


def test_a_sentence_that_pages_show_too_names_no_command():
    """Only the command line's own modules do, and the head of a catalogue: a visitor of a page cannot type one."""
    own = {ROOT / "explorer" / name for name in ("__main__.py", "commands.py", "i18n/sources.py")}
    for path in (ROOT / "explorer").rglob("*.py"):
        text = path.read_text("utf-8")
        if path in own or "python -m explorer" not in text:
            continue
        tree = ast.parse(text)
        docs = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if hasattr(node, "body") and isinstance(node, DOCUMENTED)
        }
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not [word for word in words - docs if "python -m explorer" in word], path


def test_a_small_loss_is_not_written_as_0():
    assert measured(2.5, 0.25) == "loss 2.5000, metric 0.250"
    assert "0.0000" not in measured(3e-5, 0.0)


def test_a_precision_that_this_processor_lacks_is_said_to_be_slow(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(places, "multiplies_bfloat16", lambda: False)
    assert train_small(tmp_path / "a.run", "--steps", "2", "--set=train.precision=bfloat16") == 0
    assert "bfloat16 is about ten times slower than float32 on this machine" in capsys.readouterr().err
    assert train_small(tmp_path / "b.run", "--steps", "2") == 0
    assert "bfloat16" not in capsys.readouterr().err
    assert main(["info", str(tmp_path / "a.run"), "--json"]) == 0
    info = printed_json(capsys)
    assert (info["implementation"], info["plain because"]) == ("fast", "it multiplies in float32 only")

"""The script is run, and its losses are the run's; with another seed they are not."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import optional_packages
import pytest
from tiny_runs import recorded

from explorer import RunConfig
from explorer.config.presets import PRESETS
from explorer.runs.branch import branch
from explorer.runs.run import Run
from explorer.script import pytorch
from explorer.script.data import FILE
from explorer.script.packing import Script, saved
from explorer.tasks import build
from explorer.training.loop import Diverged, Training

STEPS = 3
EQUAL = 1e-5  # relative: sums are taken in another order
SMALL = {"model.width": 16, "model.heads": 2, "train.batch": 4}
ODD = {
    "biases-post-norm": {"model.positions": "alibi", "model.norm": "post", "model.kind": "encoder"},
    "no-norm-no-skips": {
        "model.norm": "none",
        "model.residual": "none",
        "model.scale": "none",
        "model.positions": "none",
    },
    "both-stacks": {"model.kind": "encoder-decoder", "model.positions": "rotary", "optimizer.name": "muon"},
    "waves-no-mask": {"model.positions": "sinusoidal", "model.mask": "none", "model.activation": "silu"},
    "dropout": {"model.dropout": 0.2, "train.accumulate": 2, "train.label_smoothing": 0.1},
    "smoothed": {"train.label_smoothing": 0.1, "train.clip": None, "optimizer.name": "rmsprop"},
    "large": {"model.init": "large", "optimizer.name": "nesterov"},
    "one-cycle": {"optimizer.schedule": "one-cycle", "train.steps": 3, "optimizer.warmup": 0},
    "drawn": {"optimizer.schedule": "drawn", "train.steps": 3, "optimizer.warmup": 1, "optimizer.lr": 0.1},
    "linear": {"optimizer.schedule": "linear", "train.steps": 3, "optimizer.name": "adagrad"},
}


def losses(script: Script, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> list[float]:
    """What the script prints; it is the project's own text, and run here as a visitor would."""
    if script.tensors is not None:
        (folder / FILE).write_bytes(saved(script.tensors))
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(compile(script.text, "train.py", "exec"), {"__name__": "__main__"})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [int(step) for step, _ in rows] == list(range(script.steps))
    return [float(loss) for _, loss in rows]


def trained(config: RunConfig, steps: int) -> list[float]:
    training = Training(config)
    taken = []
    try:
        for _ in range(steps):
            taken.append(next(training).loss)
    except Diverged:
        pass
    return taken


def same(
    config: RunConfig,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    rel: float = EQUAL,
) -> Script:
    script = pytorch.of_config(config, build(config.task, config.model), STEPS)
    want = trained(config, STEPS)
    assert losses(script, folder, monkeypatch, capsys)[: len(want)] == pytest.approx(want, rel=rel)
    return script


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_its_losses_are_the_runs_with_any_setting(changes, tmp_path, monkeypatch, capsys):
    same(RunConfig.preset("reverse").replace(SMALL | changes), tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("name", ["delay-rnn", "brackets-gru", "dates-gru", "induction", "addition", "which-language"])
def test_its_losses_are_the_runs_in_every_family(name, tmp_path, monkeypatch, capsys):
    same(PRESETS[name].config.replace({"train.batch": 4}), tmp_path, monkeypatch, capsys)


@pytest.mark.prove
@pytest.mark.parametrize("name", PRESETS)
def test_its_losses_are_those_of_every_preset_and_it_is_short(name, tmp_path, monkeypatch, capsys):
    config = PRESETS[name].config
    if optional_packages.lacks(config):
        pytest.skip("the optional package that it is made of is not installed")
    rel = 1e-4 if name == "large-lr" else EQUAL  # its steps enlarge what rounding differs by
    script = same(config, tmp_path, monkeypatch, capsys, rel)
    assert script.lines <= pytorch.LONGEST


def test_another_seed_gives_other_losses(tmp_path, monkeypatch, capsys):
    config = RunConfig.preset("reverse").replace(SMALL)
    script = pytorch.of_config(config.replace({"train.seed": 1}), build(config.task, config.model), STEPS)
    assert losses(script, tmp_path, monkeypatch, capsys) != pytest.approx(trained(config, STEPS), rel=1e-3)


def test_a_short_script_names_the_real_sizes():
    config = RunConfig.preset("reverse")
    script = pytorch.of_config(config, build(config.task, config.model), 10)
    assert script.lines <= pytorch.LONGEST
    assert "(B, H, T, D) = (32, 4, 32, 16)" in script.text
    assert max(map(len, script.text.splitlines())) <= 125


def test_it_ends_where_a_hand_changed_the_run(tmp_path: Path):
    run = recorded(tmp_path / "a.run", 12)
    assert "by hand" not in pytorch.of_run(run).text
    branch(str(run.path), 8, str(tmp_path / "b.run"), {"optimizer.lr": 0.01})
    script = pytorch.of_run(Run.open(tmp_path / "b.run"), 20)
    assert script.steps == 8
    assert "At step 8 optimizer.lr was changed by hand." in script.text


@pytest.mark.parametrize("kind", ["edit", "ablate"])
def test_it_ends_where_a_hand_changed_weights(tmp_path: Path, kind: str):
    run = recorded(tmp_path / "a.run", 8)
    event = SimpleNamespace(kind=kind, step=5, detail={})
    changed = SimpleNamespace(config_at=run.config_at, events=[*run.events, event])
    _, until, why = pytorch.span(changed)
    assert until == 5
    assert "At step 5" in why


def test_a_notebook_and_its_data_come_with_it():
    config = RunConfig.preset("which-language").replace({"train.batch": 4})
    script = pytorch.of_config(config, build(config.task, config.model), 2)
    with zipfile.ZipFile(BytesIO(script.zipped("mine"))) as archive:
        assert sorted(archive.namelist()) == ["mine/data.pt", "mine/train.ipynb", "mine/train.py"]
        cells = json.loads(archive.read("mine/train.ipynb"))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", *["code"] * (len(cells) - 1)]
    assert "".join(cells[1]["source"]).startswith("import hashlib")


def test_what_no_line_is_written_for_is_said():
    config = RunConfig.preset("reverse").replace({"train.own_prefix": 0.5})
    with pytest.raises(ValueError, match="own_prefix"):
        pytorch.of_config(config, build(config.task, config.model), 2)
    config = RunConfig.preset("reverse").replace({"train.precision": "bfloat16"})
    with pytest.raises(ValueError, match="precision"):
        pytorch.of_config(config, build(config.task, config.model), 2)

"""Footprint: a training that cannot be is refused before it begins, and what is estimated holds what is measured."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from argparse import Namespace
from collections import namedtuple
from contextlib import closing
from pathlib import Path
from typing import Any

import optional_packages
import pytest
from tiny_runs import recorded
from torch import nn

from explorer import Run, commands
from explorer.answers.task import fit
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.processes.child import FORKS
from explorer.processes.racer import Racer
from explorer.runs import file, footprint
from explorer.runs.replay import restore
from explorer.tasks import build
from explorer.training.loop import Training

ROOT = Path(__file__).parents[3]
GB = 1_000_000_000
Disk = namedtuple("Disk", "total used free")
MEASURE = """
import json, os, resource, sys
from pathlib import Path
from explorer.config.run import RunConfig
from explorer.processes.child import FORKS
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.tasks import build
from explorer.training.loop import Training

def peak():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status").read_text()  # Linux's ru_maxrss begins with that of who started this process
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024

for name, config in json.loads(sys.argv[2]).items():
    config, path = RunConfig.from_json(config), Path(sys.argv[1]) / f"{name}.run"
    if FORKS and (child := os.fork()):
        assert os.waitpid(child, 0)[1] == 0
        continue
    task = build(config.task, config.model)
    before = peak()
    file.begin(path, config)
    with Recorder(path) as recorder:
        training = Training(config, task)
        recorder.describe(training)
        for step in training:
            recorder.add(step, training)
        recorder.snapshot(training)
    print(name, peak() - before, sep=":", flush=True)
    if FORKS:
        os._exit(0)
"""
WIDE = {"model.width": 512, "model.heads": 8, "train.batch": 8}
LONG = {"task.length": 200, "model.context": 200, "model.dropout": 0.1}
SIZES: dict[str, tuple[str, dict[str, Any]]] = {
    "many weights": ("reverse", WIDE | {"model.layers": 1}),
    "many more weights": ("reverse", WIDE | {"model.layers": 3}),
    "long sequences": ("induction", LONG | {"train.batch": 30}),
    "more long sequences": ("induction", LONG | {"train.batch": 60}),
    "two stacks": ("dates-fr", {"train.batch": 700}),
}
SLOW = ("many more weights", "more long sequences", "two stacks")


def config_of(preset: str, **changes: Any) -> RunConfig:
    return RunConfig.preset(preset).replace({"train.steps": 2, "optimizer.schedule": "constant"} | changes)


def estimate(config: RunConfig) -> footprint.Footprint:
    return footprint.footprint(config, build(config.task, config.model))


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict[str, tuple[int, int]]:
    """Bytes of memory and of disk that a training of each size takes. Where it can, one process loads torch for all."""
    folder = tmp_path_factory.mktemp("sizes")
    names = [name for name in SIZES if name not in SLOW or os.environ.get("EXPLORER_PROVE")]
    lines: list[str] = []
    for group in [names] if FORKS else [[name] for name in names]:
        configs = {name: config_of(SIZES[name][0], **SIZES[name][1]).to_json() for name in group}
        command = [sys.executable, "-c", MEASURE, str(folder), json.dumps(configs)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
        lines += done.stdout.splitlines()
    taken = dict(line.split(":") for line in lines)
    return {name: (int(taken[name]), (folder / f"{name}.run").stat().st_size) for name in names}


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.prove] * (name in SLOW)) for name in SIZES])
def test_what_is_estimated_holds_what_a_process_takes_and_not_much_more(measured, name: str):
    preset, changes = SIZES[name]
    (taken, disk), needs = measured[name], estimate(config_of(preset, **changes))
    assert taken <= needs.memory <= 2 * taken + footprint.IDLE, f"{taken:,} {needs}"
    assert disk <= needs.disk


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_surely_small(name: str):
    config = RunConfig.preset(name)
    if optional_packages.lacks(config):
        pytest.skip("the optional package that it is made of is not installed")
    assert footprint.surely(config, build(config.task, config.model)) < footprint.SMALL


@pytest.mark.parametrize("name", SIZES)
def test_what_is_surely_small_is_never_less_than_what_is_estimated(name: str):
    preset, changes = SIZES[name]
    config = config_of(preset, **changes)
    assert footprint.surely(config, build(config.task, config.model)) + footprint.IDLE >= estimate(config).memory


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_checkpoint_is_as_large_as_estimated(optimizer: str):
    config = config_of("reverse", **{"optimizer.name": optimizer})
    training = Training(config)
    next(training)
    real = sum(t.nbytes for t in (*training.weights().values(), *training.state().values()))
    assert real <= 1.01 * estimate(config).snapshot  # counts, and what has no batches of numbers
    assert estimate(config).parameters == sum(p.numel() for p in training.model.parameters())


def free(monkeypatch, memory: int = 8 * GB, disk: int = 100 * GB) -> None:
    monkeypatch.setattr(footprint, "free_memory", lambda config: memory)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(10**12, 0, disk))


def test_weights_that_a_run_file_cannot_hold_are_refused_with_fewer_layers_that_it_can(monkeypatch, tmp_path: Path):
    free(monkeypatch, 64 * GB, 1000 * GB)
    config = config_of("reverse", **{"model.width": 1024, "model.layers": 11, "model.heads": 8, "train.batch": 2})
    with pytest.raises(ValueError, match=r"a run file holds 1 GB; use model.layers=5$"):
        footprint.admit(config, tmp_path)


LARGE = config_of("induction", **{"task.length": 400, "model.context": 400, "train.batch": 1024})


def test_a_batch_that_memory_cannot_hold_is_refused_with_one_that_it_can(monkeypatch, tmp_path: Path):
    free(monkeypatch)
    with pytest.raises(ValueError, match=r"about 17.2 GB of memory, and 8.0 GB is free; use train.batch=256$"):
        footprint.admit(LARGE, tmp_path)
    footprint.admit(LARGE.replace({"train.batch": 256}), tmp_path)


def test_where_all_that_is_free_would_do_the_sentence_says_how_much_one_training_may_take(monkeypatch, tmp_path: Path):
    needs = footprint.Footprint(parameters=1, memory=95 * GB, snapshot=1, disk=95 * GB)
    free(monkeypatch, 100 * GB)
    words = footprint.excess(LARGE, needs, tmp_path)
    assert words == (
        "this training needs about 95.0 GB of memory, and 100.0 GB is free, of which one training may take 90.0 GB"
    )
    free(monkeypatch, 200 * GB, 100 * GB)
    words = footprint.excess(LARGE, needs, tmp_path)
    assert words.endswith("its disk has room for 100.0 GB, of which one training may take 90.0 GB")


def test_a_file_that_the_disk_cannot_hold_is_refused(monkeypatch, tmp_path: Path):
    free(monkeypatch, 64 * GB, 5 * GB)
    large = {"model.width": 512, "model.heads": 8, "model.layers": 12, "train.batch": 8, "train.steps": None}
    with pytest.raises(ValueError, match=r"grow to about 15.0 GB, and its disk has room for 5.0 GB; use model.l"):
        footprint.admit(config_of("reverse", **large), tmp_path / "not" / "yet")


def test_where_the_system_does_not_tell_what_is_free_nothing_is_refused_for_it(monkeypatch, tmp_path: Path):
    free(monkeypatch)
    monkeypatch.setattr(footprint, "free_memory", lambda config: None)
    footprint.admit(LARGE, tmp_path)


def test_pages_refuse_before_there_is_a_file(monkeypatch):
    free(monkeypatch)
    with pytest.raises(ValueError, match=r"use train\.batch=256$"):
        fit(LARGE.to_json())


def test_a_worker_refuses_a_run_from_elsewhere_and_a_live_change(monkeypatch, tmp_path: Path):
    path = tmp_path / "x.run"
    file.begin(path, LARGE)
    free(monkeypatch)
    with pytest.raises(ValueError, match=r"use train\.batch=256$"):
        Racer(path)
    monkeypatch.undo()
    path = tmp_path / "y.run"
    file.begin(path, LARGE.replace({"train.batch": 1}))
    racer = Racer(path)
    with racer.recorder:
        free(monkeypatch)
        with pytest.raises(ValueError, match=r"use train\.batch=256$"):
            racer.change("set", {"train.batch": 1024})
        assert racer.training.config.train.batch == 1


def test_a_container_with_less_than_its_machine_is_believed(tmp_path: Path):
    for name, text in {
        "memory.max": "1000\n",
        "memory.current": "700\n",
        "memory.stat": "anon 500\ninactive_file 100\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert footprint.group_memory(tmp_path) == 400
    (tmp_path / "memory.max").write_text("max\n")
    assert footprint.group_memory(tmp_path) > 10**15


def test_nothing_is_computed_and_no_randomness_is_touched():
    import torch

    before = torch.get_rng_state()
    needs = estimate(LARGE)
    assert needs.memory > 10 * GB
    assert torch.equal(torch.get_rng_state(), before)
    assert nn.Linear(1, 1).weight.device.type == "cpu"


def test_a_large_run_from_elsewhere_is_refused_before_any_of_its_steps_is_trained(monkeypatch, tmp_path: Path):
    path = tmp_path / "large.run"
    recorded(path, 5).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'config'", (LARGE.to_json(),))
        connection.execute("DELETE FROM snapshots")
        connection.execute("DELETE FROM meta WHERE key = 'fingerprint'")
        connection.commit()
    free(monkeypatch)
    monkeypatch.setattr("explorer.training.loop.Training.__init__", lambda *_: pytest.fail("it is built"))
    again = "this training needs about 17.2 GB of memory, and 8.0 GB is free"
    for command in (commands.resume, commands.verify):
        with pytest.raises(ValueError, match=again):
            command(Namespace(run=path, steps=3))
    for step in (0, 3):
        with pytest.raises(ValueError, match=f"{again}; choose a step with a checkpoint"):
            restore(Run.open(path), step)

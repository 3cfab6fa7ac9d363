"""Every answer is of the run at its step: with the settings, heads and batches that it trained with there.

Two oracles. The live training itself, recorded step by step. And for every view a twin of the run that had the
settings and heads of that step from its beginning, with the live training's weights: a view that looks at the
settings of step 0 answers differently for the two.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asked_at_a_step import ASKED, COLUMN, ELSEWHERE, NAME, OF_WORDS, ROW
from live_changes import EVERY, STEPS, Live, changed, from_the_beginning
from turns import in_turn

from explorer import Run, RunConfig
from explorer import answers as views
from explorer.analysis.curvature import Hessian
from explorer.answers import gradients, instruments, numerics
from explorer.answers import weight as xray
from explorer.answers.records.record import ANSWERS
from explorer.runs import restored
from explorer.runs.events import examples
from explorer.runs.recorder import Recorder
from explorer.runs.replay import Playback, restore
from explorer.ui.parts import weight as weight_page

TIMES = {"milliseconds", "seconds", "done", "stride"}  # what depends on the clock
PAST = {"first", "points", "explained", "trustworthiness"}  # on the run's past: a map on the maps before it


def function(name: str) -> Callable[..., Any]:
    module, _, view = name.rpartition(".")
    return getattr(importlib.import_module(f"explorer.answers.{module}"), view)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, dict[int, Live]]:
    path = tmp_path_factory.mktemp("runs") / "changed.run"
    return path, changed(path)


@pytest.fixture(scope="module")
def twin(run, tmp_path_factory) -> Callable[[int], Path]:
    """By a step the run that had its settings from the beginning."""
    folder = tmp_path_factory.mktemp("twins")
    made: dict[int, Path] = {}

    def twin_at(step: int) -> Path:
        if step not in made:
            made[step] = from_the_beginning(run[0], step, run[1][step], folder / f"from-{step}.run")
        return made[step]

    return twin_at


def test_every_view_at_a_step_is_asked_here():
    there = set()
    for module in pkgutil.walk_packages(views.__path__, f"{views.__name__}."):
        for name, found in vars(importlib.import_module(module.name)).items():
            if not inspect.isfunction(found) or found.__module__ != module.name:
                continue
            answers = {kind.__name__ for kind in ANSWERS.values()}
            if found.__annotations__.get("return") in answers and "step" in inspect.signature(found).parameters:
                there.add(f"{module.name.removeprefix(f'{views.__name__}.')}.{name}")
    assert there == {*ASKED, *OF_WORDS, *ELSEWHERE}


def by_field(value: Any) -> dict[str, Any]:
    """A record's fields, or a dict as it is."""
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else value


def same(one: Any, other: Any, where: str) -> None:
    """Two answers are alike but for rounding, the clock and the past."""
    if isinstance(one, dict) or is_dataclass(one):
        assert type(one) is type(other), where
        one, other = by_field(one), by_field(other)
        assert set(one) == set(other), where
        for key in set(one) - TIMES - PAST:
            same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            same(a, b, f"{where}[{i}]")
    elif isinstance(one, np.ndarray):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-6, err_msg=where)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=2e-3, abs=1e-6, nan_ok=True), where
    else:
        assert one == other, where


def at(step: int, answer: Any) -> Any:
    """An answer by field; of a history the row of one snapshot."""
    values = by_field(answer)
    if "steps" not in values:
        return values
    place, rows = values["steps"].tolist().index(step), len(values["steps"])

    def row(value: Any) -> Any:
        if isinstance(value, dict) or is_dataclass(value):
            return {name: row(part) for name, part in by_field(value).items()}
        if isinstance(value, list | tuple):
            return [row(part) for part in value]
        return value[place] if isinstance(value, np.ndarray) and len(value) == rows else value

    return row(values)


@pytest.mark.parametrize(("name", "step"), in_turn([*ASKED], [9, 15, 24], slow=[9]))
def test_a_view_answers_with_what_was_in_force_at_its_step(name, step, run, twin):
    view, path = function(name), run[0]
    if name == "lens.attribution" and run[1][step].config.model.residual == "none":
        for of in (path, twin(step)):
            with pytest.raises(ValueError, match="without residual connections"):
                view(str(of), step, **ASKED[name])
        return
    arguments = ASKED[name] | ({"since": step} if name == "embeddings.frame" else {})
    one, other = (view(path=str(of), step=step, **arguments) for of in (path, twin(step)))
    assert type(one) is type(other)
    same(at(step, one), at(step, other), name)


@pytest.mark.parametrize("name", ["heads.history", "gradients.heads", "instruments.history"])
def test_a_history_has_each_snapshot_with_its_own_settings(name, run, twin):
    view, (path, live) = function(name), run
    answer = view(str(path), STEPS)
    assert {*live, STEPS} <= set(answer.steps.tolist())
    for step in live:
        other = view(str(twin(step)), step)
        one, two = (at(step, found) for found in (answer, other))
        if name == "heads.history":  # it has a score that any snapshot has, such as looking ahead without a mask
            for kind in ("scores", "chance"):
                one[kind] = {score: one[kind][score] for score in two[kind]}
        same(one | {"step": step}, two | {"step": step}, f"{name} at {step}")  # asked for at another step


def test_what_comes_to_a_snapshots_step_later_is_measured_again(run, tmp_path):
    """Paused at a snapshot that was looked at, then changed by hand there."""
    path = tmp_path / "paused.run"
    changed(path, by_hand={}, steps=2 * EVERY)
    before = [function(name)(str(path), 2 * EVERY) for name in ("heads.history", "gradients.heads")]
    with Recorder(path) as recorder:
        recorder.event(2 * EVERY, "set", {"model.scale": "none", "train.label_smoothing": 0.3})
    after = [function(name)(str(path), 2 * EVERY) for name in ("heads.history", "gradients.heads")]
    entropies = [answers[0].scores["entropy"] for answers in (before, after)]
    norms = [answers[1].norms for answers in (before, after)]
    assert abs(entropies[1][-1] - entropies[0][-1]).max() > 1e-4
    assert abs(norms[1][-1] - norms[0][-1]).max() > 1e-3
    np.testing.assert_array_equal(entropies[1][:-1], entropies[0][:-1])


@pytest.mark.parametrize("step", range(0, STEPS, EVERY))
def test_gradients_are_those_that_trained(step, run):
    path, live = str(run[0]), run[1][step]
    length = live.step.grad_norm
    assert instruments.measure(path, step).length == pytest.approx(length, rel=1e-4)
    whole = numerics._gradients(path, step, None)[1]
    assert float(whole.norm()) == pytest.approx(length, rel=1e-4)
    curved = second_order(path, step)
    assert curved == pytest.approx(length, rel=1e-4)
    of_heads = gradients.heads(path, step)
    for head, norm in zip(of_heads.heads, of_heads.norms[-1], strict=True):
        assert norm == pytest.approx(own_norm(live, head), rel=1e-3, abs=1e-7), head
        assert (norm == 0) == (head in live.ablated)
    proof = xray.proved(path, step, NAME, ROW, COLUMN)
    assert proof.trained == float(live.gradient[NAME][ROW, COLUMN])
    assert proof.apart < 1e-4
    assert weight_page.verdict(proof).startswith(":green")
    assert xray.tensor(path, step, NAME, "gradient").values.tolist() == live.gradient[NAME].tolist()


def second_order(path: str, step: int) -> float:
    """The length of the gradient whose derivative is the curvature."""
    training = restored.training_at(path, step, None)
    return float(Hessian(training.model, training.batches(step), training.criterion).gradient.detach().norm())


def own_norm(live: Live, head: str) -> float:
    """The norm of the gradient on one head's own weights, cut out by hand."""
    path, _, number = head.rpartition(".")
    C = live.config.model.width
    D = C // live.config.model.heads
    rows = torch.tensor([part * C + int(number) * D + i for part in range(3) for i in range(D)])
    columns = slice(int(number) * D, (int(number) + 1) * D)
    matrix, bias, out = (live.gradient[f"{path}.{w}"] for w in ("project.weight", "project.bias", "output.weight"))
    return float(torch.cat([matrix[rows].flatten(), bias[rows], out[:, columns].flatten()]).norm())


def test_a_playback_is_at_a_snapshot_what_training_again_gives(run):
    opened = Run.open(run[0])
    playback = Playback(opened)
    for step in [*opened.snapshot_steps, 12, 0, 24]:  # there and back
        mine, exact = playback.at(step), restore(opened, step)
        assert mine is not None
        assert (mine.step, mine.config) == (step, exact.config)
        assert (mine.heads.ablated, mine.heads.frozen) == (exact.heads.ablated, exact.heads.frozen)
        assert all(torch.equal(mine.named[name], weight) for name, weight in exact.named.items())
        batch = exact.task.probe(4)
        assert torch.equal(mine.model(batch.tokens), exact.model.eval()(batch.tokens))
    assert playback.at(opened.last + 1) is None


@pytest.mark.parametrize("kind", ["skip-gram", "cbow", "glove"])
def test_word_vectors_answer_with_what_was_in_force_too(kind, tmp_path):
    text = "the cat saw a dog and the dog saw the cat and a bird saw them all " * 30
    config = RunConfig.preset(f"words-{kind}").replace(
        {
            "task.text": text,
            "task.subsample": 1.0,
            "model.width": 6,
            "train.batch": 4,
            "train.steps": 40,
            "train.accumulate": 2,
            "optimizer.lr": 0.05,
        }
    )
    smoothing = [] if kind == "glove" else [("set", {"train.label_smoothing": 0.2})]
    by_hand = {6: [("set", {"train.batch": 8})], 9: [*smoothing, ("set", {"optimizer.lr": 0.01})]}
    path = tmp_path / f"{kind}.run"
    live = changed(path, config, by_hand, 15)
    run = Run.open(path)
    assert [examples(run.config, run.events, step) for step in (0, 3, 6, 10, 15)] == [0, 24, 48, 48 + 64, 48 + 144]
    for step in (6, 12):
        other = from_the_beginning(path, step, live[step], tmp_path / f"{kind}-{step}.run")
        for name, arguments in OF_WORDS.items():
            arguments = arguments | ({"since": step} if name == "embeddings.frame" else {})
            one, two = (function(name)(path=str(p), step=step, **arguments) for p in (path, other))
            same(one, two, name)
        for tensor in live[step].gradient:
            matrix = live[step].gradient[tensor].reshape(-1, live[step].gradient[tensor].shape[-1])
            row, column = divmod(int(matrix.abs().argmax()), matrix.shape[1])
            proof = xray.proved(str(path), step, tensor, row, column)
            assert proof.trained == float(matrix[row, column])
            assert proof.exact == pytest.approx(proof.trained, rel=1e-4)
            assert proof.difference == pytest.approx(proof.exact, rel=1e-5)
            assert proof.apart < 1e-4
            if live[step].config.train.label_smoothing == 0:
                assert proof.loss == pytest.approx(live[step].step.loss, rel=1e-5)
            assert weight_page.verdict(proof).startswith(":green")

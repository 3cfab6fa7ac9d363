"""One weight and the step that failed, as pages ask for them: what they say is what the run file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import autopsy
from explorer.answers import weight as xray
from explorer.answers.records.autopsy import Autopsy
from explorer.answers.records.record import pack, unpack
from explorer.answers.records.weight import WeightStep
from explorer.measure.autopsy import Fault, Operand
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.training.divergence import Diverged
from explorer.ui.gradients import autopsy as autopsy_page
from explorer.ui.parts import weight as weight_page

NAME, ROW, COLUMN = "blocks.1.attention.project.weight", 3, 4
STEPS, EVERY = 20, 5


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    config = TINY.replace({"train.steps": STEPS, "optimizer.name": "muon"})
    return recorded(tmp_path_factory.mktemp("runs") / "weight.run", STEPS, config, EVERY)


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Run:
    """A run with a weight planted at step 6, which cannot take that step."""

    def plant(named: dict[str, torch.Tensor]) -> None:
        named[NAME][ROW, COLUMN] = float("nan")

    return planted(tmp_path_factory.mktemp("runs") / "broken.run", plant)


def planted(path: Path, plant: Callable[[dict[str, torch.Tensor]], None]) -> Run:
    """A run that breaks at step 6, by what a hand does to its weights there."""
    recorded(path, 6, every=3).close()
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 6)
        run.close()
        with torch.no_grad():
            plant(training.named)
        recorder.snapshot(training)
        with pytest.raises(Diverged) as said:
            next(training)
        recorder.event(6, "diverged", {"reason": said.value.what})
        recorder.status("diverged", said.value.what)
    return Run.open(path)


def stored(run: Run, step: int) -> float:
    """The weight as the file has it."""
    snapshot = run.snapshot(step)
    assert snapshot is not None
    return float(safetensors.numpy.load(snapshot.weights)[NAME][ROW, COLUMN])


@pytest.mark.parametrize("step", [0, 7, 10])
def test_a_weight_goes_from_its_step_to_the_next(run, step):
    strip = unpack(pack(xray.weight(str(run.path), step, NAME, ROW, COLUMN)), WeightStep)
    before, after = (run.model_at(s).state_dict()[NAME][ROW, COLUMN].item() for s in (step, step + 1))
    assert (strip.taken, strip.before, strip.after) == (step, before, after)
    assert strip.step_size + strip.decay == pytest.approx(after - before, rel=1e-4, abs=1e-8)
    assert "the same to the last bits" in weight_page.sentence(strip)
    assert weight_page.html(strip, "the weight").count("<li") == 1 + len(strip.stages)


def test_after_the_last_step_the_last_one_is_shown(run):
    strip = xray.weight(str(run.path), STEPS, NAME, ROW, COLUMN)
    assert strip.taken == STEPS - 1
    assert strip.after == stored(run, STEPS)
    assert xray.proved(str(run.path), STEPS, NAME, ROW, COLUMN).taken == STEPS - 1


def test_maps_are_the_whole_tensor(run):
    path = str(run.path)
    maps = {what: xray.tensor(path, 10, NAME, what).values for what in xray.MAPS}
    assert {m.shape for m in maps.values()} == {(48, 16)}
    assert maps["value"][ROW, COLUMN] == np.float32(stored(run, 10))
    _, norms, ratios = run.tensor_norms(np.array([10]))
    place = run.tensors.index(NAME)
    assert np.linalg.norm(maps["gradient"]) == pytest.approx(norms[0, place], rel=1e-5)
    moved = np.linalg.norm(maps["change"]) / np.linalg.norm(maps["value"])
    assert moved == pytest.approx(ratios[0, place], rel=1e-4)
    assert xray.tensor(path, 10, "blocks.0.mlp.expand.bias", "value").values.shape == (1, 64)


def test_a_history_is_what_the_snapshots_hold(run):
    history = xray.history(str(run.path), STEPS, NAME, ROW, COLUMN)
    assert history.steps.tolist() == run.snapshot_steps
    assert history.value.tolist() == [stored(run, s) for s in history.steps.tolist()]
    assert np.isnan(history.gradient).tolist() == [
        s == STEPS for s in run.snapshot_steps
    ]  # nothing was taken after the last
    strip = xray.weight(str(run.path), 10, NAME, ROW, COLUMN)
    at = history.steps.tolist().index(10)
    assert history.change[at] == pytest.approx(strip.observed, rel=1e-4)
    assert history.gradient[at] == pytest.approx(strip.stages[0].value)
    assert f"between {len(run.snapshot_steps) - 1} snapshots" in weight_page.past_sentence(history)


def test_looking_at_a_weight_leaves_what_others_look_at_alone(run):
    path = str(run.path)
    first = xray.proved(path, 10, NAME, ROW, COLUMN)
    xray.weight(path, 10, NAME, ROW, COLUMN)
    assert xray.proved(path, 10, NAME, ROW, COLUMN) == first
    assert weight_page.verdict(first).startswith(":green")


def test_what_is_not_there_is_refused(run):
    with pytest.raises(ValueError, match="columns 0 to 15"):
        xray.weight(str(run.path), 10, NAME, 0, 99)
    with pytest.raises(ValueError, match="there is no tensor nothing"):
        xray.history(str(run.path), 10, "nothing", 0, 0)
    with pytest.raises(ValueError, match="maps are value, gradient, change"):
        xray.tensor(str(run.path), 10, NAME, "beauty")


def test_a_step_that_was_not_taken_says_so(broken):
    with pytest.raises(ValueError, match=r"no step was taken from here: the loss is not finite"):
        xray.weight(str(broken.path), 6, NAME, ROW, COLUMN)


def test_the_autopsy_names_the_planted_weight(broken):
    answer = unpack(pack(autopsy.examine(str(broken.path), 6)), Autopsy)
    cause = answer.cause
    assert (cause.kind, cause.weight.name, cause.weight.first) == ("weight", NAME, [ROW, COLUMN])
    assert (cause.index, answer.earlier) == (6, 0)
    words = autopsy_page.verdict(cause)
    assert "The weight `L2 attention.project.weight` was broken before the step. Entry [3, 4] is NaN or" in words
    assert "queries, keys and values of layer 2" in words
    assert autopsy_page.operands(cause.fault).count("<tr") == 2 + len(cause.fault.inputs)
    assert "the queries of layer 2" in autopsy_page.way(answer, 99)


def test_the_autopsy_says_which_product_overflowed(tmp_path):
    def plant(named: dict[str, torch.Tensor]) -> None:
        named["blocks.0.attention.project.weight"][: 2 * TINY.model.width] *= 1e22  # queries and keys

    answer = autopsy.examine(str(planted(tmp_path / "scores.run", plant).path), 6)
    words = autopsy_page.verdict(answer.cause).replace("\N{NO-BREAK SPACE}", " ")
    assert words.startswith("**The scores of layer 1 overflowed.** Largest going in: queries ")
    assert "In float64 the largest |q · k| is **" in words
    assert "grew most: from" in autopsy_page.growth(answer)


@pytest.mark.parametrize(("exact", "cancels"), [(1.48e38, True), (5.9e38, False)])
def test_a_sum_that_would_fit_and_still_overflowed_says_how(exact: float, cancels: bool):
    inputs = [
        Operand(name, [2, 2], -size, size, 0.0, 0.0, 0.0, [([0, 0], size)])
        for name, size in (("queries", 4.49e20), ("keys", 8.83e20))
    ]
    fault = Fault("baddbmm", "scores", "blocks.0.attention.scores", False, False, None, inputs, inputs[0], exact)
    words = autopsy_page.because(fault)
    assert "In float64 the largest |q · k| is" in words
    assert ("cancels in the end" in words) == cancels

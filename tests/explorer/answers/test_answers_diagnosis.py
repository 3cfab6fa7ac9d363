"""The diagnosis of real runs: each that fails on purpose is named by its rule, and no ordinary one by any."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import recorded
from torch.nn import functional as F

from explorer import RunConfig
from explorer.answers import diagnosis
from explorer.answers.records.diagnosis import Diagnosis
from explorer.config.presets import BROKEN, ORDINARY, PRESETS, RECURRENT
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.restored import training_at
from explorer.training.divergence import Diverged
from explorer.training.loop import Training
from models.transformer import ACTIVATIONS

SHOWS = {  # steps at which a rule must have fired by itself; a run may end before, by diverging
    "no-residual": [250, 400],
    "no-norm": [400],
    "post-norm": [150, 250],
    "no-scale": [150, 300],
    "large-init": [1, 100],
    "sigmoid": [600],
    "large-lr": [1, 100],
    "no-mask": [100, 300],
    "batch-of-one": [100, 400, 1000],
    "delay-rnn": [25, 150, 600],
    "forgetful-lstm": [1, 25],  # later some seeds find their way out
    "exploding-rnn": [1, 100, 600],
}
QUICK = {"large-init": 1, "large-lr": 1, "batch-of-one": 100, "exploding-rnn": 1, "forgetful-lstm": 1}
STAGES = [1, 25, 40, 60, 100, 150, 300]


def watched(path: Path, config: RunConfig, marks: list[int]) -> dict[int, list[str]]:
    """The rules that fire at each mark, and where the run ends if it ends before."""
    found = {}
    file.begin(path, config)
    with Recorder(path) as recorder:
        training = Training(config)
        recorder.describe(training)
        recorder.snapshot(training)
        for mark in marks:
            with suppress(Diverged):
                while training.step < mark:
                    recorder.add(next(training), training)
            recorder.snapshot(training)
            recorder.status("paused")
            found[training.step] = rules_at(path, training.step)
            if training.step < mark:
                break
    return found


def rules_at(path: Path, step: int) -> list[str]:
    answer = diagnosis.findings(str(path), step)
    assert answer.step == step
    for finding in answer.findings:
        assert finding.sentence.endswith(".")
        assert finding.evidence
        assert finding.threshold.endswith(".")
    return [finding.rule for finding in answer.findings]


@pytest.mark.parametrize("name", QUICK)
def test_what_fails_on_purpose_is_named_within_its_first_steps(name: str, tmp_path: Path) -> None:
    steps = QUICK[name]
    assert BROKEN[name].rule in watched(tmp_path / "a.run", BROKEN[name].config, [steps])[steps]


def test_a_gradient_through_time_is_that_of_four_examples_by_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    config = RECURRENT["delay-lstm"].config.replace({"model.width": 8, "model.layers": 2})
    assert watched(path, config, [1])[1] in ([], ["fades through time"])
    found = diagnosis.reached(training_at(str(path), 1, None))
    assert list(found) == ["layers.0", "layers.1"]
    assert found["layers.0"].distance.tolist() == list(range(24))
    plain = RECURRENT["delay-lstm"].config
    assert watched(tmp_path / "b.run", plain, [1]) == {1: []}


@pytest.mark.parametrize(("kind", "fades"), [("gru-attention", False), ("gru-encoder-decoder", True)])
def test_an_encoder_whose_gates_forget_is_named_unless_attention_reads_it(kind, fades, tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    changes = {"model.kind": kind, "model.width": 8, "model.forget_bias": -3.0, "train.batch": 4}
    config = RECURRENT["dates-gru"].config.replace(changes)
    assert watched(path, config, [1])[1] == (["fades through time"] if fades else [])
    reached = diagnosis.reached(training_at(str(path), 1, None))
    assert list(reached) == ["encoder.layers.0.ahead", "encoder.layers.0.back"]
    if fades:
        (finding,) = diagnosis.findings(str(path), 1).findings
        assert finding.sentence.startswith("in encoder layer 1, read from ")
        assert "further from its end leaves" in finding.sentence
        assert finding.evidence == list(reached)


def test_an_ordinary_run_has_nothing_wrong_and_says_how_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    assert watched(path, ORDINARY["reverse"].config, [1, 40]) == {1: [], 40: []}
    calm = diagnosis.findings(str(path), 40).calm
    assert calm.startswith("No rule fires: over the last 40 steps the update ratio is ")
    assert diagnosis.findings(str(path), 0) == Diagnosis(step=0, findings=[], calm="Nothing is trained yet.")


@pytest.mark.parametrize(
    ("context", "of", "where"),
    [(12, 12, "the probe"), (32, 32, "the probe"), (40, 32, "the first 32 tokens that the probe asks for")],
)
def test_without_a_mask_the_loss_with_the_future_hidden_is_that_of_reading_letter_by_letter(
    context: int, of: int, where: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.run"
    config = BROKEN["no-mask"].config.replace({"model.width": 16, "model.heads": 2, "model.context": context})
    assert "looks ahead" in watched(path, config, [2])[2]  # even untrained half of its attention is ahead
    training = training_at(str(path), 2, None)
    said, seen, hidden = diagnosis.unseen_loss(training)
    batch = training.task.probe()
    with torch.no_grad():
        whole = F.cross_entropy(training.model(batch.tokens)[0, :of], batch.targets[0, :of]).item()
        letters = [
            F.cross_entropy(training.model(batch.tokens[:, : t + 1])[0, t], batch.targets[0, t]).item()
            for t in range(of)
        ]
    assert said == where
    assert seen == pytest.approx(whole, rel=1e-5)
    assert hidden == pytest.approx(np.mean(letters), rel=1e-5)


def test_agreement_is_the_mean_cosine_of_every_two_gradients() -> None:
    config = ORDINARY["reverse"].config.replace({"model.width": 16, "model.heads": 2, "train.batch": 2})
    training = Training(config)
    rows = []
    for step in range(diagnosis.BATCHES):
        batch = training.batch(step)
        loss = F.cross_entropy(training.model(batch.tokens).flatten(0, 1), batch.targets.flatten())
        grads = torch.autograd.grad(loss, list(training.model.parameters()))
        rows.append(np.concatenate([g.numpy().ravel() for g in grads]).astype(np.float64))
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for i, a in enumerate(rows) for b in rows[:i]]
    assert diagnosis.agreement(training) == pytest.approx(np.mean(cosines), abs=1e-5)
    assert training.step == 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_finite_differences(name: str) -> None:
    x = torch.linspace(-5.01, 5, 101, dtype=torch.float64)
    expected = (ACTIVATIONS[name](x + 1e-6) - ACTIVATIONS[name](x - 1e-6)) / 2e-6
    torch.testing.assert_close(diagnosis.slope_of(name, x), expected, atol=1e-8, rtol=1e-6)


def test_units_that_are_off_everywhere_are_dead_and_ends_of_a_sigmoid_are_flat() -> None:
    pre = np.full((2, 5, 4), 0.5, np.float32)
    pre[..., 0] = -3.0
    assert diagnosis.units_of("blocks.0.mlp", pre, "relu").dead == 0.25
    pre[..., 1] = 9.0
    units = diagnosis.units_of("blocks.0.mlp", pre, "sigmoid")
    assert (units.flat, units.dead) == (0.25, 0.25)  # a sigmoid still slopes at −3


def test_rows_with_few_keys_do_not_count_as_sure() -> None:
    scores = np.where(np.tril(np.ones((6, 6))) > 0, 0.0, -np.inf)[None, None]
    pattern = np.eye(6)[None, None]
    assert diagnosis.all_or_nothing(pattern, scores) == 1
    assert diagnosis.all_or_nothing(np.full((1, 1, 6, 6), 1 / 6), scores) == 0
    assert diagnosis.all_or_nothing(pattern[..., :4, :4], scores[..., :4, :4]) is None


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", BROKEN)
def test_each_that_fails_on_purpose_is_told_by_its_own_rule(name: str, seed: int, tmp_path: Path) -> None:
    config = BROKEN[name].config.replace({"train.seed": seed})
    for step, rules in watched(tmp_path / "a.run", config, SHOWS[name]).items():
        assert BROKEN[name].rule in rules, step


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", [*ORDINARY, *RECURRENT])
def test_no_ordinary_preset_has_anything_wrong_at_any_stage(name: str, seed: int, tmp_path: Path) -> None:
    steps = PRESETS[name].config.train.steps
    marks = STAGES if seed else [*STAGES, 1000, steps]
    found = watched(tmp_path / "a.run", PRESETS[name].config.replace({"train.seed": seed}), marks)
    assert found == {mark: [] for mark in marks}


def test_gradients_that_explode_are_compared_at_their_true_length():
    directions = torch.randn(4, 50, generator=torch.Generator().manual_seed(0))
    expected = diagnosis.mean_cosine(directions)
    cosines = F.cosine_similarity(directions[:, None], directions[None], dim=-1)
    assert expected == pytest.approx(float((cosines.sum() - 4) / 12), abs=1e-6)
    huge = directions / directions.abs().amax() * torch.tensor([1, 3e38, 2e38, 1e30])[:, None]
    assert not torch.linalg.vector_norm(huge, dim=1).isfinite().all()  # in float32
    assert diagnosis.mean_cosine(huge) == pytest.approx(expected, abs=1e-6)
    directions[1, 3] = torch.inf
    assert diagnosis.mean_cosine(directions) is None


def test_the_norm_in_float64_is_that_of_the_step(tmp_path):
    run = recorded(tmp_path / "tiny.run", 8)
    exact = diagnosis.norm_in_float64(training_at(str(run.path), 5, None))
    row = run.step_row(5)
    assert row is not None
    assert exact == pytest.approx(row["grad_norm"], rel=1e-4)

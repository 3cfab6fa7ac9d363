"""Scheduled sampling: what is read in place of the right tokens is the model's own, and a run with it is as exact."""

from __future__ import annotations

import numpy as np
import optional_packages
import pytest
import torch
from scipy import stats
from tiny_runs import TINY, recorded

from explorer import RunConfig, train
from explorer.analysis.instruments import step_gradient
from explorer.config.presets import PRESETS
from explorer.runs import verification
from explorer.runs.branch import branch
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.tasks.fields import TASKS
from explorer.training.own_prefix import read_again, with_own_prefix
from explorer.training.randomness import stream

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 8}
CONFIGS = {
    "reverse": TINY,
    "lstm": TINY.replace({"model.kind": "lstm", "model.width": 8}),
    "dates": RunConfig.preset("dates-fr").replace(SMALL),
    "shakespeare": RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16}),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_tokens_that_are_read_again_are_replaced_and_no_others(name):
    training = train(CONFIGS[name].replace({"train.own_prefix": 1.0}))
    plain, read = training.batch(3), training.batches(3)[0]
    assert torch.equal(plain.targets, read.targets)
    again = torch.cat([torch.zeros(len(plain.tokens), 1, dtype=torch.bool), read_again(plain)], 1)
    assert torch.equal(plain.tokens[~again], read.tokens[~again])
    assert (plain.tokens[again] != read.tokens[again]).float().mean() > 0.5, "an untrained model says something else"
    half = train(CONFIGS[name].replace({"train.own_prefix": 0.5})).batches(3)[0]
    assert torch.equal(half.tokens[half.tokens != plain.tokens], read.tokens[half.tokens != plain.tokens])


def test_they_are_drawn_from_what_the_model_says_after_the_right_ones():
    training = train(CONFIGS["shakespeare"])
    for _ in range(30):
        next(training)
    batch = training.task.batch(1024, stream(0, "draws"))
    read = with_own_prefix(training.model, batch, 1.0, stream(0, "own"))
    with torch.no_grad():
        p = training.model.eval()(batch.tokens)[:, :-1].double().softmax(-1)
    expected = p.sum((0, 1)).numpy()
    drawn = np.bincount(read.tokens[:, 1:].flatten().numpy(), minlength=len(expected))
    few = expected < 5
    observed, expected = (np.append(counts[~few], counts[few].sum()) for counts in (drawn, expected))
    assert stats.chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 0.01
    # and each from its own place: the share that is the likeliest token there
    sure = p.amax(-1)
    right = read.tokens[:, 1:] == p.argmax(-1)
    spread = (sure * (1 - sure)).sum().sqrt().item()
    assert abs(right.sum().item() - sure.sum().item()) < 3 * spread


@pytest.mark.parametrize("name", CONFIGS)
def test_the_step_and_the_instruments_take_the_gradient_after_the_same_tokens(name):
    training = train(CONFIGS[name].replace({"train.own_prefix": 0.5, "train.clip": None}))
    next(training)
    gradient = step_gradient(training)
    batch = training.batches(1)[0]
    own = next(training)
    logits = restore_first(training.config)(batch.tokens, batch.source)
    assert training.task.objective.mean(logits, batch.targets).item() == pytest.approx(own.loss, rel=1e-5)
    for name, norm in own.grad_norms.items():
        assert gradient[name].norm().item() == pytest.approx(norm, rel=1e-4, abs=1e-7)


def restore_first(config: RunConfig) -> torch.nn.Module:
    """The model after one step."""
    training = train(config)
    next(training)
    return training.model.eval()


def test_a_run_with_its_own_tokens_is_replayed_and_branched_bit_for_bit(tmp_path):
    config = TINY.replace({"train.own_prefix": 0.5, "model.dropout": 0.1, "train.accumulate": 2})
    run = recorded(tmp_path / "own.run", 12, config, every=5)
    alone = train(config)
    losses = [next(alone).loss for _ in range(12)]
    np.testing.assert_array_equal(run.steps["loss"], np.float64(losses))
    for stretch in verification.stretches(run):
        assert not verification.check(run, stretch).problem
    resumed = restore(run, 7)
    assert [next(resumed).loss for _ in range(5)] == losses[7:]
    plain = recorded(tmp_path / "plain.run", 8, TINY, every=4)
    branch(str(plain.path), 6, str(tmp_path / "branch.run"), {"train.own_prefix": 0.5})
    going = restore(Run.open(tmp_path / "branch.run"), 6)
    assert going.config.train.own_prefix == 0.5
    assert next(going).loss != next(restore(plain, 6)).loss


def test_a_model_that_learns_with_its_own_tokens_is_no_worse_after_a_wrong_one():
    """On a toy whose answer after the wrong token does not depend on it, while both err: 4 % without, 2 % with."""
    config = RunConfig.preset("reverse").replace(
        {"task.length": 6, "task.symbols": 8, "model.context": 12, "train.batch": 32, "train.steps": None}
    )
    lost = {}
    for share in (0.0, 0.5):
        training = train(config.replace({"train.own_prefix": share}))
        for _ in range(80):
            next(training)
        batch = training.task.batch(256, stream(0, "held out"))
        wrong = batch.tokens.clone()
        wrong[:, 7] = (wrong[:, 7] + 1) % 8  # the first token of the answer
        with torch.no_grad():
            said = training.model.eval()(wrong).argmax(-1)
        lost[share] = (said[:, 7:] != batch.targets[:, 7:]).float().mean().item()
    assert lost[0.5] <= lost[0.0] + 0.01, lost


@pytest.mark.parametrize("name", {preset.config.task.name: name for name, preset in PRESETS.items()}.values())
def test_a_tasks_record_says_whether_its_answers_are_read_again(name):
    config = PRESETS[name].config
    if optional_packages.lacks(config):
        pytest.skip("the optional package that it is made of is not installed")
    if not config.has("logits"):
        assert not TASKS[config.task.name].reads_again
        return
    batch = train(config).task.probe(4)
    answers = batch.targets[:, :-1] >= 0
    every = bool((read_again(batch) | ~answers)[batch.targets[:, 1:] >= 0].all())
    assert (every and bool(read_again(batch).any())) == TASKS[config.task.name].reads_again


@pytest.mark.parametrize(
    ("preset", "changes"),
    [("addition", {}), ("brackets-gru", {}), ("words-glove", {}), ("shakespeare", {"model.kind": "encoder"})],
)
def test_what_reads_no_answer_is_refused_in_words(preset, changes):
    config = RunConfig.preset(preset).replace(changes)
    with pytest.raises(ValueError, match=r"own_prefix=0.2 is a share of an answer that is read while"):
        config.replace({"train.own_prefix": 0.2})
    with pytest.raises(ValueError, match=r"train.own_prefix"):
        RunConfig.preset("reverse").replace({"train.own_prefix": 1.5})

"""One weight's X-ray: the strip comes to what the run did, and differences prove the gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY

from explorer.analysis import weight as xray
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.run import RunConfig
from explorer.measure import updates
from explorer.measure.names import number
from explorer.measure.updates import Weight, strip
from explorer.training.loop import Diverged, Training

GRAIN = 2.0**-23  # of a float32
MATRIX, VECTOR, OUTSIDE = "blocks.1.mlp.expand.weight", "blocks.0.attention_norm.bias", "embedding.weight"


def trained(steps: int, **changes: object) -> Training:
    """A training after a few steps."""
    training = Training(TINY.replace({path.replace("__", "."): value for path, value in changes.items()}))
    for _ in range(steps):
        next(training)
    return training


def worked(answer: dict) -> float:
    return answer["step_size"] + answer["decay"]


def cancelled(answer: dict, lr: float) -> float:
    """What a running sum 0.9 b + g may leave of its summands, which float32 rounds relative to the larger one."""
    values = {stage["name"]: stage["value"] for stage in answer["stages"]}
    return lr * abs(values["clipped gradient"] - values["momentum"]) if "momentum" in values else 0.0


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_step_plus_decay_is_the_observed_change(name, clip):
    training = trained(0, optimizer__name=name, optimizer__weight_decay=0.1, train__clip=clip)
    for _ in range(3):
        film = xray.film(training)
        for tensor in film.before:
            rows, columns = xray.as_matrix(film.before[tensor]).shape
            for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)):
                answer = xray.xray(film, tensor, row, column)
                allowed = GRAIN * max(abs(answer["before"]), abs(answer["after"])) + 1e-6 * abs(worked(answer))
                allowed += GRAIN * cancelled(answer, film.step.lr)
                assert abs(answer["observed"] - worked(answer)) <= allowed, (tensor, row, column)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_only_matrices_decay(name):
    film = xray.film(trained(2, optimizer__name=name, optimizer__weight_decay=0.1))
    decays = {
        tensor: any(s["name"] in ("decay", "gradient with decay") and s["value"] for s in answer["stages"])
        for tensor in (MATRIX, VECTOR)
        for answer in [xray.xray(film, tensor, 0, 1)]
    }
    assert decays == {MATRIX: True, VECTOR: False}


def test_muon_steps_the_blocks_matrices_and_adamw_the_rest():
    film = xray.film(trained(2, optimizer__name="muon"))
    assert xray.xray(film, MATRIX, 0, 0)["rule"] == "muon"
    assert xray.xray(film, VECTOR, 0, 0)["rule"] == xray.xray(film, OUTSIDE, 0, 0)["rule"] == "adamw"


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (7, 7)])
def test_muons_direction_is_torchs_own(shape):
    generator = torch.Generator().manual_seed(3)
    weight, gradient, kept = (torch.empty(shape).normal_(generator=generator) for _ in range(3))
    parameter = torch.nn.Parameter(weight.clone())
    parameter.grad = gradient.clone()
    muon = torch.optim.Muon([parameter], lr=1.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    muon.state[parameter]["momentum_buffer"] = kept.clone()
    muon.step()
    own = weight - 0.2 * max(shape) ** 0.5 * xray.muon_direction(
        {"momentum_buffer": kept}, gradient, {"momentum": 0.95}
    )
    assert torch.allclose(parameter.detach(), own, atol=1e-6)


def test_filming_a_step_does_not_change_it():
    filmed, alone = (trained(2, model__dropout=0.1, train__accumulate=2) for _ in range(2))
    for _ in range(2):
        film, step = xray.film(filmed), next(alone)
        assert (film.step.loss, film.step.grad_norm) == (step.loss, step.grad_norm)
    assert torch.equal(filmed.flat.values, alone.flat.values)


def test_the_gradient_is_told_before_and_after_clipping():
    film = xray.film(trained(1, train__clip=0.05))
    raw, clipped = (torch.cat([g.flatten() for g in x.values()]) for x in (film.raw, film.clipped))
    assert float(raw.norm()) == pytest.approx(film.step.grad_norm, rel=1e-5)
    assert float(clipped.norm()) == pytest.approx(0.05, rel=1e-4)
    stages = {s["name"]: s["value"] for s in xray.xray(film, MATRIX, 3, 2)["stages"]}
    assert stages["gradient"] == float(film.raw[MATRIX][3, 2])
    assert stages["clipped gradient"] == pytest.approx(float(film.clipped[MATRIX][3, 2]), rel=1e-5)


def test_a_frozen_heads_weight_is_said_to_be_put_back():
    training = trained(2)
    training.apply("freeze", {"head": "blocks.0.attention.1"})
    film = xray.film(training)
    name, own, other = "blocks.0.attention.project.weight", 8, 0  # head 1 has rows 8 to 15 of the queries
    assert xray.xray(film, name, own, 4)["frozen"]
    assert xray.xray(film, name, own, 4)["observed"] == 0
    assert not xray.xray(film, name, other, 4)["frozen"]
    assert xray.xray(film, name, other, 4)["observed"] != 0


@pytest.mark.parametrize(
    ("tensor", "row", "column", "complaint"),
    [("embedding.bias", 0, 0, "there is no tensor embedding.bias"), (MATRIX, 64, 0, "rows 0 to 63, columns 0 to 15")],
)
def test_a_weight_that_is_not_there_is_refused(tensor, row, column, complaint):
    film = xray.film(trained(0))
    with pytest.raises(ValueError, match=complaint):
        xray.xray(film, tensor, row, column)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model__dropout": 0.2, "train__accumulate": 2},
        {"model__kind": "encoder-decoder", "model__layers": 1},
        {"model__norm": "post"},
        {"train__precision": "bfloat16"},
    ],
    ids=str,
)
def test_differences_prove_the_gradient(changes):
    training = trained(3, **changes)
    weights = training.flat.values.clone()
    for name in (n for n in training.named if n.endswith(("mlp.expand.weight", "attention.project.weight"))):
        proof = xray.proof(training, name, 3, 4)
        rounding = 8 * np.finfo(np.float64).eps * proof["loss"] / proof["h"]
        assert abs(proof["difference"] - proof["exact"]) <= 1e-6 * abs(proof["exact"]) + rounding
        loose = changes.get("train__precision") == "bfloat16"
        assert proof["trained"] == pytest.approx(
            proof["exact"], rel=0.2 if loose else 1e-3, abs=1e-4 if loose else 1e-7
        )
    assert torch.equal(training.flat.values, weights)
    assert float(xray.film(training).raw[name][3, 4]) == pytest.approx(proof["trained"], rel=1e-6)


def test_too_wide_and_too_narrow_differences_are_worse():
    proof = xray.proof(trained(3), MATRIX, 3, 4)
    off = dict(map(tuple, proof["others"]))
    best = min(off.values())
    assert best < 1e-6
    assert off[0.1] > best
    assert off[1e-10] > 100 * best


def test_a_weight_that_the_batch_does_not_touch_has_no_gradient():
    training = trained(1, task__symbols=26, train__batch=1)
    used = set(training.batch(1).tokens.unique().tolist())
    idle = next(row for row in range(len(training.named[OUTSIDE])) if row not in used)
    proof = xray.proof(training, OUTSIDE, idle, 0)
    assert (proof["difference"], proof["exact"], proof["relative"]) == (0, 0, None)


def test_a_step_that_diverges_has_no_film():
    training = trained(1, train__clip=None)
    with torch.no_grad():
        training.named[MATRIX][0, 0] = float("nan")
    with pytest.raises(Diverged):
        xray.film(training)


@pytest.mark.parametrize("rule", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_rule_says_its_source_and_ends_with_the_new_weight(rule):
    knobs = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "momentum": 0.9, "alpha": 0.99}
    weight = Weight(0.5, 0.2, 4.0, 1.0, 0.1, 0.01, 1, {}, knobs, (4, 3), 0.3)
    way = strip(rule.source, rule.step, weight)
    assert way.source
    assert [s.name for s in way.stages][:3] == ["gradient", "clipping", "clipped gradient"]
    assert way.stages[-1].value == 0.5 + (way.decay + way.step)


def test_adams_first_step_is_the_learning_rate_against_the_gradients_sign():
    weight = Weight(0.5, -0.2, 0.3, None, 0.1, 0.0, 1, {}, {"beta1": 0.9, "beta2": 0.999, "eps": 0.0})
    assert strip("", updates.adam, weight).step == pytest.approx(0.1)


def test_the_strip_is_of_the_settings_in_force():
    config: RunConfig = TINY.replace({"optimizer.warmup": 10})
    training = Training(config)
    next(training)
    stage = next(s for s in xray.xray(xray.film(training), MATRIX, 0, 0)["stages"] if s["name"] == "step")
    assert stage["worked"].startswith(f"−{number(config.optimizer.lr * 2 / 10)}")

"""The training loop: deterministic, honest numbers, stops before damage, heads under the knife."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import safetensors.torch
import torch

from explorer.config.optimizers import OPTIMIZERS
from explorer.config.run import RunConfig
from explorer.tasks.base import Batch
from explorer.trace import mean_loss, observe
from explorer.training.loop import Diverged, Step, Training, train

TINY = RunConfig().replace(
    {"model.width": 16, "model.heads": 2, "model.context": 8, "task.length": 4, "task.symbols": 5}
    | {"train.batch": 4, "train.steps": None, "train.device": "cpu"}
)
DEMANDING = {"model.dropout": 0.1, "train.accumulate": 2}
HEAD = "blocks.1.attention.1"


def row_of(step: Step) -> dict:
    """A step without its wall time."""
    return asdict(step) | {"seconds": 0.0}


def taken(training: Training, steps: int) -> list[dict]:
    return [row_of(next(training)) for _ in range(steps)]


def saved(training: Training) -> tuple[int, dict, dict]:
    """As the run file keeps it."""
    tables = (safetensors.torch.save(t) for t in (training.weights(), training.state()))
    weights, state = (safetensors.torch.load(t) for t in tables)
    return training.step, weights, state


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_loaded_training_goes_on_bit_for_bit_from_any_step(name: str) -> None:
    config = TINY.replace(DEMANDING | {"optimizer.name": name, "optimizer.lr": 0.01})
    whole = Training(config)
    states, steps = [], []
    for _ in range(6):
        states.append(saved(whole))
        steps.append(row_of(next(whole)))
    for start in (0, 1, 4):
        again = Training(config)
        if start == 4:
            taken(again, 2)  # loading replaces whatever was there
        again.load(*states[start])
        assert taken(again, 6 - start) == steps[start:]
    assert torch.equal(again.flat.values, whole.flat.values)


@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.prove)])
def test_a_fresh_process_computes_the_same_losses(precision: str) -> None:
    config = TINY.replace(DEMANDING | {"train.precision": precision})
    code = (
        "import sys, json\nfrom explorer.config.run import RunConfig\nfrom explorer.training.loop import train\n"
        "steps = train(RunConfig.from_json(sys.argv[1]))\nprint(json.dumps([next(steps).loss for _ in range(5)]))"
    )
    done = subprocess.run([sys.executable, "-c", code, config.to_json()], capture_output=True, text=True, check=True)
    training = Training(config)
    losses = []
    for _ in range(5):
        losses.append(next(training).loss)
        observe(training.model, training.task.probe())
        training.validate()
    assert json.loads(done.stdout) == losses


def test_first_losses_of_a_tiny_config_are_what_they_always_were() -> None:
    training = Training(TINY)
    losses = [next(training).loss for _ in range(5)]
    assert losses == pytest.approx(GOLDEN, abs=1e-5)


GOLDEN = [1.8104856, 1.7595459, 1.7399409, 1.7287068, 1.7672443]  # this loop, torch 2.13.0 on the CPU, AVX-512


def test_another_seed_gives_other_losses() -> None:
    assert next(Training(TINY)).loss != next(Training(TINY.replace({"train.seed": 1}))).loss


def test_training_touches_no_global_random_state() -> None:
    before = torch.get_rng_state()
    taken(Training(TINY.replace(DEMANDING)), 2)
    assert torch.equal(before, torch.get_rng_state())


def test_an_accumulated_gradient_is_the_mean_of_its_parts() -> None:
    training = Training(TINY.replace({"train.accumulate": 3, "train.clip": None}))
    parts = [training.batch(0, part) for part in range(3)]
    tokens, targets = (torch.cat([getattr(b, field) for b in parts]) for field in ("tokens", "targets"))
    loss = mean_loss(training.model(tokens), targets)
    grads = torch.autograd.grad(loss, list(training.model.parameters()))
    step = next(training)
    assert step.loss == pytest.approx(loss.item(), rel=1e-6)
    for norm, grad in zip(step.grad_norms.values(), grads, strict=True):
        assert norm == pytest.approx(grad.norm().item(), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("clip", [None, 0.05, 1e6])
def test_norms_and_clipping_are_torchs(clip: float | None) -> None:
    training, other = (Training(TINY.replace({"train.clip": clip})) for _ in range(2))
    batch = other.batch(0)
    mean_loss(other.model(batch.tokens), batch.targets).backward()
    named = dict(other.model.named_parameters())
    norms = {name: p.grad.norm().item() for name, p in named.items()}
    total = torch.nn.utils.clip_grad_norm_(named.values(), float("inf") if clip is None else clip).item()
    clipped = torch.nn.utils.get_total_norm([p.grad for p in named.values()]).item()
    step = next(training)
    assert step.grad_norm == pytest.approx(total, rel=1e-5)
    assert step.clipped_grad_norm == pytest.approx(clipped, rel=1e-5)
    assert step.grad_norms == pytest.approx(norms, rel=1e-4, abs=1e-7)
    for name, grad in training.grads.items():
        torch.testing.assert_close(grad, named[name].grad, rtol=1e-4, atol=1e-7)


def test_update_ratios_and_metric_are_what_truly_happened() -> None:
    training = Training(TINY)
    next(training)
    before = {name: w.clone() for name, w in training.weights().items()}
    batch = training.batch(1)
    right = training.model(batch.tokens).argmax(-1) == batch.targets
    step = next(training)
    assert step.metric == right.sum().item() / batch.predicted
    assert step.tokens == 2 * batch.predicted
    for name, after in training.weights().items():
        expected = (after - before[name]).norm() / before[name].norm().clamp_min(1e-12)
        assert step.update_ratios[name] == pytest.approx(expected.item(), rel=1e-4)
    assert list(step.update_ratios) == list(step.grad_norms) == list(training.named)


def test_a_run_ends_after_its_steps() -> None:
    assert len(list(train(TINY.replace({"train.steps": 3})))) == 3


def test_divergence_stops_before_the_update_and_names_a_tensor() -> None:
    changes = {"optimizer.name": "sgd", "optimizer.lr": 100.0, "train.clip": None, "optimizer.weight_decay": 10.0}
    training = Training(TINY.replace(changes))
    weights = []

    def run() -> None:
        for _ in range(200):
            weights.append(training.flat.values.clone())
            next(training)

    with pytest.raises(Diverged, match=r"\Astep \d+: the \w+ is not finite; first was [^\n]+\Z") as stopped:
        run()
    assert torch.equal(training.flat.values, weights[-1])
    assert training.step == stopped.value.index == len(weights) - 1 > 0


@pytest.mark.parametrize("poison", [float("inf"), float("nan")])
@pytest.mark.parametrize(
    ("parameter", "first"),
    [
        ("blocks.0.mlp.expand.weight", "blocks.0.mlp.pre"),
        ("blocks.1.attention.output.bias", "blocks.1.attention.out"),
        ("embedding.weight", "token_embedding"),
    ],
)
def test_the_first_tensor_that_is_not_finite_is_named(poison: float, parameter: str, first: str) -> None:
    training = Training(TINY)
    next(training)
    training.weights()[parameter].flatten()[:] = poison
    before = training.flat.values.clone()
    with pytest.raises(Diverged, match=f"first was {first};"):
        next(training)
    assert torch.equal(training.flat.values.isnan(), before.isnan())
    assert torch.equal(training.flat.values.nan_to_num(), before.nan_to_num())


def test_a_gradient_that_overflows_stops_too() -> None:
    training = Training(TINY)
    scale = training.model.blocks[1].mlp.contract.weight
    scale.register_hook(lambda grad: grad * float("inf"))
    before = training.flat.values.clone()
    with pytest.raises(Diverged, match="the gradient is not finite"):
        next(training)
    assert torch.equal(training.flat.values, before)


def probe(training: Training) -> Batch:
    return training.task.probe(3)


def test_an_ablated_head_says_nothing_and_the_others_what_they_said() -> None:
    training = Training(TINY)
    next(training)
    before = observe(training.model, probe(training))
    training.apply("ablate", {"head": HEAD})
    after = observe(training.model, probe(training))
    tap = "blocks.1.attention.head_out"
    assert (after.values[tap][:, 1] == 0).all()
    assert np.array_equal(after.values[tap][:, 0], before.values[tap][:, 0])
    names = list(before.values)
    for name in names[: names.index(tap)]:
        assert np.array_equal(before.values[name], after.values[name])
    training.apply("restore", {"head": HEAD})
    restored = observe(training.model, probe(training))
    assert all(np.array_equal(restored.values[name], before.values[name]) for name in names)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_frozen_heads_weights_stay_bit_for_bit_and_the_rest_learns(name: str) -> None:
    training = Training(TINY.replace({"optimizer.name": name}))
    training.apply("freeze", {"head": HEAD})
    own = training.heads.slices(HEAD)
    before = [weight[place].clone() for weight, place in own]
    other = [weight[place].clone() for weight, place in training.heads.slices("blocks.1.attention.0")]
    taken(training, 3)
    assert all(torch.equal(weight[place], b) for (weight, place), b in zip(own, before, strict=True))
    now = [weight[place] for weight, place in training.heads.slices("blocks.1.attention.0")]
    assert not all(torch.equal(a, b) for a, b in zip(now, other, strict=True))
    training.apply("unfreeze", {"head": HEAD})
    taken(training, 1)
    assert not all(torch.equal(weight[place], b) for (weight, place), b in zip(own, before, strict=True))


def test_resetting_a_head_is_deterministic_and_touches_no_other_weight() -> None:
    one, other = Training(TINY), Training(TINY)
    taken(one, 2), taken(other, 2)
    before = one.flat.values.clone()
    one.apply("reset", {"head": HEAD}), other.apply("reset", {"head": HEAD})
    assert torch.equal(one.flat.values, other.flat.values)
    size = sum(weight[place].numel() for weight, place in one.heads.slices(HEAD))
    changed = int((one.flat.values != before).sum())
    assert 0 < changed <= size
    assert taken(one, 2) == taken(other, 2)


@pytest.mark.parametrize("head", ["blocks.1.attention.2", "blocks.7.attention.0", "nonsense", "blocks.1.attention.-1"])
def test_a_head_that_is_not_there_is_refused_by_naming_those_that_are(head: str) -> None:
    with pytest.raises(ValueError, match=r"there is no head .*; heads are blocks\.0\.attention\.0, "):
        Training(TINY).apply("ablate", {"head": head})


def test_live_settings_change_from_the_next_step_on_and_others_say_they_need_a_restart() -> None:
    training = Training(TINY)
    training.apply("set", {"optimizer.lr": 0.5, "model.dropout": 0.3})
    assert next(training).lr == 0.5
    assert all(dropout.rate == 0.3 for dropout in training.dropouts)
    with pytest.raises(ValueError, match=r"model\.width needs a restart; live are "):
        training.apply("set", {"model.width": 32})


def test_bfloat16_trains_almost_alike_but_not_the_same() -> None:
    plain, fast = (Training(TINY.replace({"train.precision": p})) for p in ("float32", "bfloat16"))
    a, b = taken(plain, 10), taken(fast, 10)
    assert [s["loss"] for s in a] != [s["loss"] for s in b]
    assert [s["loss"] for s in b] == pytest.approx([s["loss"] for s in a], rel=0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_step_does_not_ask_the_kernel_for_its_memory_again() -> None:
    import resource

    training = Training(RunConfig().replace({"train.device": "cpu"}))
    taken(training, 5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    taken(training, 10)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10 < 150


def test_label_smoothing_trains_on_the_smoothed_loss_and_tells_the_plain_one():
    config = RunConfig.preset("reverse").replace({"train.clip": None, "optimizer.name": "sgd", "train.batch": 4})
    plain, smooth = train(config), train(config.replace({"train.label_smoothing": 0.2}))
    batch = smooth.batch(0)
    logits = smooth.model.train()(batch.tokens, batch.source)
    logs = logits.detach().double().log_softmax(-1).numpy()
    counted = batch.targets.numpy() != -100
    share = np.full(logs.shape, 0.2 / logs.shape[-1])
    np.put_along_axis(share, np.where(counted, batch.targets.numpy(), 0)[..., None], 0.8 + 0.2 / logs.shape[-1], -1)
    expected = -(share * logs).sum(-1)[counted].mean()
    trained_on = mean_loss(logits, batch.targets, 0.2)
    assert trained_on.item() == pytest.approx(expected, rel=1e-5)
    grads = torch.autograd.grad(trained_on, list(smooth.named.values()))
    own = next(smooth)
    assert own.loss == next(plain).loss
    for grad, norm in zip(grads, own.grad_norms.values(), strict=True):
        assert grad.norm().item() == pytest.approx(norm, rel=1e-5)

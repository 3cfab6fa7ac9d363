"""Optimizers: wired as torch's own, equal to their formulas, saved and loaded whole."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer import Run
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.run import OptimizerConfig, RunConfig
from explorer.config.schedules import SCHEDULES
from explorer.runs.restored import training_at
from explorer.training.optimizers import Flat, Optimizer
from explorer.training.schedules import learning_rate

LR, DECAY = 0.05, 0.1
SHAPES = {"blocks.0.w": (3, 4), "blocks.0.b": (4,), "embedding": (5, 2), "gain": (2,)}
NAMES = tuple(OPTIMIZERS)


def parameters() -> dict[str, nn.Parameter]:
    g = torch.Generator().manual_seed(0)
    return {name: nn.Parameter(torch.randn(shape, generator=g)) for name, shape in SHAPES.items()}


def gradients(step: int) -> dict[str, Tensor]:
    g = torch.Generator().manual_seed(step + 1)
    return {name: torch.randn(shape, generator=g) for name, shape in SHAPES.items()}


def stepped(name: str, steps: int, named: dict[str, nn.Parameter]) -> Optimizer:
    flat = Flat(named)
    optimizer = Optimizer(OptimizerConfig(name=name, lr=LR, weight_decay=DECAY), flat)
    take(optimizer, 0, steps)
    return optimizer


def take(optimizer: Optimizer, start: int, stop: int) -> None:
    for step in range(start, stop):
        optimizer.flat.grads.copy_(optimizer.flat.join(gradients(step)))
        optimizer.set(LR, DECAY)
        optimizer.step()


def adam(decoupled: bool) -> Callable:
    def rule(w, g, t, s, decay):
        if decoupled:
            w = w - LR * decay * w
        else:
            g = g + decay * w
        s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
        s["v"] = 0.999 * s.get("v", 0) + 0.001 * g**2
        return w - LR * (s["m"] / (1 - 0.9**t)) / (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-8)

    return rule


def sgd(w, g, t, s, decay):
    return w - LR * (g + decay * w)


def momentum(w, g, t, s, decay):
    s["m"] = 0.9 * s.get("m", 0) + g + decay * w
    return w - LR * s["m"]


def nesterov(w, g, t, s, decay):
    g = g + decay * w
    s["m"] = 0.9 * s.get("m", 0) + g
    return w - LR * (g + 0.9 * s["m"])


def rmsprop(w, g, t, s, decay):
    g = g + decay * w
    s["v"] = 0.99 * s.get("v", 0) + 0.01 * g**2
    return w - LR * g / (np.sqrt(s["v"]) + 1e-8)


def adagrad(w, g, t, s, decay):
    g = g + decay * w
    s["sum"] = s.get("sum", 0) + g**2
    return w - LR * g / (np.sqrt(s["sum"]) + 1e-10)


RULES = {
    "adamw": adam(True), "adam": adam(False), "sgd": sgd,
    "momentum": momentum, "nesterov": nesterov, "rmsprop": rmsprop, "adagrad": adagrad,
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_ten_steps_equal_the_formula_and_only_matrices_decay(name: str) -> None:
    named = parameters()
    expected = {key: p.detach().double().numpy().copy() for key, p in named.items()}
    state: dict[str, dict] = {key: {} for key in named}
    for step in range(10):
        for key, g in gradients(step).items():
            decay = DECAY if len(SHAPES[key]) == 2 else 0.0
            expected[key] = RULES[name](expected[key], g.double().numpy(), step + 1, state[key], decay)
    stepped(name, 10, named)
    for key, p in named.items():
        np.testing.assert_allclose(p.detach().numpy(), expected[key], rtol=2e-5, atol=2e-6, err_msg=key)


TORCHS = {
    "adamw": (torch.optim.AdamW, {}), "adam": (torch.optim.Adam, {}), "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (torch.optim.RMSprop, {}), "adagrad": (torch.optim.Adagrad, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCHS)
def test_ten_steps_equal_torchs_own_optimizer_on_the_parameters_one_by_one(name: str) -> None:
    named, copies = parameters(), parameters()
    kind, knobs = TORCHS[name]
    groups = [
        {"params": [p for key, p in copies.items() if (len(SHAPES[key]) == 2) == matrices], "weight_decay": decay}
        for matrices, decay in ((True, DECAY), (False, 0.0))
    ]
    own = kind(groups, lr=LR, **knobs)
    for step in range(10):
        for key, g in gradients(step).items():
            copies[key].grad = g
        own.step()
    stepped(name, 10, named)
    for key in named:
        torch.testing.assert_close(named[key], copies[key], rtol=1e-5, atol=1e-6)


def newton_schulz(x: np.ndarray) -> np.ndarray:
    """Five steps towards orthogonal (Jordan et al. 2024), in float64."""
    x = x / np.linalg.norm(x)
    a, b, c = 3.4445, -4.7750, 2.0315
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def test_muons_ten_steps_equal_its_formula_as_far_as_bfloat16_goes() -> None:
    named = parameters()
    w = named["blocks.0.w"].detach().double().numpy().copy()
    kept, moved = np.zeros_like(w), 0.0
    for step in range(10):
        g = gradients(step)["blocks.0.w"].double().numpy()
        kept = 0.95 * kept + 0.05 * g
        change = LR * 0.2 * 2.0 * newton_schulz(0.95 * kept + 0.05 * g)  # the larger side is 4, its root 2
        moved += np.abs(change).sum()
        w = w - LR * DECAY * w - change
    stepped("muon", 10, named)
    off = np.abs(named["blocks.0.w"].detach().numpy() - w).sum()
    assert off < 0.02 * moved


def test_muon_steps_the_blocks_matrices_and_adamw_the_rest() -> None:
    named, copies = parameters(), parameters()
    muon = torch.optim.Muon([copies["blocks.0.w"]], lr=LR, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
    groups = [
        {"params": [copies["embedding"]], "weight_decay": DECAY},
        {"params": [copies["blocks.0.b"], copies["gain"]], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=LR)
    for step in range(10):
        for key, g in gradients(step).items():
            copies[key].grad = g
        muon.step()
        adamw.step()
    stepped("muon", 10, named)
    for key in named:
        torch.testing.assert_close(named[key], copies[key], rtol=1e-5, atol=1e-6)


def test_every_optimizer_is_held_against_its_formula_here() -> None:
    assert set(OPTIMIZERS) == set(RULES) | {"muon"}


@pytest.mark.parametrize("name", NAMES)
def test_loaded_state_goes_on_bit_for_bit(name: str) -> None:
    straight, halfway = parameters(), parameters()
    stepped(name, 6, straight)
    first = stepped(name, 3, halfway)
    state = {key: value.clone() for key, value in first.state().items()}
    assert {key.rpartition("/")[0] for key in state} == (set(SHAPES) if name not in ("sgd",) else set())
    weights = {key: p.detach().clone() for key, p in halfway.items()}
    again = {key: nn.Parameter(w) for key, w in weights.items()}
    second = Optimizer(OptimizerConfig(name=name, lr=LR, weight_decay=DECAY), Flat(again))
    second.load(state)
    assert second.state().keys() == state.keys(), "before torch's own are built too"
    take(second, 3, 6)
    for key in SHAPES:
        assert torch.equal(again[key], straight[key])
    assert Optimizer(second.config, Flat(parameters())).state() == {}, "of one that was never built"
    second.load({})  # as before the first step
    take(second, 6, 7)


def test_what_only_looks_builds_no_optimizer(tiny: Run) -> None:
    """With its first one torch imports its compiler."""
    for step in tiny.snapshot_steps:
        training = training_at(str(tiny.path), step, None, needs=("logits",))
        training.model(training.task.probe().tokens)
        assert "built" not in vars(training.optimizer)
        assert not training.whole, "and no step can be taken from there"


def test_state_has_the_shape_of_its_parameter() -> None:
    state = stepped("adamw", 2, parameters()).state()
    for name, shape in SHAPES.items():
        assert state[f"{name}/exp_avg"].shape == state[f"{name}/exp_avg_sq"].shape == shape
        assert state[f"{name}/step"] == 2


def test_splitting_and_joining_are_opposites_and_parameters_are_views() -> None:
    named = parameters()
    before = {name: p.detach().clone() for name, p in named.items()}
    flat = Flat(named)
    assert all(torch.equal(named[name], before[name]) for name in named)
    assert torch.equal(flat.join(flat.split(flat.values)), flat.values)
    assert list(flat.split(flat.values)) == list(named)
    flat.values.mul_(2)
    assert all(torch.equal(named[name], 2 * before[name]) for name in named)


def test_warm_up_rises_evenly_to_the_peak() -> None:
    config = OptimizerConfig(lr=0.4, warmup=4)
    assert [learning_rate(config, t, None) for t in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4])


@pytest.mark.parametrize(
    ("schedule", "shape"),
    [
        ("constant", lambda p: 1.0),
        ("linear", lambda p: 1 - p),
        ("cosine", lambda p: (1 + math.cos(math.pi * p)) / 2),
    ],
)
def test_after_warm_up_the_rate_follows_its_shape_to_the_end(schedule: str, shape) -> None:
    config = OptimizerConfig(lr=0.2, warmup=10, schedule=schedule)
    for step in range(10, 110):
        assert learning_rate(config, step, 110) == pytest.approx(0.2 * shape((step - 10) / 100))
    assert learning_rate(config, 500, 110) == pytest.approx(0.2 * shape(1))


@pytest.mark.parametrize("steps", [10, 100, 333])
def test_one_cycle_equals_torchs_own(steps: int) -> None:
    own = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(own, max_lr=0.3, total_steps=steps, cycle_momentum=False)
    config = OptimizerConfig(lr=0.3, schedule="one-cycle")
    for step in range(steps):
        assert learning_rate(config, step, steps) == pytest.approx(own.param_groups[0]["lr"], rel=1e-9)
        own.step()
        cycle.step()


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_very_short_schedules_stay_between_zero_and_the_peak(schedule: str, steps: int) -> None:
    config = OptimizerConfig(lr=0.3, schedule=schedule)
    assert all(0 <= learning_rate(config, step, steps) <= 0.3 for step in range(steps + 2))


def test_a_drawn_schedule_goes_straight_from_point_to_point() -> None:
    config = OptimizerConfig(lr=0.2, warmup=10, schedule="drawn", drawn="0:0.5 0.25:1 1:0")
    rates = [learning_rate(config, step, 110) / 0.2 for step in range(10, 111)]
    assert rates == pytest.approx(np.interp(np.linspace(0, 1, 101), [0, 0.25, 1], [0.5, 1, 0]))


@pytest.mark.parametrize("drawn", ["", "0:1", "0:1 0.5:0", "0:1 1:2", "0:1 0.5:1 0.5:0 1:0", "a:b", "0:nan 1:0", "0 1"])
def test_a_curve_that_cannot_be_drawn_is_refused_in_words(drawn: str) -> None:
    with pytest.raises(ValueError, match="is no curve"):
        RunConfig().replace({"optimizer.drawn": drawn})

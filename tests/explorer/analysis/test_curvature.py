"""Curvature, with LayerNorm in the model: against finite differences, a whole Hessian and Cockpit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_instruments import BATCHES, MLP, Known
from tiny_runs import TINY

from explorer.analysis import curvature, instruments
from explorer.analysis.curvature import Hessian
from explorer.training.loop import Training

SMALL = TINY.replace({"model.width": 4, "model.layers": 1, "model.heads": 1, "task.symbols": 4})


def trained(config=TINY, steps: int = 5) -> Training:
    training = Training(config)
    for _ in range(steps):
        next(training)
    return training


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model.norm": "post", "model.positions": "rotary"},
        {"model.kind": "encoder-decoder", "model.layers": 1},
        {"model.dropout": 0.3, "train.accumulate": 2},
    ],
    ids=str,
)
def test_a_product_is_how_the_gradient_changes(changes):
    training = trained(TINY.replace(changes))
    model, batches = training.model.double(), training.batches(5)
    model.eval()
    assert any(isinstance(module, torch.nn.LayerNorm) for module in model.modules())
    hessian = Hessian(model, batches)
    vector = torch.randn(hessian.size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shift = torch.split(vector, [p.numel() for p in hessian.parameters])
    product = hessian.times(vector)  # before the weights move: it goes back through them
    h, sides = 2e-6, []
    for sign in (1, -1):
        with torch.no_grad():
            for p, d in zip(hessian.parameters, shift, strict=True):
                p += sign * h * d.view_as(p)
        gradient = instruments.batch_gradient(model, batches)
        sides.append(torch.cat([g.flatten() for g in gradient.values()]))
        with torch.no_grad():
            for p, d in zip(hessian.parameters, shift, strict=True):
                p -= sign * h * d.view_as(p)
    difference = (sides[0] - sides[1]) / (2 * h)
    assert float((product - difference).norm() / difference.norm()) < 1e-6


def test_the_ends_are_those_of_the_whole_hessian():
    training = trained(SMALL)
    hessian = Hessian(training.model, training.batches(5))
    whole = torch.stack([hessian.times(row) for row in torch.eye(hessian.size)]).double()
    assert float((whole - whole.T).abs().max()) < 1e-4 * float(whole.abs().max())
    values = torch.linalg.eigvalsh((whole + whole.T) / 2)
    found = curvature.ends(hessian)
    assert found == pytest.approx([float(values[0]), float(values[-1])], rel=1e-2)
    scale = torch.rand(hessian.size, generator=torch.Generator().manual_seed(2)) + 0.1
    scaled = scale.double()[:, None] * whole * scale.double()
    (top,) = curvature.ends(hessian, scale, "LA")
    assert top == pytest.approx(float(torch.linalg.eigvalsh((scaled + scaled.T) / 2)[-1]), rel=1e-2)


def test_cockpit_gives_the_same_top_on_an_mlp():
    """Its power iteration stops at 1e-3."""
    model = MLP()
    gradient = instruments.batch_gradient(model, BATCHES[:1])
    for batch, top in zip(BATCHES, Known().top, strict=True):
        assert curvature.ends(Hessian(model, [batch]))[-1] == pytest.approx(top, rel=3e-3)
        with torch.no_grad():
            for name, p in model.named_parameters():
                p -= 0.5 * gradient[name]


@pytest.mark.parametrize("name", ["adamw", "adam"])
def test_adam_divides_by_what_its_own_step_tells(name):
    """From a step without decay: Δθ = −lr · m / P, and m can be read."""
    training = trained(TINY.replace({"optimizer.name": name, "optimizer.weight_decay": 0.0}))
    before = curvature.joined([p.detach().clone() for p in training.named.values()])
    next(training)
    moved = before - curvature.joined([p.detach() for p in training.named.values()])
    state = training.optimizer.state()
    mean = curvature.joined([state[f"{n}/exp_avg"] for n in training.named])
    expected = 3e-3 / 6 * mean / curvature.preconditioner(training)  # reverse's lr is 5e-4
    torch.testing.assert_close(moved, expected, rtol=2e-2, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "own", "divides"),
    [
        ("adamw", 38, True),
        ("adam", 38, True),
        ("sgd", 2, False),
        ("momentum", 3.8, False),
        ("nesterov", 3.8 / 2.8, False),
        ("rmsprop", 2, True),
        ("adagrad", 2, True),
        ("muon", None, False),
    ],
)
def test_each_optimizer_has_its_own_edge(name, own, divides):
    training = trained(TINY.replace({"optimizer.name": name, "optimizer.lr": 0.01}), 2)
    found = curvature.edges(training)
    assert found["plain"] == pytest.approx(200)
    assert found["own"] == (None if own is None else pytest.approx(own * 100))
    assert (curvature.preconditioner(training) is not None) == divides


def test_before_the_first_step_adam_divides_by_nothing_yet():
    found = curvature.curvature(trained(steps=0))
    assert found["divided"] is None
    assert found["top"] > found["bottom"]


def test_measuring_changes_no_bit_and_gives_the_same_again():
    training, twin = trained(), trained()
    progress = []
    first = curvature.curvature(training, lambda done, of: progress.append(done / of))
    assert curvature.curvature(training) == first
    assert progress[0] < progress[-2] <= 1
    assert [next(training).loss for _ in range(3)] == [next(twin).loss for _ in range(3)]


def test_what_is_not_finite_has_no_curvature():
    training = trained(steps=1)
    with torch.no_grad():
        training.named["unembedding.bias"].fill_(torch.nan)
    with pytest.raises(ValueError, match="not finite"):
        curvature.curvature(training)


def test_what_does_not_settle_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(curvature, "MOST", 1)
    monkeypatch.setattr(curvature, "TOLERANCE", 1e-12)
    monkeypatch.setattr(curvature, "BASIS", 4)
    with pytest.raises(ValueError, match=r"did not settle within \d+ Hessian products"):
        curvature.curvature(trained())
    assert np.isfinite(curvature.edges(trained())["plain"])

"""Instruments: per-sample gradients and what is made of them, against Cockpit, plain loops and their identities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tiny_runs import TINY
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.analysis import instruments
from explorer.measure import instruments as measure
from explorer.tasks.base import IGNORE, Batch
from explorer.training.divergence import Diverged
from explorer.training.loop import Training

KINDS = {
    "decoder": TINY,
    "encoder-decoder": TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1}),
    "post-norm, dropout": TINY.replace({"model.norm": "post", "model.dropout": 0.2}),
    "rotary, bfloat16": TINY.replace({"model.positions": "rotary", "train.precision": "bfloat16"}),
    "accumulated": TINY.replace({"train.accumulate": 3}),
}


@dataclass(frozen=True)
class Known:
    """What Cockpit 1.0.2 (torch 2.15, BackPACK 1.7.1, float64) gives for `MLP` below at two steps."""

    norm: tuple = (0.6345131431725022, 0.6229199372265751)
    inner: tuple = (0.5013928458990439, 0.20790102890475973)
    orthogonality: tuple = (0.38886005572687193, 0.5872021886664786)
    to_noise: tuple = (0.16024520459245128, 0.2679573481121041)
    quality: float = -0.7797227803752326
    top: tuple = (3.7173347474829774, 1.5768294741236406)


def filled(*shape: int, k: float) -> Tensor:
    return torch.sin(torch.arange(1, 1 + int(np.prod(shape)), dtype=torch.float64) * k).reshape(shape)


class MLP(nn.Module):
    """6-5-4, tanh, as a model of one position: its logits are (B, 1, 4). Steps are SGD's at 0.5."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4)).double()
        with torch.no_grad():
            for i, parameter in enumerate(self.parameters()):
                parameter.copy_(filled(*parameter.shape, k=1.3 + i) * 0.7)

    def forward(self, tokens: Tensor, source: Tensor | None = None) -> Tensor:
        return self.layers(tokens)[:, None]


BATCHES = [
    Batch(filled(16, 6, k=2.1), (torch.arange(16) % 4)[:, None]),
    Batch(filled(16, 6, k=3.7), ((torch.arange(16) * 3 + 1) % 4)[:, None]),
]


def trained(config=TINY, steps: int = 4) -> Training:
    training = Training(config)
    for _ in range(steps):
        next(training)
    return training


def apart(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """The length of the difference over that of the second."""
    x, y = (torch.cat([of[name].flatten() for name in b]).double() for of in (a, b))
    return float((x - y).norm() / y.norm())


def rounding(training: Training) -> float:
    """How far two orders of the same sums may be apart."""
    return 2e-2 if training.config.train.precision == "bfloat16" else 1e-5


@pytest.fixture(scope="module", params=KINDS)
def training(request) -> Training:
    return trained(KINDS[request.param])


def test_cockpit_gives_the_same_on_an_mlp_with_which_it_can_deal():
    model, known = MLP(), Known()
    step = {name: -0.5 * g for name, g in instruments.batch_gradient(model, BATCHES[:1]).items()}
    length = float(torch.cat([d.flatten() for d in step.values()]).norm())
    direction = {name: d / length for name, d in step.items()}
    ends = []
    for t, batch in enumerate(BATCHES):
        found = instruments.pulls(model, [batch], to_noise=True)
        assert measure.norm_test(found.squares, found.size) == pytest.approx(known.norm[t], rel=1e-9)
        assert measure.inner_test(found.along, found.size) == pytest.approx(known.inner[t], rel=1e-9)
        across = measure.orthogonality_test(found.squares, found.along, found.size)
        assert across == pytest.approx(known.orthogonality[t], rel=1e-9)
        assert found.to_noise == pytest.approx(known.to_noise[t], rel=1e-9)
        ends.append(instruments.pulls(model, [batch], lambda _, direction=direction: direction))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter += step[name]
    quality = measure.step_quality(length, [e.losses for e in ends], [e.slopes for e in ends])
    assert quality == pytest.approx(known.quality, rel=1e-9)


def test_the_samples_gradients_have_the_batchs_as_their_mean(training):
    batches = training.batches(training.step)
    whole = instruments.batch_gradient(training.model.eval(), batches)
    total = {name: torch.zeros_like(g) for name, g in whole.items()}
    for batch in batches:
        each, losses = instruments.sample_gradients(training.model, batch)
        assert losses.shape == (len(batch.tokens),)
        for name, g in each.items():
            assert g.shape == (len(batch.tokens), *whole[name].shape)
            total[name] += g.mean(0) / len(batches)
    assert apart(total, whole) < rounding(training)


def test_a_samples_gradient_is_that_of_a_batch_of_it_alone(training):
    model, batch = training.model.eval(), training.batch(training.step)
    each, _ = instruments.sample_gradients(model, batch)
    one = slice(1, 2)
    alone = Batch(batch.tokens[one], batch.targets[one], None if batch.source is None else batch.source[one])
    share = alone.predicted * len(batch.tokens) / batch.predicted
    own = {name: g * share for name, g in instruments.batch_gradient(model, [alone]).items()}
    assert apart({name: g[1] for name, g in each.items()}, own) < rounding(training)


def test_a_sample_that_asks_more_counts_for_more():
    training = trained()
    batch = training.batch(4)
    targets = batch.targets.clone()
    targets[0, -2:] = IGNORE
    uneven = Batch(batch.tokens, targets)
    each, losses = instruments.sample_gradients(training.model, uneven)
    logits = training.model(uneven.tokens, None)
    by_token = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORE)
    assert losses.mean().item() == pytest.approx(by_token.item(), rel=1e-5)
    whole = instruments.batch_gradient(training.model, [uneven])
    for name, g in each.items():
        torch.testing.assert_close(g.mean(0), whole[name], rtol=1e-4, atol=1e-6)


def test_every_number_is_what_a_plain_loop_over_samples_gives(training):
    found = instruments.read(training)
    model, batches = training.model.eval(), training.batches(training.step)
    rows = []
    for batch in batches:
        each, _ = instruments.sample_gradients(model, batch)
        rows += [torch.cat([g[i].flatten() for g in each.values()]).double() for i in range(len(batch.tokens))]
    B, mean = len(rows), sum(rows) / len(rows)
    size = float(mean @ mean)
    spread = sum(float((row - mean) @ (row - mean)) for row in rows) / (B - 1)
    inner = sum((float(row @ mean) - size) ** 2 for row in rows) / ((B - 1) * B * size**2)
    across = sum(float((row - row @ mean / size * mean).square().sum()) for row in rows) / ((B - 1) * B * size)
    biased = sum((row - mean) ** 2 for row in rows) / B
    expected = {
        "norm": (spread / (B * size)) ** 0.5,
        "inner": inner**0.5,
        "orthogonality": across**0.5,
        "to_noise": float((mean**2 / (biased + 1e-5)).mean()),
        "noise": spread,
        "signal": size - spread / B,
    }
    for name, value in expected.items():
        assert found.numbers[name] == pytest.approx(value, rel=2e-3, abs=1e-4 * size), name


def test_the_norm_test_is_made_of_the_inner_and_the_orthogonality_test(training):
    numbers = instruments.read(training, {instruments.TESTS}).numbers
    assert numbers["norm"] ** 2 == pytest.approx(numbers["inner"] ** 2 + numbers["orthogonality"] ** 2, rel=1e-5)


def test_measuring_in_pieces_gives_the_same(training):
    batches = training.batches(training.step)
    whole = instruments.pulls(training.model, batches, to_noise=True)
    pieces = instruments.pulls(training.model, batches, to_noise=True, largest=1)
    off = 2 * rounding(training)
    assert pieces.size == pytest.approx(whole.size, rel=off)
    assert pieces.to_noise == pytest.approx(whole.to_noise, rel=10 * off)
    np.testing.assert_allclose(pieces.squares, whole.squares, rtol=off)
    np.testing.assert_allclose(pieces.along, whole.along, rtol=off, atol=off * whole.size)


def test_a_run_that_was_measured_goes_on_to_the_bit(training):
    twin = trained(training.config, training.step)
    modes = [module.training for module in training.model.modules()]
    instruments.read(training)
    assert [module.training for module in training.model.modules()] == modes
    assert training.step == twin.step
    for _ in range(3):
        mine, theirs = next(training), next(twin)
        assert (mine.loss, mine.grad_norm, mine.tokens) == (theirs.loss, theirs.grad_norm, theirs.tokens)
    assert torch.equal(training.flat.values, twin.flat.values)


@pytest.mark.parametrize("name", ["adam", "sgd", "momentum", "rmsprop", "adagrad", "muon"])
def test_with_no_optimizer_a_look_ahead_leaves_a_trace(name):
    config = TINY.replace({"optimizer.name": name, "model.layers": 1})
    looked, plain = trained(config, 0), trained(config, 0)
    for _ in range(3):
        with instruments.stepped(looked) as taken:
            assert taken
            assert looked.step == plain.step + 1
        assert next(looked).loss == next(plain).loss
    assert torch.equal(looked.flat.values, plain.flat.values)


@pytest.mark.parametrize("changes", [{}, {"train.label_smoothing": 0.2}, {"train.clip": 0.05}], ids=str)
def test_the_quality_is_of_the_step_that_training_takes(changes):
    training = trained(TINY.replace(changes))
    found = instruments.read(training, {instruments.QUALITY})
    before = {name: p.detach().clone() for name, p in training.named.items()}
    next(training)
    change = torch.cat([(p.detach() - before[name]).flatten() for name, p in training.named.items()]).double()
    ends = []
    for step, weights in ((4, before), (5, {name: p.detach().clone() for name, p in training.named.items()})):
        with torch.no_grad():
            for name, p in training.named.items():
                p.copy_(weights[name])
        each, losses = instruments.sample_gradients(training.model, training.batch(step), criterion=training.criterion)
        flat = torch.cat([g.flatten(1) for g in each.values()], 1).double()
        ends.append((losses.double().numpy(), (flat @ change / change.norm()).numpy()))
    (a, slope), (b, slope_after) = ends
    quality = measure.step_quality(float(change.norm()), (a, b), (slope, slope_after))
    assert found.numbers["quality"] == pytest.approx(quality, rel=1e-3)


def test_the_last_step_of_a_run_has_no_quality():
    training = trained(TINY.replace({"train.steps": 4}))
    assert instruments.read(training, {instruments.QUALITY}).numbers == {"quality": None}
    assert training.step == 4


def test_a_step_that_diverges_has_no_quality(monkeypatch):
    training = trained()

    def break_off(self, lr):
        raise Diverged(4, "the loss is not finite")

    monkeypatch.setattr(Training, "descend", break_off)
    assert instruments.read(training, {instruments.QUALITY}).numbers == {"quality": None}


def test_one_sample_alone_tells_nothing_of_its_spread():
    training = trained(TINY.replace({"train.batch": 1}))
    found = instruments.read(training)
    assert set(found.numbers.values()) == {None}
    assert found.pulls.along == pytest.approx(found.pulls.squares, rel=1e-4)


def test_only_what_is_switched_on_is_measured():
    training = trained()
    assert set(instruments.read(training, {instruments.NOISE}).numbers) == {"noise", "signal"}
    assert set(instruments.read(training, {instruments.NOISE}).milliseconds) == {"samples"}
    assert set(instruments.read(training).milliseconds) == {"samples", instruments.SIGNAL, instruments.QUALITY}

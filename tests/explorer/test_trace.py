"""observe: right gradients at every tap, and no trace of having looked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.config.run import RunConfig
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import mean_loss, observe
from explorer.training.loop import Training
from models.config import ModelConfig
from models.tap import Tap
from models.transformer import build

V, T = 9, 6


def batch() -> Batch:
    g = torch.Generator().manual_seed(1)
    tokens, targets, source = (torch.randint(1, V, (2, T), generator=g) for _ in range(3))
    targets[:, 0] = IGNORE
    source[1, 4:] = 0
    return Batch(tokens, targets, source)


def model_of(**fields: object) -> nn.Module:
    config = ModelConfig(**{"width": 8, "heads": 2, "layers": 2, "context": T, **fields})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    for p in model.parameters():  # away from the initial zeros and ones
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=torch.Generator().manual_seed(p.numel())))
    return model.double().eval()


def slope(model: nn.Module, tap: Tap, direction: Tensor, read: Batch) -> float:
    """Central difference of the loss along `direction` at a tap."""
    losses = []
    for step in (1e-5, -1e-5):
        hook = tap.register_forward_hook(lambda m, args, out, step=step: out + step * direction)
        losses.append(mean_loss(model(read.tokens, read.source), read.targets).item())
        hook.remove()
    return (losses[0] - losses[1]) / 2e-5


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"norm": "post", "activation": "tanh"},
        {"positions": "rotary", "activation": "silu"},
        {"positions": "alibi", "kind": "encoder"},
        {"kind": "encoder-decoder", "positions": "sinusoidal"},
    ],
    ids=["pre", "post", "rotary", "alibi encoder", "encoder-decoder"],
)
def test_gradients_at_every_tap_equal_finite_differences(fields: dict) -> None:
    model, read = model_of(**fields), batch()
    trace = observe(model, read)
    taps = {name: m for name, m in model.named_modules() if isinstance(m, Tap)}
    assert set(trace.values) == set(taps) == set(trace.grads)
    for name, tap in taps.items():
        grad = torch.from_numpy(trace.grads[name].copy())
        direction = torch.empty_like(grad).normal_(generator=torch.Generator().manual_seed(2))
        expected = slope(model, tap, direction, read)
        assert (grad * direction).sum().item() == pytest.approx(expected, rel=1e-5, abs=1e-9), name


def test_a_trace_tells_the_loss_of_each_token_asked() -> None:
    model, read = model_of(), batch()
    trace = observe(model, read)
    logits = torch.from_numpy(trace.values["logits"].copy())
    for row in range(2):
        assert np.isnan(trace.token_loss[row, 0])
        for t in range(1, T):
            expected = -logits[row, t].log_softmax(-1)[read.targets[row, t]]
            assert trace.token_loss[row, t] == pytest.approx(expected.item())
    assert trace.loss == pytest.approx(np.nanmean(trace.token_loss))
    chances, counted = logits.softmax(-1), 2 * (T - 1)
    expected_grad = chances.clone()
    expected_grad.scatter_add_(2, read.targets.clamp_min(0)[..., None], -torch.ones(2, T, 1).double())
    torch.testing.assert_close(torch.from_numpy(trace.grads["logits"][:, 1:].copy()), expected_grad[:, 1:] / counted)


def test_observing_does_not_change_training() -> None:
    config = RunConfig().replace({"model.dropout": 0.1, "train.batch": 4})
    alone, watched = Training(config), Training(config)
    for _ in range(4):
        expected = next(alone)
        observe(watched.model, watched.task.probe())
        step = next(watched)
        assert (step.loss, step.grad_norms) == (expected.loss, expected.grad_norms)


def test_observing_leaves_no_hook_gradient_mode_or_random_state_behind() -> None:
    training = Training(RunConfig().replace({"model.dropout": 0.1, "train.batch": 4}))
    next(training)
    model = training.model
    model.blocks[0].eval()
    modes = [m.training for m in model.modules()]
    grads = [p.grad for p in model.parameters()]
    weights = {k: v.clone() for k, v in training.weights().items()}
    state = torch.get_rng_state()
    dropouts = [d.generator.get_state() for d in training.dropouts]
    observe(model, training.task.probe())
    assert [m.training for m in model.modules()] == modes
    assert [p.grad for p in model.parameters()] == grads == [None] * len(grads)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(d.generator.get_state(), s) for d, s in zip(training.dropouts, dropouts, strict=True))
    assert all(torch.equal(v, weights[k]) for k, v in training.weights().items())
    assert not any(m._forward_hooks or m._backward_hooks for m in model.modules())


def test_a_failing_model_keeps_no_hook_either() -> None:
    model = model_of().train()
    with pytest.raises(IndexError):
        observe(model, Batch(torch.full((1, T), V + 5), torch.zeros(1, T, dtype=torch.long)))
    assert model.training
    assert not any(m._forward_hooks for m in model.modules())


def test_a_trace_is_a_copy_that_training_cannot_rewrite() -> None:
    training = Training(RunConfig().replace({"train.batch": 4, "optimizer.lr": 0.1}))
    trace = observe(training.model, training.task.probe())
    before = {name: value.copy() for name, value in trace.values.items()}
    for _ in range(3):
        next(training)
    assert all(np.array_equal(before[name], value) for name, value in trace.values.items())
    with pytest.raises(ValueError, match="read-only"):
        trace.values["logits"][:] = 0


def test_only_what_is_wanted_is_copied_and_gradients_can_be_left_out() -> None:
    trace = observe(model_of(), batch(), gradients=False, wanted=lambda name: name.endswith(".pattern"))
    assert list(trace.values) == ["blocks.0.attention.pattern", "blocks.1.attention.pattern"]
    assert trace.grads == {}

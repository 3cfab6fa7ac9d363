"""Interventions change what they name, for as long as they last, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hand_made import EVEN, INDUCTION, PREVIOUS, induction_model
from restless_models import HEAD, KINDS, V, batch, hooks_of, loss_of, model_of, next_token, values_of
from torch import Tensor, nn

from explorer.analysis.interventions import (
    ABLATIONS,
    ablation,
    patched,
    repeat_patterns,
    repeated,
    with_temperature,
)
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import mean_loss
from explorer.training.heads import Heads
from models.transformer import attentions


def right_of(model: nn.Module) -> float:
    """The share of the batch's asked tokens that are predicted right, without dropout."""
    targets = batch().targets
    right = values_of(model)["logits"].argmax(-1) == targets.numpy()
    return right.sum() / (targets != IGNORE).sum().item()


def test_a_patched_tap_gives_what_the_edit_makes_of_it() -> None:
    model = model_of()
    before = values_of(model)
    with patched(model, {"blocks.0.mlp.out": torch.zeros_like}):
        inside = values_of(model)
    assert not inside["blocks.0.mlp.out"].any()
    assert np.array_equal(inside["blocks.0.residual_out"], inside["blocks.0.residual_mid"])
    assert all(np.array_equal(before[name], value) for name, value in values_of(model).items())


def test_edits_of_one_tap_follow_one_another() -> None:
    model = model_of()
    with patched(model, {"logits": lambda x: x + 1}, {"logits": lambda x: 2 * x}):
        inside = values_of(model)["logits"]
    assert inside == pytest.approx(2 * (values_of(model)["logits"] + 1))


def test_patching_leaves_no_hook_behind_even_when_it_fails() -> None:
    model = model_of()

    def refuse(x: Tensor) -> Tensor:
        raise ArithmeticError

    with pytest.raises(ArithmeticError), patched(model, {"logits": refuse}):
        model(batch().tokens)
    with pytest.raises(ValueError, match="no tap block"), patched(model, {"logits": refuse, "block": refuse}):
        pass
    assert hooks_of(model) == 0


def test_an_unknown_tap_is_answered_with_the_nearest() -> None:
    misspelt = patched(model_of(), {"blocks.0.attention.patern": torch.zeros_like})
    with pytest.raises(ValueError, match=r"attention\.patern; the nearest is blocks\.0\.attention\.pattern$"), misspelt:
        pass


@pytest.mark.parametrize("fields", KINDS, ids=["decoder", "encoder", "encoder-decoder"])
def test_silencing_a_head_with_zero_equals_switching_it_off(fields: dict) -> None:
    model = model_of(**fields)
    found = ablation(model, batch())
    heads = Heads(model)
    assert list(found.losses) == list(found.rights) == heads.names()
    assert (found.loss, found.right) == pytest.approx((loss_of(model), right_of(model)), abs=1e-6)
    for head in heads.names():
        heads.change("ablate", head, seed=0, step=0)
        assert found.losses[head] == pytest.approx(loss_of(model) - found.loss, abs=1e-6), head
        assert found.rights[head] == pytest.approx(right_of(model) - found.right), head
        heads.change("restore", head, seed=0, step=0)
    assert len(set(found.losses.values())) == len(found.losses)


@pytest.mark.parametrize("fields", KINDS, ids=["decoder", "encoder", "encoder-decoder"])
@pytest.mark.parametrize("kind", ["mean", "resample"])
def test_a_head_that_says_something_else_equals_a_loop(fields: dict, kind: str) -> None:
    model, read = model_of(**fields).eval(), batch()
    changes = ablation(model, read, kind).losses
    before = mean_loss(model(read.tokens, read.source), read.targets).item()
    for path, attention in attentions(model).items():
        out = torch.from_numpy(values_of(model)[f"{path}.head_out"].copy())
        for h in range(attention.heads):
            changed = out.clone()
            if kind == "mean":
                changed[:, h] = out[:, h].flatten(0, 1).mean(0)
            for b in range(len(out)) if kind == "resample" else ():
                changed[b, h] = out[b - 1, h]  # of the sample before, of the first the last
            hook = attention.head_out.register_forward_hook(lambda _m, _a, _out, changed=changed: changed)
            after = mean_loss(model(read.tokens, read.source), read.targets).item()
            hook.remove()
            assert changes[f"{path}.{h}"] == pytest.approx(after - before, abs=1e-6)


@pytest.mark.parametrize("fields", KINDS, ids=["decoder", "encoder", "encoder-decoder"])
def test_a_head_started_afresh_is_the_one_that_the_event_would_start(fields: dict) -> None:
    model = model_of(**fields)
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    found = ablation(model, batch(), "afresh", seed=3, step=40)
    assert all(torch.equal(p, weights[name]) for name, p in model.named_parameters())
    for head, change in found.losses.items():
        Heads(model).change("reset", head, seed=3, step=40)
        assert change == pytest.approx(loss_of(model) - found.loss, abs=1e-6), head
        model.load_state_dict(weights)
    assert ablation(model, batch(), "afresh", seed=3, step=41).losses != found.losses


def test_silencing_a_head_that_says_nothing_changes_nothing_at_all() -> None:
    model = model_of()
    Heads(model).change("ablate", HEAD, seed=0, step=0)
    for kind in ABLATIONS:
        changes = ablation(model, batch(), kind).losses
        assert changes.pop(HEAD) == 0
        assert all(changes.values())
    assert model.blocks[0].attention.head_gain.tolist() == [1, 0]


def test_ablating_nothing_changes_nothing() -> None:
    model = model_of()
    before = loss_of(model)
    with patched(model):
        assert loss_of(model) == before
    with patched(model, {"blocks.0.attention.head_out": torch.clone}):
        assert loss_of(model) == before


def test_ablation_finds_the_heads_that_matter() -> None:
    tokens = repeated(10, 8, 16, torch.Generator().manual_seed(1))
    targets = tokens.roll(-1, 1)
    targets[:, :8] = targets[:, -1:] = IGNORE  # asked within the second half
    model = induction_model(10, 8)
    for kind in ABLATIONS:
        found = ablation(model, Batch(tokens, targets), kind)
        assert min(found.losses[PREVIOUS], found.losses[INDUCTION]) > 1
        assert max(found.rights[PREVIOUS], found.rights[INDUCTION]) < -0.4
        if kind != "afresh":  # a head that knows nothing may learn to disturb
            assert {found.losses[head] for head in EVEN} == {0}


def test_ablation_leaves_no_hook_gradient_mode_or_random_state_behind() -> None:
    model = model_of()
    model.blocks[0].eval()
    modes = [m.training for m in model.modules()]
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    state = torch.get_rng_state()
    for kind in ABLATIONS:
        ablation(model, batch(), kind)
    next_token(model, batch(), 2, with_temperature(model, HEAD, 2.0))
    repeat_patterns(model, repeated(V, 3, 2, torch.Generator().manual_seed(0)))
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(p, weights[name]) and p.grad is None for name, p in model.named_parameters())
    assert hooks_of(model) == 0
    assert not any("forward" in vars(m) for m in model.modules())


@pytest.mark.parametrize("kind", ABLATIONS)
def test_a_failing_ablation_leaves_the_model_whole(kind: str) -> None:
    model = model_of()
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    passes = 0

    def fail(*_: object) -> None:
        nonlocal passes
        passes += 1
        if passes == 5:  # while the second layer's last head is replaced
            raise ArithmeticError

    hook = model.unembedding.register_forward_pre_hook(fail)
    with pytest.raises(ArithmeticError):
        ablation(model, batch(), kind)
    hook.remove()
    assert hooks_of(model) == 0
    assert not any("forward" in vars(m) for m in model.modules())
    assert all(torch.equal(p, weights[name]) for name, p in model.named_parameters())


def test_an_unknown_ablation_is_refused() -> None:
    with pytest.raises(ValueError, match="kind=noise is no ablation; use zero, mean, resample or afresh"):
        ablation(model_of(), batch(), "noise")


def test_another_samples_output_needs_another_sample() -> None:
    one = Batch(batch().tokens[:1], batch().targets[:1])
    with pytest.raises(ValueError, match="a batch of one has no other sample; use two or more"):
        ablation(model_of(), one, "resample")


@pytest.mark.parametrize("kind", ABLATIONS)
def test_a_model_that_diverged_is_refused_in_words(kind: str) -> None:
    model = model_of()
    model.blocks[0].attention.project.weight.data.fill_(math.nan)
    with pytest.raises(ValueError, match="the loss is not finite here"):
        ablation(model, batch(), kind)

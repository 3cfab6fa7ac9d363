"""Interventions change what they name, for as long as they last, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hand_made import EVEN, INDUCTION, PREVIOUS, induction_model
from torch import Tensor, nn

from explorer.heads import Heads
from explorer.interventions import (
    ABLATIONS,
    ablation,
    next_token,
    patched,
    repeat_patterns,
    repeated,
    with_row,
    with_temperature,
)
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import mean_loss, observe
from models.config import ModelConfig
from models.transformer import attentions, build

V, T = 9, 6
HEAD = "blocks.0.attention.1"
KINDS = [
    {},
    {"kind": "encoder", "norm": "post", "positions": "alibi"},
    {"kind": "encoder-decoder", "positions": "rotary"},
]


def model_of(**fields: object) -> nn.Module:
    """A small model in training mode, with dropout, away from its initial even attention."""
    config = ModelConfig(**{"width": 16, "heads": 2, "layers": 2, "context": T, "dropout": 0.1, **fields})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    g = torch.Generator().manual_seed(2)
    for p in model.parameters():
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=g))
    return model


def batch() -> Batch:
    g = torch.Generator().manual_seed(1)
    tokens, targets, source = (torch.randint(1, V, (4, T), generator=g) for _ in range(3))
    targets[:, 0] = IGNORE
    source[1, 4:] = 0
    return Batch(tokens, targets, source)


def values_of(model: nn.Module, read: Batch | None = None) -> dict[str, np.ndarray]:
    """Every tap's value."""
    return observe(model, read or batch(), gradients=False).values


def loss_of(model: nn.Module) -> float:
    """The loss on the batch, without dropout."""
    return observe(model, batch(), gradients=False).loss


def right_of(model: nn.Module) -> float:
    """The share of the batch's asked tokens that are predicted right, without dropout."""
    targets = batch().targets
    right = values_of(model)["logits"].argmax(-1) == targets.numpy()
    return right.sum() / (targets != IGNORE).sum().item()


def hooks_of(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


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


def test_temperature_one_changes_no_bit() -> None:
    model = model_of(positions="alibi")
    before = values_of(model)
    with patched(model, with_temperature(model, HEAD, 1.0)):
        inside = values_of(model)
    assert all(np.array_equal(before[name], value) for name, value in inside.items())


def test_a_cold_head_looks_at_its_best_key_and_a_hot_one_everywhere() -> None:
    model = model_of()
    scores, before = (values_of(model)[f"blocks.0.attention.{tap}"] for tap in ("scores", "pattern"))
    with patched(model, with_temperature(model, HEAD, 1e-3)):
        cold = values_of(model)["blocks.0.attention.pattern"]
    with patched(model, with_temperature(model, HEAD, 1e3)):
        hot = values_of(model)["blocks.0.attention.pattern"]
    assert cold[:, 1] == pytest.approx(np.eye(T)[scores[:, 1].argmax(-1)], abs=1e-2)
    seen = np.tril(np.ones((T, T)))
    assert hot[:, 1] == pytest.approx(np.broadcast_to(seen / seen.sum(-1, keepdims=True), hot[:, 1].shape), abs=1e-2)
    assert np.array_equal(cold[:, 0], before[:, 0])
    assert np.array_equal(hot[:, 0], before[:, 0])


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf"), 1e-9])
def test_a_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature=.* use 0.001 to 1000"):
        with_temperature(model_of(), HEAD, temperature)


def test_an_edited_row_changes_that_row_and_what_follows_from_it() -> None:
    model, query = model_of(), 3
    before = values_of(model)
    with patched(model, with_row(model, HEAD, query, [2, 0, 1, 1, 5, 5])):  # the last two are the future
        inside = values_of(model)
    pattern = inside["blocks.0.attention.pattern"].copy()
    assert pattern[:, 1, query] == pytest.approx(np.tile([0.5, 0, 0.25, 0.25, 0, 0], (4, 1)))
    pattern[:, 1, query] = before["blocks.0.attention.pattern"][:, 1, query]
    assert np.array_equal(pattern, before["blocks.0.attention.pattern"])
    moved = np.abs(inside["logits"] - before["logits"]).max((0, 2)) > 0
    assert moved.tolist() == [False, False, False, True, True, True]  # it never reaches the past


def test_a_row_written_as_it_was_changes_nothing() -> None:
    model = model_of()
    row = values_of(model)["blocks.0.attention.pattern"][0, 1, 4].tolist()
    assert next_token(model, batch(), 4, with_row(model, HEAD, 4, row)) == pytest.approx(
        next_token(model, batch(), 4), abs=1e-6
    )


def test_a_row_keeps_off_the_padding_of_a_source() -> None:
    model = model_of(kind="encoder-decoder")
    with patched(model, with_row(model, "decoder.blocks.1.cross.0", 2, [0, 1, 0, 0, 3, 0])):
        inside = values_of(model)["decoder.blocks.1.cross.pattern"][:, 0, 2]
    assert inside[0] == pytest.approx([0, 0.25, 0, 0, 0.75, 0])
    assert inside[1] == pytest.approx([0, 1, 0, 0, 0, 0])  # sample 1's source ends after four tokens


@pytest.mark.parametrize(
    ("query", "weights", "says"),
    [
        (3, [1, -0.5, 0, 0, 0, 0], "weight -0.5 of key 2"),
        (3, [1, float("nan"), 0, 0, 0, 0], "weight nan of key 2"),
        (3, [0, 0, 0, 0, 1, 1], "no weight is left on the keys that query 4 sees"),
        (3, [1, 1], "query 4 and 2 weights do not fit 6 queries and 6 keys"),
        (6, [1, 1, 1, 1, 1, 1], "query 7 and 6 weights do not fit"),
    ],
)
def test_a_row_that_cannot_be_is_refused(query: int, weights: list[float], says: str) -> None:
    model = model_of()
    with pytest.raises(ValueError, match=says):
        next_token(model, batch(), 3, with_row(model, HEAD, query, weights))
    assert hooks_of(model) == 0


@pytest.mark.parametrize("head", ["blocks.0.attention.2", "blocks.0.attention", "1.2", "blocks.0.attention.-1"])
def test_an_unknown_head_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match=r"there is no head .*; heads are blocks\.0\.attention\.0, "):
        with_temperature(model_of(), head, 2.0)
    with pytest.raises(ValueError, match="there is no head"):
        with_row(model_of(), head, 0, [1.0] * T)


def test_the_next_token_moves_with_the_edits_and_together_they_add_up() -> None:
    model, read = model_of(), batch()
    before = next_token(model, read, 4)
    logits = torch.from_numpy(values_of(model, read)["logits"][0, 4].copy())
    assert before == pytest.approx(logits.softmax(-1).numpy())
    assert before.sum() == pytest.approx(1)
    row, cold = with_row(model, HEAD, 4, [0, 1, 0, 0, 0, 0]), with_temperature(model, "blocks.0.attention.0", 0.1)
    after = [next_token(model, read, 4, *edits) for edits in ((row,), (cold,), (row, cold))]
    assert len({tuple(p) for p in (before, *after)}) == 4


def test_a_repeated_sequence_says_the_same_twice_without_what_is_excluded() -> None:
    tokens = repeated(12, 8, 50, torch.Generator().manual_seed(0), exclude=(0, 3))
    assert tokens.shape == (50, 16)
    assert torch.equal(tokens[:, :8], tokens[:, 8:])
    assert set(tokens.unique().tolist()) == set(range(12)) - {0, 3}
    assert all(len(row.unique()) == 8 for row in tokens)  # nothing else to look back to
    assert torch.equal(tokens, repeated(12, 8, 50, torch.Generator().manual_seed(0), exclude=(0, 3)))
    assert not torch.equal(tokens[0], tokens[1])


def test_a_small_vocabulary_is_used_up_before_a_token_comes_again() -> None:
    tokens = repeated(5, 8, 20, torch.Generator().manual_seed(0))
    assert all(len(row[:5].unique()) == 5 and len(row[5:8].unique()) == 3 for row in tokens)


def test_too_short_a_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="n=2 tokens said twice do not tell heads apart; use 3 or more"):
        repeated(5, 2, 1, torch.Generator())


@pytest.mark.parametrize("fields", KINDS, ids=["decoder", "encoder", "encoder-decoder"])
def test_every_self_attention_reads_the_repeated_sequence(fields: dict) -> None:
    model = model_of(**fields)
    tokens = repeated(V, 3, 5, torch.Generator().manual_seed(0), exclude=(0,))
    found = repeat_patterns(model, tokens)
    assert list(found) == [path for path in attentions(model) if path.endswith(".attention")]
    for patterns in found.values():
        assert patterns.shape == (5, 2, T, T)
        assert patterns.sum(-1) == pytest.approx(np.ones((5, 2, T)))
    if fields.get("kind") == "encoder-decoder":
        assert not np.triu(found["decoder.blocks.0.attention"], 1).any()
        assert np.triu(found["encoder.blocks.0.attention"], 1).any()


def test_a_sequence_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ValueError, match="the model reads 6 tokens and these are 8; use fewer"):
        repeat_patterns(model_of(), repeated(V, 4, 1, torch.Generator()))

"""Backpropagation box by box: autograd's gradients, the rules by hand, and parts that add up to the whole."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.backward import Pass, by_hand, exact, run, tapped
from explorer.analysis.highways import highways
from explorer.config.run import RunConfig
from explorer.measure.backward import LISTED, Linear, logits_gradient
from explorer.measure.slopes import SLOPES
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import mean_loss, observe, token_losses
from explorer.training.heads import Heads
from explorer.training.loop import Training
from models.config import ModelConfig
from models.transformer import ACTIVATIONS, build

V, T, S, PICKED = 9, 6, 5, 3
VARIANTS = {
    "decoder": {},
    "post": {"norm": "post", "activation": "tanh"},
    "rotary": {"positions": "rotary", "activation": "silu"},
    "alibi post": {"positions": "alibi", "norm": "post", "activation": "relu"},
    "encoder": {"kind": "encoder", "positions": "sinusoidal"},
    "encoder none": {"kind": "encoder", "positions": "none"},
    "translator": {"kind": "encoder-decoder"},
    "translator post rotary": {"kind": "encoder-decoder", "norm": "post", "positions": "rotary"},
}
VARIANTS |= {  # what the presets that fail on purpose are made of
    "bare": {"norm": "none", "scale": "none", "activation": "sigmoid", "mask": "none"},
    "no skip": {"residual": "none"},
    "no skip post": {"residual": "none", "norm": "post"},
    "translator no skip": {"kind": "encoder-decoder", "residual": "none", "norm": "none"},
}
TARGETS = [None, PICKED]


@cache
def model_of(name: str) -> nn.Module:
    config = ModelConfig(**{"width": 8, "heads": 2, "layers": 2, "context": 8, **VARIANTS[name]})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    for p in model.parameters():  # away from the initial zeros and ones
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=torch.Generator().manual_seed(p.numel())))
    return model.double().eval()


def batch(size: int = 1) -> Batch:
    g = torch.Generator().manual_seed(1)
    tokens, targets = (torch.randint(1, V, (size, T), generator=g) for _ in range(2))
    source = torch.randint(1, V, (size, S), generator=g)
    targets[:, 0] = IGNORE
    source[0, 4:] = 0  # padding, hidden from every query
    return Batch(tokens, targets, source)


@cache
def passed(name: str, target: int | None) -> Pass:
    return run(model_of(name), batch(), target)


every = pytest.mark.parametrize(("name", "target"), [(name, target) for name in VARIANTS for target in TARGETS])


def close(shown, expected) -> None:
    np.testing.assert_allclose(shown, expected, rtol=1e-9, atol=1e-12)


@every
def test_each_rule_by_hand_is_autograds_for_every_entry(name: str, target: int | None) -> None:
    of = passed(name, target)
    for box in filter(tapped, of.boxes.values()):
        hand, theirs = by_hand(of, box).leaves(), of.handed(box)
        assert set(theirs) == {
            role for role in (*box.reads, *box.weights) if box.kind != "embedding" or role == "table"
        }
        for role, g in theirs.items():
            close(hand[role], exact(g[0] if role in box.reads else g))


@every
def test_what_its_readers_hand_on_adds_up_to_the_gradient_of_a_box(name: str, target: int | None) -> None:
    of = passed(name, target)
    for id, g in of.grads.items():
        parts = [of.handed(reader)[role] for reader, role in of.readers(id) if tapped(reader)]
        if id != "logits":
            close(exact(sum(parts)), exact(g))


@every
def test_it_ends_where_it_begins_p_minus_onehot_over_the_tokens_asked(name: str, target: int | None) -> None:
    of = passed(name, target)
    logits, got = exact(of.values["logits"][0]), exact(of.grads["logits"][0])
    positions = [target] if target is not None else list(range(1, T))
    for t in range(T):
        p = np.exp(logits[t]) / np.exp(logits[t]).sum()
        expected = (p - np.eye(V)[of.batch.targets[0, t].item()]) / len(positions) if t in positions else np.zeros(V)
        close(got[t], expected)
    entropy = by_hand(of, of.boxes["loss"])
    close(by_hand(of, of.boxes["chances"]).leaves()["z"], got)
    close(logits_gradient(entropy.p, entropy.targets), got)
    close(-np.log(entropy.p[entropy.predicted, entropy.targets[entropy.predicted]]).mean(), of.loss.item())


@every
def test_weights_get_what_the_whole_backward_pass_gives_them(name: str, target: int | None) -> None:
    of = passed(name, target)
    logits = of.model(of.batch.tokens, of.batch.source)
    names = dict(of.model.named_parameters())
    expected = torch.autograd.grad(mean_loss(logits, of.targets), list(names.values()))
    found: dict[str, list] = {}
    for box in filter(tapped, of.boxes.values()):
        for role, g in of.handed(box).items():
            if role in box.weights:
                found.setdefault(box.weights[role], []).append(g)
    assert set(found) == set(names)
    for (weight, _), g in zip(names.items(), expected, strict=True):
        close(exact(torch.cat(found[weight])), exact(g))


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_are_those_that_observe_gives(name: str) -> None:
    of, trace = passed(name, None), observe(model_of(name), batch())
    shown = [id for id in of.grads if not id.endswith(".in")]
    assert len(shown) > 15
    for id in shown:
        close(exact(of.grads[id]), trace.grads[id])
        close(exact(of.values[id]), trace.values[id])


@pytest.mark.parametrize("name", ["decoder", "post", "translator"])
def test_the_gradient_of_one_tokens_loss_equals_finite_differences(name: str) -> None:
    of = passed(name, PICKED)
    modules = dict(of.model.named_modules())
    taps = [id for id in of.grads if id in modules]
    for id in taps[:: len(taps) // 8]:
        g = of.grads[id]
        direction = torch.empty_like(g).normal_(generator=torch.Generator().manual_seed(2))
        losses = []
        for step in (1e-5, -1e-5):
            hook = modules[id].register_forward_hook(lambda m, a, out, by=step, way=direction: out + by * way)
            with torch.no_grad():
                losses.append(token_losses(of.model(of.batch.tokens, of.batch.source), of.batch.targets)[0, PICKED])
            hook.remove()
        assert (g * direction).sum().item() == pytest.approx(
            (losses[0] - losses[1]).item() / 2e-5, rel=1e-5, abs=1e-9
        ), id


def test_one_tokens_loss_reaches_only_what_came_before_it() -> None:
    of = passed("decoder", PICKED)
    assert of.loss.item() == pytest.approx(observe(of.model, of.batch).token_loss[0, PICKED])
    for id, g in of.grads.items():
        if g.ndim == 3:
            assert not g[0, PICKED + 1 :].any(), id
    assert of.grads["token_embedding"][0, : PICKED + 1].any(-1).all()
    assert not of.grads["logits"][0, :PICKED].any()


@every
def test_an_entry_worked_out_is_that_entry(name: str, target: int | None) -> None:
    of = passed(name, target)
    for box in of.boxes.values():
        if box.kind == "tokens":
            continue
        hand = by_hand(of, box)
        for role in (*box.reads, *(["table"] if box.kind == "embedding" else [])):
            whole = hand.leaves()[role]
            for at in (tuple(n - 1 for n in whole.shape), tuple(n // 2 for n in whole.shape)):
                words, value = hand.worked(role, at)
                assert words
                assert value == pytest.approx(whole[at], rel=1e-9, abs=1e-12), (box.id, role, at)


def test_a_sum_is_written_out_by_its_largest_terms() -> None:
    words, value = Linear(np.array([[1e-5, 2.0, -0.5, 0.0, 30.0]]), np.ones((1, 1)), np.ones((5, 1))).worked(
        "x", (0, 0)
    )
    assert words == "2·1 − 0.5·1 + 30·1 + … 2 more"
    assert words.count("·") == LISTED
    assert value == pytest.approx(31.50001)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activations_slope_is_that_of_the_activation(name: str) -> None:
    x = torch.linspace(-4, 4, 41, dtype=torch.float64).add_(0.01).requires_grad_()
    (slope,) = torch.autograd.grad(ACTIVATIONS[name](x).sum(), x)
    close(SLOPES[name](exact(x)), exact(slope))


def test_a_head_that_is_switched_off_gets_a_gradient_and_hands_none_on() -> None:
    training = Training(RunConfig.preset("reverse").replace({"model.width": 16, "model.heads": 2, "model.context": 32}))
    Heads(training.model).change("ablate", "blocks.0.attention.1", 0, 0)
    of = run(training.model, training.task.probe())
    assert of.grads["blocks.0.attention.head_out"][0, 1].any()
    for part in ("queries", "keys", "values", "pattern"):
        assert not of.grads[f"blocks.0.attention.{part}"][0, 1].any()
    box = of.boxes["blocks.0.attention.head_out"]
    assert not by_hand(of, box).leaves()["v"][1].any()


@pytest.mark.parametrize("name", VARIANTS)
def test_highways_parts_add_up_to_the_whole(name: str) -> None:
    forks, attentions = highways(model_of(name), batch(2))
    two = name.startswith("translator")
    assert len(forks) == (10 if two else 4)
    assert len(attentions) == (6 if two else 2)
    trace = observe(model_of(name), batch(2))
    for row in forks:
        assert (row.skip == 0) == ("no skip" in name)
        together = row.skip**2 + row.block**2 + 2 * row.cosine * row.skip * row.block
        assert together == pytest.approx(row.whole**2, rel=1e-9)
        assert row.whole == pytest.approx(np.linalg.norm(trace.grads[row.at]), rel=1e-9)
    for row in attentions:
        parts, heads = row.parts, row.heads
        assert sum(part.share for part in parts.values()) == pytest.approx(1)
        assert sum(head.share for head in heads) == pytest.approx(1)
        assert (row.memory > 0) == row.at.endswith(".cross")
        for kind, part in parts.items():
            assert part.gradient == pytest.approx(np.linalg.norm(trace.grads[f"{row.at}.{kind}"]))
        for kind in ("out", "pattern"):
            tap = trace.grads[f"{row.at}.{'head_out' if kind == 'out' else kind}"]
            assert [getattr(head, kind) for head in heads] == pytest.approx(
                [np.linalg.norm(tap[:, h]) for h in range(2)]
            )


@pytest.mark.parametrize("name", ["decoder", "post"])
def test_the_skip_path_hands_the_gradient_on_unchanged(name: str) -> None:
    of = passed(name, None)
    adds = [box for box in of.boxes.values() if box.kind == "add"]
    for box in adds:
        back = of.handed(box)
        assert torch.equal(back["x"], of.grads[box.id])
        assert torch.equal(back["y"], of.grads[box.id])
        close(exact(of.values[box.reads["x"]] + of.values[box.reads["y"]]), exact(of.values[box.id]))


@pytest.mark.parametrize(
    ("target", "words"), [(0, "nothing is asked at position 0"), (6, "position=6 .* use 0 to 5"), (-1, "use 0 to 5")]
)
def test_a_target_that_is_not_there_is_refused(target: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        run(model_of("decoder"), batch(), target)


def test_an_input_of_which_nothing_is_asked_is_refused() -> None:
    silent = Batch(batch().tokens, torch.full((1, T), IGNORE))
    with pytest.raises(ValueError, match="nothing is asked of this input"):
        run(model_of("decoder"), silent)


def test_looking_changes_nothing() -> None:
    config = RunConfig().replace({"model.dropout": 0.1, "train.batch": 4})
    alone, watched = Training(config), Training(config)
    for _ in range(3):
        expected = next(alone)
        run(watched.model, watched.task.probe())
        highways(watched.model, watched.task.probe())
        step = next(watched)
        assert (step.loss, step.grad_norms) == (expected.loss, expected.grad_norms)
    modules = list(watched.model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in modules)
    assert all(m.training for m in modules)
    assert not any(p.grad is not None for p in watched.model.parameters())

"""The NaN autopsy: it names the operation that broke first, and what went into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

import pytest
import torch
from tiny_runs import TINY

from explorer.analysis.autopsy import autopsy, trail
from explorer.config.run import RunConfig
from explorer.measure.names import tap_words
from explorer.training.loop import Diverged, Training

THOUSANDFOLD = RunConfig.preset("addition").replace({"train.clip": None, "optimizer.lr": 5.0, "train.batch": 16})
PROJECT = "blocks.1.attention.project.weight"


def broken(config: RunConfig, plant: Callable[[dict], object] = lambda named: None) -> tuple[Training, str]:
    """A training that cannot take its next step, and what it said. plant: what a hand did to the weights."""
    training = Training(config)
    for _ in range(2):
        next(training)
    with torch.no_grad():
        plant(training.named)
    with pytest.raises(Diverged) as said:
        deque(islice(training, 60), maxlen=0)
    return training, said.value.what


def fill(name: str, where: object, value: float) -> Callable[[dict], object]:
    """A hand that writes `value` somewhere into a parameter."""
    return lambda named: named[name].__setitem__(where, value)


def large_scores(named: dict) -> None:
    """A hand that makes queries and keys so large that their products are not finite."""
    named["blocks.0.attention.project.weight"][: 2 * TINY.model.width].mul_(1e22)


def test_a_preset_at_a_thousandfold_rate_dies_in_a_norm_whose_squares_are_too_large():
    training, said = broken(THOUSANDFOLD)
    found = autopsy(training)
    assert (found.kind, found.fault.operation) == ("forward", "native_layer_norm")
    assert "LayerNorm" in found.words
    assert f"{found.fault.place}.out" in said  # as the training said when it stopped
    size = abs(found.fault.inputs[0].largest[0][1])
    assert size < 3.4e38 < size**2 * training.config.model.width
    assert found.fault.output.nan > 0


def test_scores_that_overflow_are_told_with_the_largest_product():
    training, said = broken(TINY, large_scores)
    found = autopsy(training)
    assert found.words == "the scores of layer 1"
    assert "blocks.0.attention.scores" in said
    mask, queries, keys = found.fault.inputs
    assert [x.name for x in (mask, queries, keys)] == ["mask", "queries", "keys"]
    assert mask.minus == pytest.approx(66 / 144)  # what a causal mask of 12 × 12 hides
    assert queries.minus == keys.nan == 0
    assert 3.4e38 < found.fault.exact <= 8 * abs(queries.largest[0][1] * keys.largest[0][1])


def test_scores_overflow_in_bfloat16_too():
    found = autopsy(broken(TINY.replace({"train.precision": "bfloat16"}), large_scores)[0])
    assert found.words == "the scores of layer 1"
    assert [x.name for x in found.fault.inputs] == ["queries", "keys"]


@pytest.mark.parametrize(
    ("config", "name", "where", "value", "words"),
    [
        (TINY, "unembedding.weight", (0, 0), 3e38, "the logits"),
        (TINY, "blocks.0.mlp.expand.weight", (slice(None), 0), 3e38, "the MLP’s first layer of layer 1"),
        (TINY, "blocks.0.mlp.contract.weight", (slice(None), 0), 1e30, "the attention’s LayerNorm of layer 2"),
        (TINY, "embedding.weight", (slice(None), 0), 1e38, "the attention’s LayerNorm of layer 1"),
        (
            TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1}),
            "decoder.blocks.0.cross.project.weight",
            (slice(None), 0),
            3e19,
            "cross-attention: the scores of the decoder’s layer 1",
        ),
        (
            TINY.replace({"model.norm": "post", "model.dropout": 0.1}),
            "blocks.1.mlp.contract.bias",
            slice(None, 8),
            1e30,
            "the MLP’s LayerNorm of layer 2",
        ),
    ],
)
def test_a_weight_that_is_too_large_breaks_the_operation_that_uses_it(config, name, where, value, words):
    found = autopsy(broken(config, fill(name, where, value))[0])
    assert (found.kind, found.words, found.fault.weight) == ("forward", words, None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_not_finite_is_named_itself(value):
    found = autopsy(broken(TINY, fill(PROJECT, (3, 4), value))[0])
    assert (found.kind, found.weight.name, found.weight.count, found.weight.first) == ("weight", PROJECT, 1, [3, 4])
    assert found.weight.user == "queries, keys and values of layer 2"
    assert found.trail[-1].tap.startswith("blocks.1.attention.")


def test_an_overflow_on_the_way_back_is_named_as_such():
    def plant(named: dict) -> None:
        named["blocks.1.mlp.contract.weight"].mul_(1e-22)
        named["blocks.1.mlp_norm.weight"].mul_(1e20)
        named["unembedding.weight"].mul_(1e20)

    training, said = broken(TINY, plant)
    assert said.startswith("the gradient is not finite")
    found = autopsy(training)
    assert (found.kind, found.words) == ("backward", "the backward pass of the MLP’s output of layer 2")
    assert found.fault.exact > 3.4e38
    assert all(held.wrong == 0 for held in found.trail)


def test_squares_too_large_to_add_up_are_no_operations_fault():
    def plant(named: dict) -> None:
        named["blocks.1.mlp.contract.weight"].mul_(1e-25)
        named["blocks.1.mlp_norm.weight"].mul_(1e23)

    training, said = broken(TINY, plant)
    assert said.endswith("too large for float32")
    found = autopsy(training)
    assert (found.kind, found.gradient.name) == ("norm", "blocks.1.mlp.contract.weight")
    size = abs(found.gradient.largest[0][1])
    assert size < 3.4e38 < size**2 * training.named[found.gradient.name].numel()


def test_a_step_that_can_be_taken_has_no_fault():
    assert autopsy(Training(TINY)).kind == "none"


def test_an_autopsy_changes_no_weight_and_no_later_step():
    examined, alone = (Training(TINY.replace({"model.dropout": 0.1, "train.accumulate": 2})) for _ in range(2))
    for training in (examined, alone):
        next(training)
    autopsy(examined)
    trail(examined)
    assert [next(examined).loss for _ in range(2)] == [next(alone).loss for _ in range(2)]
    assert torch.equal(examined.flat.values, alone.flat.values)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in examined.model.modules())


def test_a_trail_tells_every_tap_in_order():
    training = Training(TINY)
    found = {held.tap: held.largest for held in trail(training)}
    assert next(iter(found)) == "token_embedding"
    assert list(found)[-1] == "logits"
    assert found["blocks.0.attention.pattern"] == 1  # the first position sees itself alone


@pytest.mark.parametrize(
    ("tap", "words"),
    [
        ("blocks.1.attention.scores", "the scores of layer 2"),
        ("blocks.0.attention_norm.out", "the attention’s LayerNorm of layer 1"),
        ("blocks.0.mlp.out", "the MLP’s output of layer 1"),
        ("decoder.blocks.0.cross.pattern", "cross-attention: the attention pattern of the decoder’s layer 1"),
        ("encoder.token_embedding", "the token embedding of the encoder"),
        ("logits", "the logits"),
    ],
)
def test_taps_have_plain_names(tap, words):
    assert tap_words(tap) == words


def test_a_run_without_layernorm_has_none_on_its_way():
    training = Training(TINY.replace({"model.norm": "none"}))
    next(training)
    words = [past.words for past in trail(training)]
    assert "the stream of layer 1" in words
    assert not [word for word in words if "LayerNorm" in word]

"""Rules of the diagnosis on made-up records: each fires for its reason alone, and says so with the numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.measure import diagnosis, symptoms
from explorer.measure.diagnosis import Recorded, from_record
from explorer.measure.recurrence import reach
from explorer.measure.symptoms import Units

NAMES = [
    "embedding.weight",
    *(f"blocks.{i}.{part}.weight" for i in range(3) for part in ("attention_norm", "attention.project", "mlp.expand")),
    "unembedding.weight",
]
P, N = len(NAMES), 50
OF_LAYER = {i: slice(1 + 3 * i, 4 + 3 * i) for i in range(3)}


def healthy(**changes: Any) -> Recorded:
    """A training in which nothing is wrong, at step 150."""
    record = Recorded(
        names=NAMES,
        steps=np.arange(100, 100 + N),
        loss=np.full(N, 2.0),
        lr=np.full(N, 1e-3),
        grad_norm=np.full(N, 0.8),
        clipped=np.full(N, 0.8),
        norms=np.full((N, P), 0.2),
        ratios=np.full((N, P), 1e-3),
        early_ratios=np.full((10, P), 2e-2),
        first_loss=3.31,
        first_norm=0.9,
        peak_lr=1e-3,
        guess=3.3,
    )
    return replace(record, **changes)


def fired(record: Recorded) -> dict[str, diagnosis.Finding]:
    return {finding.rule: finding for finding in from_record(record)}


def test_nothing_fires_where_nothing_is_wrong_and_the_numbers_are_told() -> None:
    assert fired(healthy()) == {}
    assert diagnosis.calm(healthy()) == ("No rule fires: over the last 50 steps the update ratio is 0.001.")


def test_where_most_steps_are_clipped_nobody_says_that_nothing_is_wrong() -> None:
    record = healthy()
    clipped = np.where(np.arange(N) % 4 > 0, record.grad_norm / 2, record.grad_norm)
    record = replace(record, clipped=clipped)
    assert fired(record) == {}, "half of a gradient is no fault by itself"
    said = diagnosis.calm(record)
    assert said.startswith("No rule fires, but 74\N{NARROW NO-BREAK SPACE}% of the last 50 steps were clipped")
    assert "Nothing wrong" not in said


def test_a_layer_with_a_hundredth_of_the_gradient_is_named_and_just_above_it_is_not() -> None:
    norms = np.full((N, P), 0.2)
    norms[:, OF_LAYER[0]] = 0.2 * 0.009
    found = fired(healthy(norms=norms))
    assert list(found) == ["vanishing"]
    assert found["vanishing"].evidence == ["blocks.0"]
    assert "layer 1 gets 0.0031, 0.90 % of the 0.35 of layer 2" in found["vanishing"].sentence
    norms[:, OF_LAYER[0]] = 0.2 * 0.011
    assert fired(healthy(norms=norms)) == {}


def test_stacks_are_compared_within_themselves() -> None:
    names = [f"{stack}blocks.{i}.mlp.expand.weight" for stack in ("encoder.", "decoder.") for i in range(2)]
    norms = np.array([[1e-5, 2e-5, 1.0, 2.0]] * N)
    record = healthy(names=names, norms=norms, ratios=np.full((N, 4), 1e-3), early_ratios=np.full((10, 4), 1e-2))
    assert fired(record) == {}
    norms[:, 2] = 1e-3
    assert "decoder layer 1 gets 0.001" in fired(replace(record, norms=norms))["vanishing"].sentence


def test_a_spike_of_a_hundred_times_the_first_gradient_explodes_and_names_its_tensor_and_step() -> None:
    grad_norm, norms = np.full(N, 0.8), np.full((N, P), 0.2)
    grad_norm[30], norms[30, 3] = 95.0, 94.0
    found = fired(healthy(grad_norm=grad_norm, norms=norms))
    assert found["exploding"].evidence == ["blocks.0.mlp.expand.weight", "step 130"]
    assert "at step 130 the gradient’s norm is 95, 106 times that of" in found["exploding"].sentence
    grad_norm[30] = 85.0
    assert "exploding" not in fired(healthy(grad_norm=grad_norm))


def test_a_first_loss_over_that_of_guessing_is_told() -> None:
    found = fired(healthy(first_loss=4.45))
    assert list(found) == ["sure of itself"]
    assert "the first loss was 4.45, and ln V, the loss of even odds, is 3.30" in found["sure of itself"].sentence
    assert fired(healthy(first_loss=3.6)) == {}


def test_updates_as_large_as_the_weights_are_told_with_the_step() -> None:
    early = np.full((10, P), 2e-2)
    early[3] = 0.8
    early[3, 2] = 5.0
    found = fired(healthy(early_ratios=early))["update ratio"]
    assert "step 3 moved half of the matrices by 0.8 times their own size or more" in found.sentence
    assert found.evidence == ["blocks.0.attention.project.weight", "step 3"]
    norms_only = np.full((10, P), 2e-2)
    norms_only[:, [i for i, name in enumerate(NAMES) if "norm" in name]] = 9.0
    assert fired(healthy(early_ratios=norms_only)) == {}


def test_a_norm_that_is_mostly_rounding_is_said_to_be() -> None:
    record = healthy(grad_norm=np.full(N, 6.3e17))
    said = diagnosis.exploding(record, 6.15e9)
    assert said is not None
    assert (
        "In float64 the same weights and batch give 6.15 × 10⁹".replace(" × ", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}")
        in said.sentence
    )
    true = diagnosis.exploding(record, 6.2e17)
    assert true is not None
    assert "float64" not in true.sentence


def test_updates_of_nothing_are_told_unless_the_schedule_wants_them() -> None:
    still = np.full((N, P), 5e-7)
    assert "steps too small" in fired(healthy(ratios=still))["update ratio"].sentence
    assert fired(healthy(ratios=still, lr=np.full(N, 1e-4))) == {}


def test_clipping_is_a_fault_only_where_it_leaves_almost_nothing() -> None:
    assert fired(healthy(grad_norm=np.full(N, 3.0), clipped=np.ones(N))) == {}
    found = fired(healthy(grad_norm=np.full(N, 20.0), clipped=np.ones(N)))["clipped"]
    assert "100 % of the last 50 steps were clipped, and half of them kept 5.00 % of their gradient" in found.sentence


def test_flat_ends_count_for_activations_that_have_two_and_dead_units_for_all() -> None:
    sigmoid = [Units("blocks.0.mlp", "sigmoid", 0.1, 0.0), Units("blocks.1.mlp", "sigmoid", 0.4, 0.0)]
    found = symptoms.stuck_units(sigmoid)
    assert found is not None
    assert "in layer 2 40 % of the hidden values" in found.sentence
    assert found.evidence == ["blocks.1.mlp"]
    assert symptoms.stuck_units([replace(units, activation="relu") for units in sigmoid]) is None
    dead = symptoms.stuck_units([Units("encoder.blocks.0.mlp", "relu", 0.6, 0.5)])
    assert dead is not None
    assert "dead units: 50 % of the hidden units of encoder layer 1" in dead.sentence


def test_saturated_attention_is_that_of_the_whole_model() -> None:
    assert symptoms.saturated_attention({"blocks.0.attention": 0.9, "blocks.1.attention": 0.05}) is None
    assert symptoms.saturated_attention({}) is None
    found = symptoms.saturated_attention({"blocks.0.attention": 0.9, "decoder.blocks.1.cross": 0.6})
    assert found is not None
    assert "75 % of all rows" in found.sentence
    assert "90 % in layer 1" in found.sentence


def test_noise_is_gradients_that_do_not_agree() -> None:
    assert symptoms.noise(0.3, 16, 32) is None
    assert symptoms.noise(None, 16, 32) is None
    found = symptoms.noise(0.01, 16, 1)
    assert found is not None
    assert "16 batches of 1 example at these weights have a mean cosine of 0.010" in found.sentence


def test_a_causal_model_looks_at_nothing_ahead_and_one_that_does_is_told_what_it_costs() -> None:
    assert symptoms.looks_ahead({"blocks.0.attention": 0.0}, "head 1.1", 0.0, "the probe", 1.0, 1.0) is None
    found = symptoms.looks_ahead(
        {"blocks.0.attention": 0.5, "blocks.1.attention": 0.0}, "head 1.3", 0.8, "the probe", 0.02, 4.25
    )
    assert found is not None
    assert found.evidence == ["blocks.0.attention"]
    assert "head 1.3 puts 80 % on the very next" in found.sentence
    assert "0.02 with the future in sight and 4.25 when" in found.sentence


@pytest.mark.parametrize("field", ["norms", "ratios", "grad_norm"])
def test_a_training_of_zeros_divides_by_none_of_them(field: str) -> None:
    record = healthy()
    with np.errstate(all="raise"):
        list(from_record(replace(record, **{field: np.zeros_like(getattr(record, field))})))


@pytest.mark.parametrize(
    ("each", "tokens", "rule"),
    [(0.4, 20, "fades through time"), (0.8, 20, ""), (1.02, 20, ""), (1.3, 20, "grows through time"), (0.4, 5, "")],
)
def test_what_fades_or_grows_through_time_is_told_by_its_factor_a_token(each: float, tokens: int, rule: str) -> None:
    sizes = 0.5 * each ** np.arange(tokens, -1.0, -1)[None]
    found = symptoms.through_time({"layers.0": reach(sizes, [tokens]), "layers.1": reach(np.ones((1, 31)), [30])})
    assert (found.rule if found else "") == rule
    if found:
        assert found.sentence.startswith("in layer 1 each token back ")
        assert ("40" if each < 1 else "1.3") in found.sentence
        assert found.evidence == ["layers.0"]
    assert symptoms.through_time({}) is None

"""The numbers lab, as pages ask for it: the run's own logits, gradients and activations, and nothing made up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers import numerics
from explorer.answers.records.record import pack, unpack
from explorer.tasks.base import IGNORE
from explorer.trace import mean_loss

STEP = 20


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "numbers.run", STEP, TINY, every=10)


@pytest.fixture
def path(run) -> str:
    return str(run.path)


@pytest.fixture
def exact(run) -> tuple[np.ndarray, int]:
    """The run's own logits where the last token of the probe is asked, and that token."""
    probe = run.task.probe()
    with torch.no_grad():
        logits = run.model_at(STEP)(probe.tokens)[0].double().numpy()
    last = int(np.flatnonzero(probe.targets[0] != IGNORE)[-1])
    return logits[last], int(probe.targets[0, last])


def softmax_of(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def test_softmax_is_of_the_runs_own_logits_largest_first(run, path, exact):
    logits, target = exact
    answer = numerics.softmax(5.0, path, STEP)
    best = np.argsort(-logits, kind="stable")[: numerics.SHOWN]
    symbols = run.task.vocabulary.symbols
    assert answer.target == symbols[target]
    assert answer.target in answer.tokens
    assert answer.tokens[:-1] == [symbols[t] for t in best[:-1]]
    np.testing.assert_allclose(answer.probabilities[0, :-1], softmax_of(5 * logits)[best[:-1]], atol=1e-6)
    entropy = answer.logarithms[0].cross_entropy
    assert entropy == pytest.approx(-np.log(softmax_of(5 * logits)[target]), abs=1e-5)
    assert answer.largest == pytest.approx(5 * logits.max(), rel=1e-5)


def test_without_a_run_the_example_is_worked_out():
    answer = numerics.softmax(1.0)
    assert answer.position is None
    assert answer.rows[0] == ("float64", "stable")
    np.testing.assert_allclose(answer.probabilities[0], -np.sort(-softmax_of(np.array(numerics.EXAMPLE))))
    assert answer.logarithms[0].log_sum_exp == pytest.approx(np.log(np.exp(numerics.EXAMPLE).sum()))


def test_errors_are_against_float64_and_agree_with_the_sweep():
    for index in (0, 30, 60):
        answer = numerics.softmax(float(numerics.SCALES[index]))
        np.testing.assert_array_equal(answer.errors, answer.worst[:, index])
        shown = np.abs(answer.probabilities[1:] - answer.probabilities[0]).max(axis=1)
        np.testing.assert_allclose(answer.errors, shown, atol=1e-15)  # all eight are shown
    assert {way for (_, way), bad in zip(answer.rows[1:], np.isnan(shown), strict=True) if bad} == {"plain"}


def test_a_flipped_bit_is_what_its_place_makes_and_flipping_back_returns():
    form = numerics.number("0.1").formats[0]
    assert form.bits == "00111101110011001100110011001101"
    assert form.flips[0] == -form.value
    for place, flipped in enumerate(form.flips):
        again = numerics.number(repr(flipped)).formats[0]
        assert sum(a != b for a, b in zip(form.bits, again.bits, strict=True)) == 1
        assert again.flips[place] == form.value


@pytest.mark.parametrize("word", ["", "ten", "1,5", "0x10"])
def test_what_is_not_a_number_is_refused_with_a_way_out(word):
    with pytest.raises(ValueError, match="is not a number; write one such as"):
        numerics.number(word)


def test_adding_counts_and_one_plus_loses_what_is_at_most_half_of_eps():
    sums = numerics.adding(0.0, 0.1)
    assert sums.counts[-1] == 4096
    assert sums.plain["bfloat16"][-1] == 32 / (4096 * 0.10009765625)  # it stands still at 32
    one_plus = numerics.one_plus()
    for name, eps in {"float32": 2**-23, "float16": 2**-10, "bfloat16": 2**-7}.items():
        np.testing.assert_array_equal(one_plus.kept[name], np.where(one_plus.epsilon <= eps / 2, 0, 1))


def test_layer_norm_has_four_epsilons_in_each_format():
    answer = numerics.norm(1e-4, 0.0)
    assert len(answer.rows) == len(answer.out) == 16
    wanted = 1e-4 / np.sqrt(1e-8 + np.array(numerics.EPSILONS))  # a spread σ leaves σ / √(σ² + ε)
    np.testing.assert_allclose(answer.out[:4].std(axis=1), wanted, rtol=1e-6)
    at = int(np.argmin(np.abs(answer.spreads - 1e-4)))
    np.testing.assert_allclose(answer.deviations[:4, at], wanted, rtol=1e-6)
    silent = {tuple(row) for row, out in zip(answer.rows, answer.out, strict=True) if not np.isfinite(out).all()}
    assert silent == {("float16", 0.0), ("float16", 1e-12)}


@pytest.mark.parametrize("exponent", [0, 12, 40])
def test_loss_scaling_counts_the_runs_own_gradient(path, exponent):
    training = numerics.training_at(path, STEP, None)
    batch = training.batch(STEP)
    loss = mean_loss(training.model(batch.tokens), batch.targets)
    gradients = [g.numpy() for g in torch.autograd.grad(loss, list(training.model.parameters()))]
    answer = numerics.scaling(path, STEP, exponent)
    for i, gradient in enumerate(gradients):
        there = gradient[gradient != 0]
        with np.errstate(over="ignore"):
            stored = np.abs((there * np.float32(2.0**exponent)).astype(np.float16))
        assert answer.zeros[i] == gradient.size - there.size
        assert answer.shares[i][2] == pytest.approx((stored == 0).mean(), abs=1e-12)
        assert answer.shares[i][3] == pytest.approx(np.isinf(stored).mean(), abs=1e-12)
    assert answer.histogram.sum() == pytest.approx(1)
    np.testing.assert_allclose(answer.histogram.sum(axis=0), answer.whole, atol=1e-12)
    shares = numerics.sweep(path, STEP).shares
    np.testing.assert_allclose(shares[exponent], answer.whole, atol=1e-12)
    assert (np.diff(shares[:, 2]) <= 0).all()  # a larger scale flushes less
    assert (np.diff(shares[:, 3]) >= 0).all()  # and overflows more


def test_dropout_of_one_layer_adds_the_variance_that_the_formula_says(path):
    answer = numerics.dropout(path, STEP, 0.2, 256)
    for layer in (answer.value, answer.gradient):
        assert layer.total == pytest.approx(0.25, rel=0.05)  # p / (1 − p)
        np.testing.assert_allclose(layer.variance, np.square(layer.undropped) * 0.25, rtol=0.6, atol=1e-12)
    assert len(answer.values.noise) == len(answer.gradients.noise) == len(answer.junctions)
    assert (answer.values.noise > 0).all()
    assert answer.trained_rate == 0


def test_more_dropout_scatters_more_and_looking_changes_no_weight(path):
    weights = {k: v.clone() for k, v in numerics.training_at(path, STEP, None).weights().items()}
    little, much = (numerics.dropout(path, STEP, rate, 16).values.noise for rate in (0.05, 0.5))
    assert (much > little).all()
    after = numerics.training_at(path, STEP, None)
    assert all(torch.equal(weights[k], v) for k, v in after.weights().items())
    assert {d.rate for d in after.dropouts} == {0.0}


def test_an_encoder_decoder_answers_too(tmp_path):
    config: RunConfig = TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1})
    path = str(recorded(tmp_path / "two.run", 2, config, every=1).path)
    dropout = numerics.dropout(path, 2, 0.1, 4)
    for answer in (numerics.softmax(2.0, path, 2), numerics.scaling(path, 2, 3), dropout):
        again = unpack(pack(answer), type(answer))
        assert pack(again) == pack(answer)
    assert any("encoder" in name for name in dropout.junctions)

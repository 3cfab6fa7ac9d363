"""Stages of a sampler: against Transformers' logits processors, and what holds of every setting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.measure.sampling import ORDERS, STAGES, checked, entropy, last, passed, softmax

LOGITS, SEEN = np.array([2.0, 1.5, 0.3, -0.2, -1.0, 1.49]), [0, 4]
FACE, LLAMA = ORDERS.values()
# by Transformers 4.57.6 in float64 (RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper,
# TopPLogitsWarper, MinPLogitsWarper); 1,000 random settings in both orders agree to 2e-16
EXPECTED = [
    ((1.3, 0.7, 4, 0.8, 0.1), FACE, [0.347264608, 0.328698854, 0, 0, 0, 0.324036538]),
    ((1.0, 2.5, 6, 0.6, 0.0), FACE, [0.379622887, 0.310808933, 0, 0, 0, 0.30956818]),
    ((1.0, 2.5, 6, 0.6, 0.0), LLAMA, [0.549833997, 0.450166003, 0, 0, 0, 0]),
    ((2.0, 1.0, 2, 1.0, 0.0), FACE, [0, 0.502499979, 0, 0, 0, 0.497500021]),
]
some_logits = arrays(np.float64, st.integers(1, 30), elements=st.floats(-30, 30))


@pytest.mark.parametrize(("values", "order", "expected"), EXPECTED)
def test_what_is_left_is_what_transformers_leaves(values, order, expected):
    settings = dict(zip(FACE, values, strict=True))
    np.testing.assert_allclose(passed(LOGITS, settings, order, SEEN)[-1].p, expected, atol=1e-9)


@given(some_logits, st.floats(1, 2), st.floats(0, 3), st.integers(0, 40), st.floats(0, 1), st.floats(0, 1))
def test_whatever_the_settings_one_token_is_left_and_probabilities_sum_to_one(logits, r, t, k, p, m):
    settings = {"repetition": r, "temperature": t, "top_k": k, "top_p": p, "min_p": m}
    for order in ORDERS.values():
        for stage in passed(logits, settings, order, [0]):
            assert stage.p.sum() == pytest.approx(1)
            assert 1 <= stage.survivors <= len(logits)
            assert 0 <= stage.cut <= 1 + 1e-12
            assert -1e-12 <= stage.bits <= np.log2(len(logits)) + 1e-9


@given(some_logits)
def test_neutral_settings_change_nothing(logits):
    for stage in passed(logits, {}):
        np.testing.assert_allclose(stage.p, softmax(logits), rtol=1e-12)


def test_temperature_nought_is_greedy_and_takes_the_first_of_equals():
    assert passed(LOGITS, {"temperature": 0})[-1].p.tolist() == [1, 0, 0, 0, 0, 0]
    assert passed(np.array([1.0, 2, 2]), {"temperature": 0})[-1].p.tolist() == [0, 1, 0]


def test_top_p_nought_and_top_k_one_leave_the_most_likely():
    assert passed(LOGITS, {"top_p": 0})[-1].survivors == passed(LOGITS, {"top_k": 1})[-1].survivors == 1


def test_the_mass_cut_is_that_of_the_stage_before():
    logits, top_k, *_ = (one for one in passed(LOGITS, {"top_k": 2}) if one.stage in ("logits", "top_k"))
    assert top_k.cut == pytest.approx(1 - np.sort(logits.p)[-2:].sum())
    assert entropy(np.array([0.5, 0.5, 0])) == 1


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"temperature": -1}, "temperature=-1 is out of range; use 0 to 3"),
        ({"temperature": float("nan")}, "temperature=nan is out of range"),
        ({"top_k": 1.5}, "top_k=1.5 counts tokens"),
        ({"top_p": 1.1}, "top_p=1.1 is out of range; use 0 to 1"),
        ({"heat": 1}, "heat is no stage"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_range(settings, named):
    with pytest.raises(ValueError, match=named):
        checked(settings)


def test_logits_that_are_not_finite_and_an_order_that_lacks_a_stage_are_refused():
    with pytest.raises(ValueError, match="diverged"):
        passed(np.array([np.nan, 1]), {})
    with pytest.raises(ValueError, match="every stage once"):
        passed(LOGITS, {}, ("temperature",))


def test_more_tokens_than_there_are_keep_all():
    assert passed(LOGITS, {"top_k": 1000})[-1].survivors == 6
    assert set(STAGES) == set(FACE) == set(LLAMA)


@given(some_logits, st.floats(1, 2), st.floats(0, 3), st.integers(0, 40), st.floats(0, 1), st.floats(0, 1))
def test_the_last_stage_by_itself_is_the_last_of_all(logits, r, t, k, p, m):
    settings = {"repetition": r, "temperature": t, "top_k": k, "top_p": p, "min_p": m}
    for order in ORDERS.values():
        np.testing.assert_array_equal(
            last(logits, checked(settings), order, [0]), passed(logits, settings, order, [0])[-1].p
        )

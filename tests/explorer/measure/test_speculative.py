"""Speculative sampling: whatever the draft, tokens are written as the model itself would; a wrong rule is found."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.measure import speculative
from explorer.measure.sampling import softmax
from explorer.measure.speculative import accepts, check, overlap, residual, tokens_per_pass

logits = arrays(np.float64, 6, elements=st.floats(-8, 8))
P, Q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.2, 0.2, 0.5, 0.1])


@given(logits, logits)
def test_the_rule_writes_every_token_with_the_models_own_probability(a, b):
    p, q = softmax(a), softmax(b)
    accepted = q * np.minimum(1, p / q)
    np.testing.assert_allclose(accepted + (1 - accepted.sum()) * residual(p, q), p, atol=1e-12)
    assert accepted.sum() == pytest.approx(overlap(p, q))


def test_a_worked_example():
    # by hand: (p − q)₊ = (0.3, 0.1, 0, 0); Σ min(p, q) = 0.2 + 0.2 + 0.2 + 0 = 1 − total variation 0.4
    np.testing.assert_allclose(residual(P, Q), [0.75, 0.25, 0, 0])
    assert overlap(P, Q) == pytest.approx(0.6)
    assert accepts(0.2, 0.5, 0.399)
    assert not accepts(0.2, 0.5, 0.401)
    assert accepts(0.5, 0.2, 0.999)
    assert not accepts(0.0, 0.1, 0.0), "what the model never says is never accepted"
    numbers = iter([0.999, 0.5, 0.8])
    first, second = check([P, P, P], [Q, Q], [0, 2], lambda: next(numbers))
    assert (first.token, first.accepted, first.at) == (0, True, 0.999)  # min(1, 0.5 / 0.2) = 1
    assert (second.draft, second.accepted, second.token) == (2, False, 1)  # 0.5 ≥ 0.2 / 0.5; 0.8 is behind 0.75
    numbers = iter([0.1, 0.9])
    last = check([P, P], [Q], [1], lambda: next(numbers))[-1]
    assert (last.token, last.draft, last.accepted) == (2, -1, False), "one more token is the model's own"


def test_the_same_two_models_never_reject():
    np.testing.assert_array_equal(residual(P, P), P)
    assert len(check([P] * 4, [P] * 3, [0, 1, 2], lambda: 1 - 2**-53)) == 4


def test_tokens_per_pass_are_those_of_the_paper():
    for alpha in (0.0, 0.3, 0.8):
        assert tokens_per_pass(alpha, 5) == pytest.approx((1 - alpha**6) / (1 - alpha))
    assert tokens_per_pass(1.0, 5) == 6
    assert tokens_per_pass(0.8, 5) == pytest.approx(3.69, abs=0.005)  # Leviathan et al. 2023, table 1: α 0.8, γ 5
    assert tokens_per_pass(0.6, 2) == pytest.approx(1.96)  # the same table, α 0.6, γ 2


def chance(counts, p):
    """Of a χ² as large."""
    from scipy.stats import chisquare

    some = p > 0
    if counts[~some].any():
        return 0.0
    return float(chisquare(counts[some], counts.sum() * p[some]).pvalue)


def counted(times=20_000):
    """How often each pair of two tokens is written, where the second depends on the first."""
    rng = np.random.default_rng(0)
    p = {(): P} | {(i,): softmax(rng.normal(size=4)) for i in range(4)}
    q = {(): Q} | {(i,): softmax(rng.normal(size=4)) for i in range(4)}
    counts = np.zeros((4, 4))
    for _ in range(times):
        first = int(rng.choice(4, p=q[()]))
        new = check([p[()], p[(first,)]], [q[()]], [first], rng.random)
        tokens = [one.token for one in new]
        if len(tokens) == 1:
            second = int(rng.choice(4, p=q[(tokens[0],)]))
            tokens.append(check([p[(tokens[0],)], P], [q[(tokens[0],)]], [second], rng.random)[0].token)
        counts[tuple(tokens)] += 1
    joint = np.stack([P[i] * p[(i,)] for i in range(4)])
    return counts.ravel(), joint.ravel()


def test_chi_squared_finds_no_difference_from_plain_sampling():
    assert chance(*counted()) > 1e-3


def test_chi_squared_finds_it_where_every_draft_is_accepted(monkeypatch):
    monkeypatch.setattr(speculative, "accepts", lambda p, q, at: True)
    assert chance(*counted(4000)) < 1e-9


def test_chi_squared_finds_it_where_a_rejected_token_is_drawn_from_p(monkeypatch):
    monkeypatch.setattr(speculative, "residual", lambda p, q: p)
    assert chance(*counted(4000)) < 1e-9
    assert not math.isnan(chance(*counted(100)))

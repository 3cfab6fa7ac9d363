"""Scores of heads: the known circuit is recognised, even attention is chance, noise is no event."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hand_made import EVEN, INDUCTION, PREVIOUS, config, induction_model

from explorer.analysis.interventions import repeat_patterns, repeated
from explorer.measure.heads import SCORES, crossings, stands_out
from models.transformer import build

N, SYMBOLS = 8, 10


def scores_of(model: torch.nn.Module) -> dict[str, dict[str, float]]:
    """Every score of every head by its name."""
    tokens = repeated(SYMBOLS, N, 16, torch.Generator().manual_seed(1))
    return {
        f"{path}.{h}": {name: float(score.measure(patterns, N)[h]) for name, score in SCORES.items()}
        for path, patterns in repeat_patterns(model, tokens).items()
        for h in range(patterns.shape[1])
    }


def names_of(scores: dict[str, dict[str, float]]) -> dict[str, list[str]]:
    """What each head is called."""
    return {
        head: [name for name, value in of_head.items() if stands_out(value, SCORES[name].chance(N, causal=True))]
        for head, of_head in scores.items()
    }


def test_the_heads_of_a_hand_made_circuit_are_recognised() -> None:
    scores = scores_of(induction_model(SYMBOLS, N))
    assert names_of(scores) == {PREVIOUS: ["previous"], INDUCTION: ["induction"], EVEN[0]: [], EVEN[1]: []}
    assert scores[PREVIOUS]["previous"] == pytest.approx(1, abs=1e-4)
    # where the repetition starts, position 0 counts as its own predecessor and takes half
    assert scores[INDUCTION]["induction"] == pytest.approx(1 - 1 / (2 * N), abs=1e-4)


def test_a_random_models_heads_get_no_name() -> None:
    model = build(config(SYMBOLS, N), SYMBOLS, torch.Generator().manual_seed(3))
    assert not any(names_of(scores_of(model)).values())


@pytest.mark.parametrize("name", SCORES)
def test_an_even_head_scores_exactly_as_chance(name: str) -> None:
    scores = scores_of(induction_model(SYMBOLS, N))
    for head in EVEN:
        assert scores[head][name] == pytest.approx(SCORES[name].chance(N, causal=True), abs=1e-7)
    both_ways = np.full((2, 1, 2 * N, 2 * N), 1 / (2 * N))
    assert SCORES[name].measure(both_ways, N)[0] == SCORES[name].chance(N, causal=False) == 1 / (2 * N)


@pytest.mark.parametrize(("name", "first", "back"), [("previous", 1, 1), ("duplicate", N, N), ("induction", N, N - 1)])
def test_chance_of_a_causal_head_is_a_mean_of_one_over_the_keys_seen(name: str, first: int, back: int) -> None:
    rows = range(first, 2 * N)
    assert SCORES[name].chance(N, causal=True) == pytest.approx(sum(1 / (q + 1) for q in rows) / len(rows))
    stripe = np.zeros((1, 1, 2 * N, 2 * N))
    for q in rows:
        stripe[0, 0, q, q - back] = 1
    assert SCORES[name].measure(stripe, N)[0] == 1
    assert SCORES[name].measure(1 - stripe, N)[0] == 0


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("previous", 7, [0.1508181393146515, 0.16236187517642975]),
        ("duplicate", 4, [0.07251394540071487, 0.08511621505022049]),
        ("induction", 4, [0.09073720127344131, 0.08026503026485443]),
    ],
)
def test_scores_are_those_of_transformer_lens(name: str, cells: int, expected: list[float]) -> None:
    # transformer-lens 2.18.0, head_detector.compute_head_attention_similarity_score, error_measure="mul", on
    # tokens 3 1 4 0 3 1 4 0 and these patterns: the attention on the stripe over that of all 8 rows
    q, k = np.indices((8, 8))
    weights = np.stack([np.where(k <= q, np.exp(2 * np.sin(3 * q + 5 * k + h)), 0) for h in range(2)])
    patterns = weights / weights.sum(-1, keepdims=True)
    assert SCORES[name].measure(patterns[None], 4) * cells / 8 == pytest.approx(expected, rel=1e-5)


def test_a_score_must_be_high_and_well_above_chance() -> None:
    assert stands_out(np.array([0.39, 0.4, 1.0, np.nan]), 0.1).tolist() == [False, True, True, False]
    assert not stands_out(0.6, 0.2)  # three times chance, in a very short sequence


def test_a_head_crosses_where_it_starts_to_stand_out_for_good() -> None:
    steps = np.array([0, 10, 20, 40, 80, 160])
    scores = np.array(
        [
            [0.1, 0.9, 0.1, 0.1, 0.1],
            [0.9, 0.9, 0.1, 0.1, 0.1],
            [0.1, 0.9, 0.1, 0.9, 0.1],
            [0.9, 0.1, 0.1, 0.9, 0.1],
            [0.9, 0.1, 0.1, 0.1, 0.1],
            [0.9, 0.1, 0.1, 0.9, 0.9],
        ]
    )
    # head 0 ignores its outlier, head 1 counts although it was lost again, head 4 has just begun
    assert crossings(steps, scores, 0.1) == [(1, 0), (0, 40), (3, 160), (4, 160)]
    assert crossings(steps[:1], scores[:1], 0.1) == [(1, 0)]
    assert crossings(steps[:0], scores[:0], 0.1) == []


def test_a_circuit_that_forms_makes_one_event() -> None:
    steps = np.arange(5) * 100
    models = [induction_model(SYMBOLS, N, sharpness) for sharpness in (0, 0.002, 0.2, 0.5, 1)]
    scores = np.array([[of_head["induction"] for of_head in scores_of(model).values()] for model in models])
    assert crossings(steps, scores, SCORES["induction"].chance(N, causal=True)) == [(2, 200)]

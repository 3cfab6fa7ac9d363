"""Objectives against plain loops: negative sampling as Mikolov et al. 2013b, equation 4; GloVe as equation 8."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.tasks.objective import IGNORE, NegativeSampling, WeightedSquares

SCORES = torch.tensor([[0.5, -1.0, 2.0], [-3.0, 0.25, 40.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
TARGETS = torch.tensor([[1, 0, 0], [1, 0, IGNORE], [1, IGNORE, IGNORE]])


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_negative_sampling_is_the_papers_with_its_sign_turned():
    objective = NegativeSampling()
    losses = objective.losses(SCORES, TARGETS)
    for b in range(3):
        for j in range(3):
            if TARGETS[b, j] == IGNORE:
                assert losses[b, j] == 0
            else:
                s = SCORES[b, j].item()
                assert losses[b, j].item() == pytest.approx(-math.log(sigma(s if j == 0 else -s)), rel=1e-12)
    assert objective.mean(SCORES, TARGETS).item() == pytest.approx(losses.sum().item() / 6)


def test_its_gradient_is_p_less_the_target_over_all_that_is_asked():
    scores = SCORES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(NegativeSampling().mean(scores, TARGETS), scores)
    counted = TARGETS != IGNORE
    assert torch.allclose(gradient[counted], ((SCORES.sigmoid() - TARGETS)[counted] / 6))
    assert (gradient[~counted] == 0).all()


def test_smoothing_moves_half_of_it_to_the_other_answer():
    smooth, plain = NegativeSampling().mean(SCORES, TARGETS, 0.2), 0.0
    for s, t in zip(SCORES[TARGETS != IGNORE].tolist(), TARGETS[TARGETS != IGNORE].tolist(), strict=True):
        p = sigma(s) if t else 1 - sigma(s)
        plain -= 0.9 * math.log(p) + 0.1 * math.log(1 - p)
    assert smooth.item() == pytest.approx(plain / 6)


def test_right_is_a_true_word_above_all_noise_that_is_asked():
    assert NegativeSampling().right(SCORES, TARGETS) == (1, 3)  # 0.5 < 2; −3 < 0.25; nothing but the true one


def test_glove_is_the_papers():
    objective = WeightedSquares(x_max=10, alpha=0.75)
    said = torch.tensor([[0.3], [2.0], [5.0]], dtype=torch.float64)
    x = torch.tensor([[0.5], [10.0], [200.0]], dtype=torch.float64)
    losses = objective.losses(said, x)
    for s, count, loss in zip(said[:, 0].tolist(), x[:, 0].tolist(), losses[:, 0].tolist(), strict=True):
        weight = (count / 10) ** 0.75 if count < 10 else 1.0
        assert loss == pytest.approx(weight * (s - math.log(count)) ** 2, rel=1e-12)
    assert objective.mean(said, x).item() == pytest.approx(losses.mean().item())
    assert objective.right(said, x) == (2, 3)  # e^0.3 is 1.35 and not near 0.5; e^2 is 7.4, e^5 is 148

"""Attribution: gradient × input is the derivative of log p, and ablation what a model without the embedding says."""

import numpy as np
import pytest
import torch
from tiny_runs import TINY

from explorer import RunConfig
from explorer.analysis.attribution import attribution, log_p
from explorer.training.loop import Training
from models.families import kind_of

DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "model.layers": 1})


@pytest.fixture(params=[TINY, DATES], ids=["decoder", "encoder-decoder"])
def example(request):
    training = Training(request.param)
    for _ in range(3):
        next(training)
    opening, model = training.task.opening(), training.model.double()
    stacks = kind_of(training.config.model).stacks
    return model, stacks, opening.tokens, opening.source, opening.answer[0]


def test_gradient_times_input_is_the_derivative_by_the_gates(example):
    model, stacks, tokens, source, token = example
    whole, gradient, _ = attribution(model, stacks, tokens, source, token)
    N = len(gradient)
    assert whole == pytest.approx(float(model(tokens, source)[0, -1].log_softmax(-1)[token].detach()))
    h = 1e-5
    with torch.no_grad():
        ends = [
            log_p(model, stacks, tokens, source, token, 1 + by * torch.eye(N, dtype=torch.float64)) for by in (h, -h)
        ]
    np.testing.assert_allclose(gradient, (ends[0] - ends[1]) / (2 * h), atol=1e-7)


def test_ablation_is_what_is_lost_without_an_embedding(example):
    model, stacks, tokens, source, token = example
    whole, _, cost = attribution(model, stacks, tokens, source, token)
    read = tokens[0] if source is None else source[0]
    once = next(i for i, one in enumerate(read.tolist()) if read.tolist().count(one) == 1)
    weight = model.get_submodule(f"{stacks[0]}embedding").weight
    with torch.no_grad():
        kept = weight[read[once]].clone()
        weight[read[once]] = 0
        without = float(model(tokens, source)[0, -1].log_softmax(-1)[token])
        weight[read[once]] = kept
    assert cost[once] == pytest.approx(whole - without)


def test_looking_leaves_no_hook_no_gradient_and_the_mode(example):
    model, stacks, tokens, source, token = example
    model.train()
    for parameter in model.parameters():
        parameter.grad = None
    attribution(model, stacks, tokens, source, token)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_both_ways_agree_with_captum():
    training = Training(TINY)
    model, opening = training.model.double().eval(), training.task.opening()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)  # far from linear
    stacks = kind_of(training.config.model).stacks
    whole, gradient, cost = attribution(model, stacks, opening.tokens, None, opening.answer[0])
    # by captum 0.9.0: LayerGradientXActivation on the embedding, summed over channels; FeatureAblation, a token each
    expected = [-0.0452783297, 0.0479432542, -0.1384002003, 0.1324953859, -0.0865754332, 0.1621434817, 0.0522059027]
    without = [-0.150668285, 0.0407291549, -0.2710022026, 0.2122136927, -0.1182442967, 0.0445266746, -0.0519750725]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
    np.testing.assert_allclose(cost, without, atol=1e-6)
    assert whole == pytest.approx(-2.59390888, abs=1e-6)


def test_what_ablation_costs_is_the_gradient_summed_on_the_way_to_it(example):
    model, stacks, tokens, source, token = example
    _, gradient, cost = attribution(model, stacks, tokens, source, token)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    N, at = len(gradient), len(gradient) // 2
    gates = torch.ones(len(nodes), N, dtype=torch.float64)
    gates[:, at] = torch.from_numpy((nodes + 1) / 2)
    gates.requires_grad_()
    (slopes,) = torch.autograd.grad(log_p(model, stacks, tokens, source, token, gates).sum(), gates)
    assert cost[at] == pytest.approx(float(weights @ slopes[:, at].numpy() / 2), abs=1e-6)

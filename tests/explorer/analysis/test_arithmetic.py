"""Every number of one head and one query follows from the ones before it, and the whole row from the weights."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.arithmetic import head_arithmetic, proof
from explorer.config.run import RunConfig
from explorer.tasks.base import Batch
from explorer.trace import observe
from explorer.training.heads import Heads
from explorer.training.loop import Training, numerics
from models import precisions
from models.config import ModelConfig
from models.transformer import build

V, T, S = 9, 6, 5
VARIANTS = {
    "decoder": {},
    "post": {"norm": "post"},
    "rotary": {"positions": "rotary"},
    "rotary post": {"positions": "rotary", "norm": "post"},
    "alibi": {"positions": "alibi"},
    "none": {"positions": "none"},
    "encoder": {"kind": "encoder", "positions": "sinusoidal"},
    "encoder alibi": {"kind": "encoder", "positions": "alibi"},
    "unscaled": {"scale": "none"},
    "unscaled alibi": {"scale": "none", "positions": "alibi"},
    "no norm": {"norm": "none"},
    "no residual": {"residual": "none"},
    "no mask": {"mask": "none", "activation": "sigmoid"},
    "translator": {"kind": "encoder-decoder"},
    "translator post rotary": {"kind": "encoder-decoder", "norm": "post", "positions": "rotary"},
    "translator alibi": {"kind": "encoder-decoder", "positions": "alibi"},
    "translator unscaled": {"kind": "encoder-decoder", "scale": "none"},
}
PLACES = [
    (name, path)
    for name, fields in VARIANTS.items()
    for path in (
        ["encoder.blocks.1.attention", "decoder.blocks.0.attention", "decoder.blocks.1.cross"]
        if name.startswith("translator")
        else ["blocks.1.attention"]
    )
]


def batch() -> Batch:
    g = torch.Generator().manual_seed(1)
    tokens = torch.randint(1, V, (2, T), generator=g)
    source = torch.randint(1, V, (2, S), generator=g)
    source[0, 4:] = 0  # padding, hidden from every query
    return Batch(tokens, tokens, source)


@cache
def model_of(name: str) -> nn.Module:
    config = ModelConfig(**{"width": 16, "heads": 2, "layers": 2, "context": 8, **VARIANTS[name]})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    for p in model.parameters():  # away from the initial zeros and ones
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=torch.Generator().manual_seed(p.numel())))
    return model.eval()


def close(shown, expected) -> None:
    np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-5)


def turned(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """Channel pairs (…, D) as complex numbers, times e^(i angle)."""
    pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * (cos + 1j * sin)
    return np.stack([pairs.real, pairs.imag], -1).reshape(x.shape)


@pytest.mark.parametrize(("name", "path"), PLACES)
@pytest.mark.parametrize("query", [0, 3])
def test_each_stage_follows_from_the_one_before(name: str, path: str, query: int) -> None:
    plain, a = head_arithmetic(model_of(name), batch(), path, 1, query)
    assert a["x"].shape == (16,)
    assert a["keys"].shape == a["values"].shape == (S if "cross" in path or path.startswith("encoder.") else T, 8)
    x = a["x"]
    assert ("normed" in a) == (VARIANTS[name].get("norm", "pre") == "pre")
    assert plain["scale"] == (1 if "unscaled" in name else 8**-0.5)
    if "normed" in a:
        close(a["norm_mean"], [x.mean()])
        x = (x - a["norm_mean"]) / a["norm_deviation"] * a["norm_weight"] + a["norm_bias"]
        close(a["normed"], x)
    q = a["w_q"] @ x + a["b_q"]
    keys, values = (a["inputs"] @ a[f"w_{part}"].T + a[f"b_{part}"] for part in "kv")
    assert ("cos" in a) == (plain["positions"] == "rotary")
    if "cos" in a:
        close(a["unturned_q"], q)
        close(a["unturned_keys"], keys)
        q, keys = turned(q, a["cos"][query], a["sin"][query]), turned(keys, a["cos"], a["sin"])
    close(a["q"], q)
    close(a["keys"], keys)
    close(a["values"], values)
    close(a["products"], a["keys"] @ a["q"])
    close(a["scores"], a["products"] * plain["scale"] + a["mask"])
    close(a["row_max"], [a["scores"].max()])
    close(a["exponentials"], np.exp(a["scores"] - a["row_max"]))
    close(a["row_sum"], [a["exponentials"].sum()])
    close(a["pattern"], a["exponentials"] / a["row_sum"])
    close(a["pattern"].sum(), 1)
    close(a["weighted"], a["pattern"][:, None] * a["values"])
    close(a["out"], plain["gain"] * a["weighted"].sum(0))
    close(a["part"], a["w_o"] @ a["out"])


@pytest.mark.parametrize(("name", "path"), PLACES)
def test_it_is_what_the_model_does_and_the_heads_add_up_to_the_layers_output(name: str, path: str) -> None:
    model, read, query = model_of(name), batch(), 2
    values = observe(model, read, gradients=False).values
    heads = [head_arithmetic(model, read, path, head, query)[1] for head in range(2)]
    for head, arrays in enumerate(heads):
        np.testing.assert_array_equal(arrays["pattern"], values[f"{path}.pattern"][0, head, query])
        np.testing.assert_array_equal(arrays["out"], values[f"{path}.head_out"][0, head, query])
    bias = model.get_submodule(path).output.bias.detach().numpy()
    close(sum(arrays["part"] for arrays in heads) + bias, values[f"{path}.out"][0, query])


def test_a_causal_query_hides_what_comes_after_it_and_padding_is_hidden_from_all() -> None:
    a = head_arithmetic(model_of("decoder"), batch(), "blocks.0.attention", 0, 2)[1]
    assert np.isneginf(a["mask"]).tolist() == [False, False, False, True, True, True]
    assert np.isfinite(a["products"]).all()
    a = head_arithmetic(model_of("translator"), batch(), "decoder.blocks.0.cross", 0, 2)[1]
    assert np.isneginf(a["mask"]).tolist() == [False, False, False, False, True]
    assert a["pattern"][4] == a["exponentials"][4] == 0


def test_alibi_shows_as_a_number_on_each_score() -> None:
    a = head_arithmetic(model_of("alibi"), batch(), "blocks.0.attention", 0, 3)[1]
    np.testing.assert_allclose(a["mask"][:4], -(2.0**-4) * np.array([3, 2, 1, 0]))


def test_a_head_that_is_switched_off_gives_nothing() -> None:
    training = Training(RunConfig.preset("reverse").replace({"model.width": 16, "model.heads": 2}))
    Heads(training.model).change("ablate", "blocks.0.attention.1", 0, 0)
    plain, a = head_arithmetic(training.model, training.task.probe(), "blocks.0.attention", 1, 3)
    assert plain["gain"] == 0
    assert not a["out"].any()
    assert not a["part"].any()
    assert a["weighted"].any()


def test_looking_changes_nothing_and_its_numbers_are_copies() -> None:
    training = Training(RunConfig.preset("reverse").replace({"model.width": 16, "model.dropout": 0.1}))
    next(training)
    before = {name: p.clone() for name, p in training.weights().items()}
    arguments = training.model, training.task.probe(), "blocks.0.attention", 1, 3
    arrays = head_arithmetic(*arguments)[1]
    proof(*arguments)
    kept = arrays["w_q"].copy()
    assert training.model.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in training.model.modules())
    for name, p in training.weights().items():
        torch.testing.assert_close(p, before[name], atol=0, rtol=0)
    next(training)
    np.testing.assert_array_equal(arrays["w_q"], kept)


@pytest.mark.parametrize(("name", "path"), PLACES)
def test_float64_agrees_with_float32_to_its_last_digits(name: str, path: str) -> None:
    proved = proof(model_of(name), batch(), path, 1, 3)
    shown = head_arithmetic(model_of(name), batch(), path, 1, 3)[1]["pattern"]
    np.testing.assert_array_equal(np.array(proved["shown"], np.float32), shown)
    assert sum(proved["exact"]) == pytest.approx(1, abs=1e-14)
    off = np.abs(np.array(proved["shown"]) - np.array(proved["exact"]))
    assert proved["absolute"] == off.max() == off[proved["key"]]
    assert 0 < proved["absolute"] < 2e-6  # which kernels a processor has decides the last digits
    assert proved["absolute"] <= proved["relative"] < (1e-4 if "unscaled" in name else 1e-5)  # of larger scores
    assert proved["precision"] == "float32"


def test_bfloat16_says_so_and_is_further_off() -> None:
    config = RunConfig.preset("reverse").replace({"model.width": 16, "model.heads": 2, "optimizer.warmup": 0})
    training = Training(config)
    for _ in range(5):
        next(training)
    arguments = training.model, training.task.probe(), "blocks.1.attention", 0, 9
    exact = proof(*arguments)
    precisions.use(training.model, "bfloat16")
    with numerics(training.config):
        proved, (plain, a) = proof(*arguments), head_arithmetic(*arguments)
    assert proved["precision"] == plain["precision"] == "bfloat16"
    assert proved["exact"] == exact["exact"]
    assert 10 * exact["absolute"] < proved["absolute"] < 1e-2
    np.testing.assert_allclose(a["scores"], a["products"] * plain["scale"] + a["mask"], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(a["part"], a["w_o"] @ a["out"], rtol=0.02, atol=1e-4)


@pytest.mark.parametrize(
    ("path", "head", "query", "words"),
    [
        ("blocks.7.attention", 0, 0, "attentions are blocks.0.attention, blocks.1.attention"),
        ("blocks.0.attention", 2, 0, "head=2 .*use 0 to 1"),
        ("blocks.0.attention", 0, 6, "query=6 .*use 0 to 5"),
        ("blocks.0.attention", 0, -1, "query=-1 .*use 0 to 5"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(path: str, head: int, query: int, words: str) -> None:
    for look in (head_arithmetic, proof):
        with pytest.raises(ValueError, match=words):
            look(model_of("decoder"), batch(), path, head, query)


def test_the_proof_of_a_rotary_row_is_exact_to_the_digits_that_it_prints() -> None:
    """Against numpy in float64, from the weights; the angles of float32 would be off by some 1e-8."""
    model, read = model_of("rotary"), batch()
    proved = proof(model, read, "blocks.0.attention", 1, T - 1)
    weights = {name: p.detach().double().numpy() for name, p in model.named_parameters()}
    block: Any = model.get_submodule("blocks.0")
    x = weights["embedding.weight"][read.tokens[0].numpy()]
    centred = x - x.mean(-1, keepdims=True)
    x = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + block.attention_norm.eps)
    x = x * weights["blocks.0.attention_norm.weight"] + weights["blocks.0.attention_norm.bias"]
    C = x.shape[1]
    D = C // block.attention.heads
    angle = np.arange(T)[:, None] * 10000.0 ** (-np.arange(0, D, 2) / D)
    both = []
    for part in range(2):  # queries, keys of head 1
        rows = slice(part * C + D, part * C + 2 * D)
        of = x @ weights["blocks.0.attention.project.weight"][rows].T
        of = of + weights["blocks.0.attention.project.bias"][rows]
        both.append(turned(of, np.cos(angle), np.sin(angle)))
    scores = both[0][-1] @ both[1].T / np.sqrt(D)
    row = np.exp(scores - scores.max())
    np.testing.assert_allclose(proved["exact"], row / row.sum(), rtol=0, atol=1e-13)

"""The logit lens ends at the model's own logits; attributions sum to the logit difference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.lens import attribution, junctions, logit_lens, reading, stack_of, stream_norms
from explorer.tasks.base import IGNORE, Batch
from explorer.trace import Trace, observe
from explorer.training.heads import Heads
from models import precisions
from models.config import ModelConfig
from models.transformer import build

V, T = 9, 6
KINDS = ["decoder", "encoder", "encoder-decoder"]
NORMS = ["pre", "post", "none"]


def model_of(**fields: object) -> nn.Module:
    """A small model away from its initial zeros and ones."""
    config = ModelConfig(**{"width": 16, "heads": 2, "layers": 2, "context": T, **fields})
    model = build(config, V, torch.Generator().manual_seed(0), pad=0)
    g = torch.Generator().manual_seed(1)
    for p in model.parameters():
        p.data.add_(torch.empty_like(p).normal_(0, 0.3, generator=g))
    return model.eval()


def batch(kind: str = "decoder") -> Batch:
    tokens = torch.tensor([[3, 1, 4, 1, 5, 2], [2, 7, 1, 8, 2, 8]])
    return Batch(tokens, tokens.roll(-1, 1), tokens.flip(1) if kind == "encoder-decoder" else None)


def looked(model: nn.Module, kind: str = "decoder") -> Trace:
    return observe(model, batch(kind), gradients=False)


def test_junctions_name_each_state_of_the_stream_once_and_in_order() -> None:
    model = model_of(kind="encoder-decoder", layers=1)
    assert junctions(model) == [
        "decoder.blocks.0.residual_in",
        "decoder.blocks.0.residual_mid",
        "decoder.blocks.0.residual_cross",
        "decoder.blocks.0.residual_out",
    ]
    assert stack_of(model) is model.decoder
    model = model_of()
    values = looked(model).values
    states = [name for name in values if ".residual_" in name and name != "blocks.1.residual_in"]
    assert junctions(model) == states
    assert np.array_equal(values["blocks.0.residual_out"], values["blocks.1.residual_in"])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_last_layer_of_the_lens_equals_the_models_own_logits(kind: str, norm: str) -> None:
    model = model_of(kind=kind, norm=norm)
    trace = looked(model, kind)
    log_p = logit_lens(model, trace)
    own = torch.from_numpy(trace.values["logits"][0].copy()).log_softmax(-1).numpy()
    assert log_p.shape == (len(junctions(model)), T, V)
    assert np.abs(log_p[-1] - own).max() < 1e-5
    assert np.exp(log_p).sum(-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "fields", [{"residual": "none"}, {"scale": "none"}, {"mask": "none"}, {"activation": "sigmoid"}]
)
def test_the_lens_ends_at_the_logits_of_models_that_fail_on_purpose_too(fields: dict) -> None:
    model = model_of(**fields)
    trace = looked(model)
    own = torch.from_numpy(trace.values["logits"][0].copy()).log_softmax(-1).numpy()
    assert np.abs(logit_lens(model, trace)[-1] - own).max() < 1e-5
    if fields == {"residual": "none"}:
        with pytest.raises(ValueError, match=r"no sum of parts; set model\.residual to add"):
            attribution(model, batch(), 4, 2, 7)
        return
    found = attribution(model, batch(), 4, 2, 7)
    assert sum(found.parts.values()) == pytest.approx(found.difference, rel=1e-10)


def test_a_lens_is_the_model_with_its_later_blocks_left_out() -> None:
    model = model_of()
    log_p = logit_lens(model, looked(model))
    model.blocks = model.blocks[:1]
    shorter = model(batch().tokens, None)[0].log_softmax(-1).detach().numpy()
    assert log_p[2] == pytest.approx(shorter, abs=1e-5)  # embeddings, attention 1, MLP 1


def test_a_reading_names_the_best_tokens_and_the_rank_of_the_target() -> None:
    p = np.array([[[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]]])
    found = reading(np.log(p), np.array([1, 0, IGNORE]))
    assert found.top[0, 0].tolist() == [3, 2, 1]
    assert found.top_p[0, 0] == pytest.approx([0.4, 0.3, 0.2])
    assert found.top[0, 1, 0] == 0
    assert found.p[0, :2] == pytest.approx([0.2, 0.7])
    assert np.isnan(found.p[0, 2])
    assert found.rank.tolist() == [[3, 1, 0]]


def test_a_reading_agrees_with_sorting_every_token() -> None:
    model = model_of()
    log_p, targets = logit_lens(model, looked(model)), batch().targets[0].numpy()
    found = reading(log_p, targets)
    for j in range(len(log_p)):
        for t in range(T):
            order = sorted(range(V), key=lambda token: -log_p[j, t, token])
            assert found.top[j, t].tolist() == order[:3]
            assert found.rank[j, t] == order.index(targets[t]) + 1


def test_a_reading_of_two_tokens_or_of_nan_claims_nothing() -> None:
    assert reading(np.log([[[0.9, 0.1]]]), np.array([1])).top.tolist() == [[[0, 1]]]
    assert reading(np.full((1, 1, 4), np.nan), np.array([2])).rank.tolist() == [[0]]


def test_stream_norms_are_lengths_of_the_stream() -> None:
    model = model_of()
    trace = looked(model)
    norms = stream_norms(trace, junctions(model))
    assert norms.shape == (5, T)
    x = trace.values["blocks.0.residual_mid"][0, 3]
    assert norms[1, 3] == pytest.approx(sum(float(v) ** 2 for v in x) ** 0.5)


@pytest.mark.parametrize("other", [7, None], ids=["another token", "mean logit"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_attributions_sum_to_the_logit_difference(kind: str, norm: str, other: int | None) -> None:
    model = model_of(kind=kind, norm=norm)
    found = attribution(model, batch(kind), 4, 2, other)
    own = looked(model, kind).values["logits"][0, 4]
    assert sum(found.parts.values()) == pytest.approx(found.difference, rel=1e-10)
    assert found.difference == pytest.approx(own[2] - (own.mean() if other is None else own[other]), rel=1e-4)


@pytest.mark.parametrize("positions", ["none", "learned", "sinusoidal", "rotary", "alibi"])
def test_every_way_to_learn_positions_adds_up(positions: str) -> None:
    found = attribution(model_of(positions=positions), batch(), 5, 1, 8)
    assert sum(found.parts.values()) == pytest.approx(found.difference, rel=1e-10)
    assert ("positions" in found.parts) == (positions in ("learned", "sinusoidal"))


def test_parts_come_in_the_order_of_the_forward_pass() -> None:
    found = attribution(model_of(layers=1), batch(), 0, 1)
    assert list(found.parts) == [
        "embedding",
        "positions",
        "blocks.0.attention.0",
        "blocks.0.attention.1",
        "blocks.0.attention.output.bias",
        "blocks.0.mlp",
        "final_norm.bias",
        "unembedding.bias",
    ]
    found = attribution(model_of(kind="encoder-decoder", norm="post", layers=1), batch("encoder-decoder"), 0, 1)
    assert list(found.parts)[-8:] == [
        "decoder.blocks.0.attention_norm.bias",
        "decoder.blocks.0.cross.0",
        "decoder.blocks.0.cross.1",
        "decoder.blocks.0.cross.output.bias",
        "decoder.blocks.0.cross_norm.bias",
        "decoder.blocks.0.mlp",
        "decoder.blocks.0.mlp_norm.bias",
        "unembedding.bias",
    ]


# transformer-lens 2.18.0, float64: model_of() copied into a HookedTransformer (LayerNorms folded, nothing
# centred), then cache.get_full_resid_decomposition(apply_ln=True) times the difference of W_U's columns, and
# cache.accumulated_resid(incl_mid=True, apply_ln=True) through W_U. Position 4 of batch(), token 2. Its "bias" is
# that of both attentions, its b_U holds the final norm's.
TRANSFORMER_LENS = {
    "embedding": (-0.083537812, -0.048893704),
    "positions": (-0.042413946, 0.084910352),
    "blocks.0.attention.0": (-0.630548214, -0.407770055),
    "blocks.0.attention.1": (0.012117511, -0.13516834),
    "blocks.1.attention.0": (0.176343788, 0.147161315),
    "blocks.1.attention.1": (-0.245696734, -0.185388346),
    "blocks.0.mlp": (1.245980737, 1.079161973),
    "blocks.1.mlp": (-0.904305296, -0.249696093),
    "attention biases": (0.059036103, 0.020441672),
    "b_U": (-0.046294655, -0.405945647),
}
TRANSFORMER_LENS_LOG_P = [-2.729871432, -4.609399409, -2.157114382, -2.147997425, -2.546629062]


@pytest.mark.parametrize(("other", "column"), [(7, 0), (None, 1)])
def test_attributions_equal_those_of_transformer_lens(other: int | None, column: int) -> None:
    parts = dict(attribution(model_of(), batch(), 4, 2, other).parts)
    parts["attention biases"] = sum(parts.pop(f"blocks.{i}.attention.output.bias") for i in range(2))
    parts["b_U"] = parts.pop("final_norm.bias") + parts.pop("unembedding.bias")
    assert parts == pytest.approx({name: values[column] for name, values in TRANSFORMER_LENS.items()}, abs=1e-6)


def test_the_lens_equals_that_of_transformer_lens() -> None:
    model = model_of().double()
    assert logit_lens(model, looked(model))[:, 4, 2] == pytest.approx(TRANSFORMER_LENS_LOG_P, abs=1e-6)


def carried(model: nn.Module, read: Batch, position: int) -> dict[str, np.ndarray]:
    """A post-norm decoder's components, (C,) each, pushed FORWARD through every norm in plain numpy."""
    trace = observe(model, read, gradients=False)
    x = {name: value[0] for name, value in trace.values.items()}
    pieces = {
        "embedding": x["token_embedding"][position],
        "positions": model.positions.table[position].detach().numpy(),
    }
    for i, block in enumerate(model.blocks):
        for name, norm in (("attention", block.attention_norm), ("mlp", block.mlp_norm)):
            at = f"blocks.{i}.{name}"
            if name == "attention":
                W, D = block.attention.output.weight.detach().numpy(), 8
                for h in range(2):
                    pieces[f"{at}.{h}"] = W[:, h * D : (h + 1) * D] @ x[f"{at}.head_out"][h, position]
                pieces[f"{at}.output.bias"] = block.attention.output.bias.detach().numpy()
            else:
                pieces[at] = x[f"{at}.out"][position]
            whole = sum(pieces.values())
            std = np.sqrt(whole.var() + norm.eps)
            gain = norm.weight.detach().numpy()
            pieces = {key: (piece - piece.mean()) / std * gain for key, piece in pieces.items()}
            pieces[f"{at}_norm.bias"] = norm.bias.detach().numpy()
    return pieces


def test_post_norm_attributions_equal_components_carried_forward_through_every_norm() -> None:
    model = model_of(norm="post").double()
    reader = (model.unembedding.weight[2] - model.unembedding.weight[7]).detach().numpy()
    expected = {name: float(reader @ piece) for name, piece in carried(model, batch(), 4).items()}
    found = attribution(model, batch(), 4, 2, 7).parts
    assert found.pop("unembedding.bias") == pytest.approx(
        (model.unembedding.bias[2] - model.unembedding.bias[7]).item()
    )
    assert found == pytest.approx(expected, abs=1e-10)


def test_a_head_that_is_switched_off_adds_nothing() -> None:
    model = model_of()
    Heads(model).change("ablate", "blocks.0.attention.1", seed=0, step=0)
    found = attribution(model, batch(), 4, 2, 7)
    assert found.parts["blocks.0.attention.1"] == 0
    assert sum(found.parts.values()) == pytest.approx(found.difference, rel=1e-10)


def test_attribution_is_exact_in_a_model_that_trains_in_bfloat16_and_leaves_it_as_it_was() -> None:
    model = model_of().train()
    exact = attribution(model, batch(), 4, 2, 7)
    weights = {name: p.clone() for name, p in model.named_parameters()}
    precisions.use(model, "bfloat16")
    before = model(batch().tokens, None)
    assert attribution(model, batch(), 4, 2, 7) == exact
    assert torch.equal(model(batch().tokens, None), before)
    assert model.training
    assert all(torch.equal(p, weights[name]) and p.dtype == torch.float32 for name, p in model.named_parameters())
    assert not any(m._forward_hooks for m in model.modules())

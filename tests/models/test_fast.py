"""The pass that is written out against autograd through the plain model, and when it is not used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models import families, fast, precisions
from models.config import ModelConfig, WordVectorConfig
from models.fast.parts import DERIVATIVES
from models.positions import POSITIONS
from models.recurrent import RecurrentConfig
from models.transformer import ACTIVATIONS, attentions
from models.word_vectors import MODELS

V, T, S = 11, 9, 7
SMALL = {"width": 16, "heads": 4, "layers": 2, "context": 12}
WRITTEN_OUT = [name for name, kind in POSITIONS.items() if kind in fast.ENCODINGS]  # of others it refuses the model
KINDS = ("decoder", "encoder", "encoder-decoder")
OTHERWISE = [
    {},
    *({"norm": norm} for norm in ("post", "none")),
    *({"activation": name} for name in ACTIVATIONS if name != "gelu"),
    {"residual": "none"},
    {"scale": "none"},
    {"mask": "none"},
    {"init": "large"},
    {"norm": "post", "scale": "none", "mask": "none", "activation": "relu", "heads": 1},
]


def model_of(dtype: torch.dtype = torch.float64, **fields: object) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    model = families.build(ModelConfig(**SMALL | fields), V, generator, pad=0).to(dtype)
    with torch.no_grad():  # away from the start, where every gain is 1 and every bias 0
        for parameter in model.parameters():
            parameter.add_(torch.empty(parameter.shape).normal_(0, 0.2, generator=generator))
    return model


def batch_of(kind: str) -> tuple[Tensor, Tensor | None, Tensor]:
    generator = torch.Generator().manual_seed(1)
    tokens, targets = (torch.randint(1, V, (3, T), generator=generator) for _ in range(2))
    targets[0, :4] = -100
    source = torch.randint(1, V, (3, S), generator=generator)
    source[1, 4:] = 0  # padding
    return tokens, source if kind == "encoder-decoder" else None, targets


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def by_autograd(
    model: nn.Module, tokens: Tensor, source: Tensor | None, targets: Tensor
) -> tuple[Tensor, list[Tensor]]:
    logits = model(tokens, source)
    return logits, list(torch.autograd.grad(loss_of(logits, targets), list(model.parameters())))


def written_out(
    model: nn.Module, tokens: Tensor, source: Tensor | None, targets: Tensor
) -> tuple[Tensor, list[Tensor]]:
    logits, back = fast.forward(model, tokens, source)
    gradients = back(*torch.autograd.grad(loss_of(logits.requires_grad_(), targets), logits))
    return logits, [gradients[parameter] for parameter in model.parameters()]


@pytest.mark.parametrize("positions", WRITTEN_OUT)
@pytest.mark.parametrize("kind", KINDS)
def test_logits_and_every_gradient_are_autograds(kind: str, positions: str) -> None:
    for changes in OTHERWISE:
        model, batch = model_of(kind=kind, positions=positions, **changes), batch_of(kind)
        assert not fast.refusal(model)
        (logits, gradients), (plain, references) = written_out(model, *batch), by_autograd(model, *batch)
        torch.testing.assert_close(logits, plain, rtol=1e-12, atol=1e-12)
        scale = torch.stack([g.norm() for g in references]).max()  # a key's bias has none but rounding
        for (name, _), ours, theirs in zip(model.named_parameters(), gradients, references, strict=True):
            assert (ours - theirs).norm() <= 1e-10 * theirs.norm() + 1e-14 * scale, (changes, name)


@pytest.mark.parametrize("positions", WRITTEN_OUT)
@pytest.mark.parametrize("kind", KINDS)
def test_in_float32_every_gradient_is_as_near_to_the_exact_one_as_autograds(kind: str, positions: str) -> None:
    batch = batch_of(kind)
    fields = {"kind": kind, "positions": positions, "width": 64}
    exact = by_autograd(model_of(**fields), *batch)[1]
    single = model_of(torch.float32, **fields)
    single.load_state_dict(model_of(**fields).float().state_dict())
    gradients, references = written_out(single, *batch)[1], by_autograd(single, *batch)[1]
    for (name, _), ours, theirs, best in zip(single.named_parameters(), gradients, references, exact, strict=True):
        assert (ours - best).norm() <= 2 * (theirs - best).norm() + 1e-6 * best.norm(), name


@pytest.mark.parametrize("kind", KINDS)
def test_at_initial_weights_every_gradient_is_autograds_to_a_millionth(kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    model, batch = families.build(ModelConfig(kind=kind, context=12), V, generator, pad=0), batch_of(kind)
    gradients, references = written_out(model, *batch)[1], by_autograd(model, *batch)[1]
    for (name, _), ours, theirs in zip(model.named_parameters(), gradients, references, strict=True):
        assert (ours - theirs).norm() <= 1e-6 * theirs.norm(), name


def test_the_same_batch_gives_the_same_bits_again() -> None:
    model, batch = model_of(torch.float32), batch_of("decoder")
    first, again = written_out(model, *batch), written_out(model, *batch)
    assert torch.equal(first[0], again[0])
    assert all(torch.equal(a, b) for a, b in zip(first[1], again[1], strict=True))


@pytest.mark.parametrize("kind", MODELS)
def test_word_vectors_have_autograds_scores_and_gradients(kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    model = families.build(WordVectorConfig(kind=kind, width=6), V, generator).double()
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.5, generator=generator)
    tokens = torch.randint(V, (20, 4 if kind == "cbow" else 1), generator=generator)
    source = torch.randint(V, (20, 1 if kind == "glove" else 6), generator=generator)
    assert not fast.refusal(model)
    scores, back = fast.forward(model, tokens, source)
    plain = model(tokens, source)
    assert torch.equal(scores, plain)
    references = torch.autograd.grad(plain.square().sum(), list(model.parameters()))
    gradients = back(2 * scores)
    for parameter, theirs in zip(model.parameters(), references, strict=True):
        torch.testing.assert_close(gradients[parameter], theirs, rtol=1e-12, atol=1e-12)


def test_settings_that_change_live_are_followed() -> None:
    model, batch = model_of(), batch_of("decoder")
    changed = {"activation": "tanh", "mask": "none", "residual": "none", "scale": "none"}
    families.adopt(model, ModelConfig(**SMALL | changed))
    for ours, theirs in zip(written_out(model, *batch)[1], by_autograd(model, *batch)[1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


class Farther(POSITIONS["learned"]):
    """An encoding of somebody else's."""


def hooked(model: nn.Module) -> None:
    model.get_submodule("blocks.1.mlp.pre").register_forward_hook(lambda module, args, out: None)


def hooked_weight(model: nn.Module) -> None:
    model.get_parameter("blocks.1.mlp.expand.weight").register_hook(lambda g: g)


def with_dropout(model: nn.Module) -> None:
    families.adopt(model, ModelConfig(**SMALL | {"dropout": 0.1}))


def in_bfloat16(model: nn.Module) -> None:
    precisions.use(model, "bfloat16")


def with_a_head_off(model: nn.Module) -> None:
    attentions(model)["blocks.0.attention"].head_gain = torch.tensor([1.0, 0.0, 1.0, 1.0])


def of_another_encoding(model: nn.Module) -> None:
    model.positions = Farther(ModelConfig(**SMALL), torch.Generator())


def of_another_activation(model: nn.Module) -> None:
    model.get_submodule("blocks.0.mlp").activation = torch.sin


def with_a_forward_of_its_own(model: nn.Module) -> None:
    model.embedding.forward = lambda tokens: model.embedding.weight[tokens]


def on_another_device(model: nn.Module) -> None:
    model.to("meta")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (hooked, "hooks on the model"),
        (hooked_weight, "hooks on a weight"),
        (with_dropout, "dropout"),
        (in_bfloat16, "float32 only"),
        (with_a_head_off, "switches no heads off"),
        (of_another_encoding, "how this Farther computes"),
        (of_another_activation, "activation"),
        (with_a_forward_of_its_own, "how this Embedding computes"),
        (on_another_device, "another device"),
    ],
)
def test_what_it_does_not_support_is_refused_in_words(change: Callable[[nn.Module], None], words: str) -> None:
    model = model_of(torch.float32)
    assert fast.refusal(model) == ""
    change(model)
    assert words in fast.refusal(model)


def test_other_families_are_refused() -> None:
    model = families.build(RecurrentConfig(), V, torch.Generator().manual_seed(0))
    assert fast.refusal(model) == "this family of models has only one"


def test_it_knows_no_encoding_and_no_activation_that_the_models_do_not_have() -> None:
    assert set(POSITIONS.values()) >= fast.ENCODINGS
    assert {"none", "learned", "sinusoidal", "rotary", "alibi"} <= set(WRITTEN_OUT)
    assert set(ACTIVATIONS.values()) >= set(DERIVATIVES)

"""The recurrent encoder-decoder: values and gradients against a plain composition of torch's own modules."""

import pytest
import torch
from torch import nn

from explorer.tasks.base import Batch
from explorer.trace import observe
from models.alignment import build
from models.config import TranslatorConfig

KINDS = ["gru-encoder-decoder", "gru-attention"]
B, S, T, C, V, PAD = 3, 6, 5, 8, 11, 0
LENGTHS = (6, 4, 1)


def made(kind):
    generator = torch.Generator().manual_seed(3)
    model = build(TranslatorConfig(kind=kind, width=C), V, generator, PAD)
    with torch.no_grad():
        for parameter in model.parameters():  # no bias stays at 0, where a wrong one would not show
            if parameter.ndim == 1:
                parameter.normal_(0, 0.3, generator=generator)
    return model.eval()


def batch():
    generator = torch.Generator().manual_seed(4)
    source = torch.randint(1, V, (B, S), generator=generator)
    for row, length in enumerate(LENGTHS):
        source[row, length:] = PAD
    tokens = torch.randint(1, V, (B, T), generator=generator)
    return Batch(tokens, tokens.roll(-1, 1), source)


def cell_of(layer, context=None):
    """torch's cell with the weights of a layer of ours; with a context it reads that after its input."""
    twin = nn.GRUCell(C if context is None else 3 * C, C)
    wide = layer.input.weight if context is None else torch.cat([layer.input.weight, context.weight], 1)
    bias = layer.input.bias if context is None else layer.input.bias + context.bias
    return twin, {
        "weight_ih": wide,
        "weight_hh": layer.recurrent.weight,
        "bias_ih": bias,
        "bias_hh": layer.recurrent.bias,
    }


def stepped(twin_and_weights, x, h):
    twin, weights = twin_and_weights
    return torch.func.functional_call(twin, weights, (x, h))


def plainly(model, given):
    """The logits by torch's cells, one example and one token at a time, as the paper writes it."""
    encoder, decoder = model.encoder, model.decoder
    ahead, back = (cell_of(part) for part in (encoder.layers[0].ahead, encoder.layers[0].back))
    cross = decoder.layers[0].cross
    writes = cell_of(decoder.layers[0], cross.output)
    logits = []
    for row in range(B):
        read = encoder.embedding.weight[given.source[row, : LENGTHS[row]]]
        forwards, backwards = [torch.zeros(1, C)], [torch.zeros(1, C)]
        for x in read:
            forwards.append(stepped(ahead, x[None], forwards[-1]))
        for x in read.flip(0):
            backwards.append(stepped(back, x[None], backwards[-1]))
        h = torch.cat([torch.cat(forwards[1:]), torch.cat(backwards[1:]).flip(0)], 1)  # (S, 2C)
        s = torch.tanh(backwards[-1] @ decoder.begin.weight.T + decoder.begin.bias)
        for token in given.tokens[row]:
            if hasattr(cross, "v"):
                e = [cross.v @ torch.tanh(cross.query(s)[0] + cross.key(one)) for one in h]
                c = sum(a * one for a, one in zip(torch.stack(e).softmax(0), h, strict=True))[None]
            else:
                c = torch.cat([forwards[-1], backwards[-1]], 1)
            s = stepped(writes, torch.cat([decoder.embedding.weight[token][None], c], 1), s)
            logits.append(model.unembedding(s))
    return torch.cat(logits).view(B, T, V)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_torchs_cells_put_together_in_values_and_in_gradients(kind):
    model, given = made(kind), batch()
    weigh = torch.randn(B, T, V, generator=torch.Generator().manual_seed(5))
    found, names = [], [name for name, _ in model.named_parameters()]
    for logits in (model(given.tokens, given.source), plainly(model, given)):
        found.append((logits, torch.autograd.grad((logits * weigh).sum(), list(model.parameters()))))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=1e-6)
    for name, ours, theirs in zip(names, found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5, msg=name)
        assert theirs.any(), f"{name} is used"


def test_every_step_reads_the_source_in_shares_that_leave_padding_out():
    model, given = made("gru-attention"), batch()
    seen = observe(model, given)
    pattern, scores = (seen.values[f"decoder.layers.0.cross.{tap}"] for tap in ("pattern", "scores"))
    assert pattern.shape == scores.shape == seen.grads["decoder.layers.0.cross.pattern"].shape == (B, 1, T, S)
    torch.testing.assert_close(torch.tensor(pattern.sum(-1)), torch.ones(B, 1, T))
    for row, length in enumerate(LENGTHS):
        assert not pattern[row, ..., length:].any()
    context = pattern @ seen.values["decoder.layers.0.cross.values"]
    torch.testing.assert_close(torch.tensor(context), torch.tensor(seen.values["decoder.layers.0.cross.head_out"]))


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_looking_and_in_training_it_computes_the_same(kind):
    model, given = made(kind), batch()
    looked_at = observe(model, given, gradients=False).values["logits"]
    torch.testing.assert_close(model.train()(given.tokens, given.source), torch.tensor(looked_at), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_no_position_sees_what_comes_after_it_and_all_see_the_source(kind):
    model, given = made(kind), batch()
    later, other = given.tokens.clone(), given.source.clone()
    later[:, 3] = later[:, 3] % (V - 1) + 1
    other[:, 0] = other[:, 0] % (V - 1) + 1
    logits = model(given.tokens, given.source)
    assert torch.equal(logits[:, :3], model(later, given.source)[:, :3])
    assert not torch.equal(logits[:, 3:], model(later, given.source)[:, 3:])
    assert (logits != model(given.tokens, other)).any(-1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_token_is_translated_by_one_cell(kind):
    model = build(TranslatorConfig(kind=kind, width=1), V, torch.Generator().manual_seed(0), PAD)
    one = torch.ones(1, 1, dtype=torch.long)
    seen = observe(model, Batch(one, one, one))
    assert seen.values["decoder.layers.0.hidden"].shape == (1, 1, 1)
    assert seen.values["logits"].shape == (1, 1, V)


def test_a_translator_without_attention_has_none():
    assert TranslatorConfig(kind="gru-encoder-decoder").attentions == ()
    with pytest.raises(ValueError, match=r"model.dropout=1"):
        TranslatorConfig(dropout=1)

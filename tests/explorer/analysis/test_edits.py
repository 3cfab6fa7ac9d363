"""Rows, temperatures and repeated sequences: what a visitor edits and what a model is read on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from restless_models import HEAD, KINDS, T, V, batch, hooks_of, model_of, next_token, values_of

from explorer.analysis.interventions import (
    patched,
    repeat_patterns,
    repeated,
    with_row,
    with_temperature,
)
from models.transformer import attentions


def test_temperature_one_changes_no_bit() -> None:
    model = model_of(positions="alibi")
    before = values_of(model)
    with patched(model, with_temperature(model, HEAD, 1.0)):
        inside = values_of(model)
    assert all(np.array_equal(before[name], value) for name, value in inside.items())


def test_a_cold_head_looks_at_its_best_key_and_a_hot_one_everywhere() -> None:
    model = model_of()
    scores, before = (values_of(model)[f"blocks.0.attention.{tap}"] for tap in ("scores", "pattern"))
    with patched(model, with_temperature(model, HEAD, 1e-3)):
        cold = values_of(model)["blocks.0.attention.pattern"]
    with patched(model, with_temperature(model, HEAD, 1e3)):
        hot = values_of(model)["blocks.0.attention.pattern"]
    assert cold[:, 1] == pytest.approx(np.eye(T)[scores[:, 1].argmax(-1)], abs=1e-2)
    seen = np.tril(np.ones((T, T)))
    assert hot[:, 1] == pytest.approx(np.broadcast_to(seen / seen.sum(-1, keepdims=True), hot[:, 1].shape), abs=1e-2)
    assert np.array_equal(cold[:, 0], before[:, 0])
    assert np.array_equal(hot[:, 0], before[:, 0])


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf"), 1e-9])
def test_a_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature=.* use 0.001 to 1000"):
        with_temperature(model_of(), HEAD, temperature)


def test_an_edited_row_changes_that_row_and_what_follows_from_it() -> None:
    model, query = model_of(), 3
    before = values_of(model)
    with patched(model, with_row(model, HEAD, query, [2, 0, 1, 1, 5, 5])):  # the last two are the future
        inside = values_of(model)
    pattern = inside["blocks.0.attention.pattern"].copy()
    assert pattern[:, 1, query] == pytest.approx(np.tile([0.5, 0, 0.25, 0.25, 0, 0], (4, 1)))
    pattern[:, 1, query] = before["blocks.0.attention.pattern"][:, 1, query]
    assert np.array_equal(pattern, before["blocks.0.attention.pattern"])
    moved = np.abs(inside["logits"] - before["logits"]).max((0, 2)) > 0
    assert moved.tolist() == [False, False, False, True, True, True]  # it never reaches the past


def test_a_row_written_as_it_was_changes_nothing() -> None:
    model = model_of()
    row = values_of(model)["blocks.0.attention.pattern"][0, 1, 4].tolist()
    assert next_token(model, batch(), 4, with_row(model, HEAD, 4, row)) == pytest.approx(
        next_token(model, batch(), 4), abs=1e-6
    )


def test_a_row_keeps_off_the_padding_of_a_source() -> None:
    model = model_of(kind="encoder-decoder")
    with patched(model, with_row(model, "decoder.blocks.1.cross.0", 2, [0, 1, 0, 0, 3, 0])):
        inside = values_of(model)["decoder.blocks.1.cross.pattern"][:, 0, 2]
    assert inside[0] == pytest.approx([0, 0.25, 0, 0, 0.75, 0])
    assert inside[1] == pytest.approx([0, 1, 0, 0, 0, 0])  # sample 1's source ends after four tokens


@pytest.mark.parametrize(
    ("query", "weights", "says"),
    [
        (3, [1, -0.5, 0, 0, 0, 0], "weight -0.5 of key 2"),
        (3, [1, float("nan"), 0, 0, 0, 0], "weight nan of key 2"),
        (3, [0, 0, 0, 0, 1, 1], "no weight is left on the keys that query 4 sees"),
        (3, [1, 1], "query 4 and 2 weights do not fit 6 queries and 6 keys"),
        (6, [1, 1, 1, 1, 1, 1], "query 7 and 6 weights do not fit"),
    ],
)
def test_a_row_that_cannot_be_is_refused(query: int, weights: list[float], says: str) -> None:
    model = model_of()
    with pytest.raises(ValueError, match=says):
        next_token(model, batch(), 3, with_row(model, HEAD, query, weights))
    assert hooks_of(model) == 0


@pytest.mark.parametrize("head", ["blocks.0.attention.2", "blocks.0.attention", "1.2", "blocks.0.attention.-1"])
def test_an_unknown_head_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match=r"there is no head .*; heads are blocks\.0\.attention\.0, "):
        with_temperature(model_of(), head, 2.0)
    with pytest.raises(ValueError, match="there is no head"):
        with_row(model_of(), head, 0, [1.0] * T)


def test_the_next_token_moves_with_the_edits_and_together_they_add_up() -> None:
    model, read = model_of(), batch()
    before = next_token(model, read, 4)
    logits = torch.from_numpy(values_of(model, read)["logits"][0, 4].copy())
    assert before == pytest.approx(logits.softmax(-1).numpy())
    assert before.sum() == pytest.approx(1)
    row, cold = with_row(model, HEAD, 4, [0, 1, 0, 0, 0, 0]), with_temperature(model, "blocks.0.attention.0", 0.1)
    after = [next_token(model, read, 4, *edits) for edits in ((row,), (cold,), (row, cold))]
    assert len({tuple(p) for p in (before, *after)}) == 4


def test_a_repeated_sequence_says_the_same_twice_without_what_is_excluded() -> None:
    tokens = repeated(12, 8, 50, torch.Generator().manual_seed(0), exclude=(0, 3))
    assert tokens.shape == (50, 16)
    assert torch.equal(tokens[:, :8], tokens[:, 8:])
    assert set(tokens.unique().tolist()) == set(range(12)) - {0, 3}
    assert all(len(row.unique()) == 8 for row in tokens)  # nothing else to look back to
    assert torch.equal(tokens, repeated(12, 8, 50, torch.Generator().manual_seed(0), exclude=(0, 3)))
    assert not torch.equal(tokens[0], tokens[1])


def test_a_small_vocabulary_is_used_up_before_a_token_comes_again() -> None:
    tokens = repeated(5, 8, 20, torch.Generator().manual_seed(0))
    assert all(len(row[:5].unique()) == 5 and len(row[5:8].unique()) == 3 for row in tokens)


def test_too_short_a_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="n=2 tokens said twice do not tell heads apart; use 3 or more"):
        repeated(5, 2, 1, torch.Generator())


@pytest.mark.parametrize("fields", KINDS, ids=["decoder", "encoder", "encoder-decoder"])
def test_every_self_attention_reads_the_repeated_sequence(fields: dict) -> None:
    model = model_of(**fields)
    tokens = repeated(V, 3, 5, torch.Generator().manual_seed(0), exclude=(0,))
    found = repeat_patterns(model, tokens)
    assert list(found) == [path for path in attentions(model) if path.endswith(".attention")]
    for patterns in found.values():
        assert patterns.shape == (5, 2, T, T)
        assert patterns.sum(-1) == pytest.approx(np.ones((5, 2, T)))
    if fields.get("kind") == "encoder-decoder":
        assert not np.triu(found["decoder.blocks.0.attention"], 1).any()
        assert np.triu(found["encoder.blocks.0.attention"], 1).any()


def test_a_sequence_longer_than_the_context_is_refused() -> None:
    with pytest.raises(ValueError, match="the model reads 6 tokens and these are 8; use fewer"):
        repeat_patterns(model_of(), repeated(V, 4, 1, torch.Generator()))

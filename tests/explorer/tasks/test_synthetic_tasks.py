"""Tasks of random symbols: right answers, exact chance, refused input."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.tasks import build
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

ANSWERS = {"reverse": lambda x: x[::-1], "copy": list, "sort": sorted}
REWRITES = {"reverse": f.Reverse, "copy": f.Copy, "sort": f.Sort}
EVERY = [
    *((kind(length=6, symbols=9), k) for kind in REWRITES.values() for k in ("decoder", "encoder", "encoder-decoder")),
    (f.Induction(), "decoder"),
    *((f.Addition(), k) for k in ("decoder", "encoder")),
]


def task_of(fields, kind="decoder", context=64):
    return build(fields, ModelConfig(kind=kind, context=context))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("fields", "kind"), EVERY, ids=lambda x: getattr(x, "name", x))
def test_every_task_gives_what_every_task_promises(fields, kind):
    task = task_of(fields, kind)
    first, again, other = (task.batch(5, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.tokens, other.tokens)
    assert first.tokens.shape == first.targets.shape == (5, task.length)
    assert (first.source is not None) == (kind == "encoder-decoder")
    assert 0 <= int(first.tokens.min()) <= int(first.tokens.max()) < len(task.vocabulary)
    assert first.predicted > 0
    assert 0 < task.chance < 1
    assert torch.equal(task.probe(3).tokens, task.probe(3).tokens)
    assert " → " in task.sample(first)


@given(length=st.integers(2, 30), symbols=st.integers(2, 60), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", REWRITES)
def test_answers_are_those_of_plain_python(name, length, symbols, seed):
    fields = REWRITES[name](length=length, symbols=symbols)
    n, separator = length, symbols
    batch = task_of(fields).batch(3, seeded(seed))
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        answer = ANSWERS[name](tokens[:n])
        assert targets == [IGNORE] * n + answer
        assert tokens[n:] == [separator, *answer[:-1]]
    encoder = task_of(fields, "encoder").batch(3, seeded(seed))
    assert encoder.targets.tolist() == [ANSWERS[name](x) for x in encoder.tokens.tolist()]
    both = task_of(fields, "encoder-decoder").batch(3, seeded(seed))
    assert both.targets.tolist() == [ANSWERS[name](x) for x in both.source.tolist()]
    assert both.tokens.tolist() == [[separator, *y[:-1]] for y in both.targets.tolist()]


@pytest.mark.parametrize(("length", "symbols"), [(2, 2), (3, 4), (4, 3), (5, 5)])
def test_chance_of_sorting_is_exact(length, symbols):
    ranks = list(zip(*map(sorted, product(range(symbols), repeat=length)), strict=True))
    exact = sum(max(rank.count(s) for s in range(symbols)) / len(rank) for rank in ranks) / length
    assert task_of(f.Sort(length=length, symbols=symbols)).chance == pytest.approx(exact)


def test_chance_of_reversing_is_that_of_a_die():
    task = task_of(f.Reverse(length=10, symbols=20))
    batch = task.batch(5000, seeded())
    guessed = (batch.targets == 3).sum() / batch.predicted
    assert float(guessed) == pytest.approx(task.chance, rel=0.05)


@given(shortest=st.integers(2, 10), longer=st.integers(0, 10), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_an_induction_sequence_repeats_and_is_asked_where_that_can_be_known(shortest, longer, seed):
    fields = f.Induction(length=30, shortest=shortest, longest=shortest + longer)
    batch = task_of(fields).batch(6, seeded(seed))
    for tokens, targets in zip(batch.tokens.tolist(), batch.targets.tolist(), strict=True):
        period = targets.count(IGNORE)
        assert shortest <= period <= shortest + longer
        assert targets[:period] == [IGNORE] * period
        sequence = [*tokens, targets[-1]]
        assert all(sequence[t] == sequence[t - period] for t in range(period, len(sequence)))
        assert targets[period:] == sequence[period + 1 :]


@pytest.mark.parametrize("kind", ["decoder", "encoder"])
def test_sums_are_right_and_held_out_pairs_are_never_trained_on(kind):
    task = task_of(f.Addition(modulus=7, held_out=0.3), kind)
    pairs = {}
    for split in ("trained", "held out"):
        batch = task.draw(split, 2000, seeded())
        assert batch.targets[:, :2].eq(IGNORE).all()
        assert batch.tokens[:, 2].eq(7).all()
        assert torch.equal(batch.targets[:, 2], batch.tokens[:, :2].sum(1) % 7)
        pairs[split] = set(map(tuple, batch.tokens[:, :2].tolist()))
    assert not pairs["trained"] & pairs["held out"]
    assert len(pairs["trained"] | pairs["held out"]) == 49
    assert len(pairs["held out"]) == round(49 * 0.3)


@pytest.mark.parametrize("share", [1e-6, 1 - 1e-6])
def test_both_splits_of_addition_hold_at_least_one_pair(share):
    task = task_of(f.Addition(modulus=5, held_out=share))
    assert task.batch(2, seeded()).predicted == task.held_out(2, seeded()).predicted == 2


@pytest.mark.parametrize(
    ("fields", "typed", "sample"),
    [
        (f.Reverse(length=3), "abc", "a b c | c b → c b a"),
        (f.Sort(length=3), "c a b", "c a b | a b → a b c"),
        (f.Induction(length=6, longest=5, shortest=2), "ab", "a b a b a b → b a b a"),
        (f.Addition(), "30 + 2", "30 2 = → 1"),
    ],
    ids=lambda x: getattr(x, "name", None),
)
def test_own_input_becomes_the_task(fields, typed, sample):
    task = task_of(fields)
    assert task.sample(task.encode(typed)) == sample


@pytest.mark.parametrize(
    ("fields", "typed", "says"),
    [
        (f.Reverse(length=3), "ab", "reads 3 symbols and the input has 2; type 3"),
        (f.Reverse(length=3, symbols=5), "aé?", r"does not know \?, é; it knows a to e \(5 symbols\)"),
        (f.Reverse(length=3), "a|b", r"does not know \|"),
        (f.Induction(), "a", "the input has 1 symbol; type 2 to 47"),
        (f.Addition(), "3 + 31", "is not two numbers below 31; type something like 3 [+] 4"),
        (f.Addition(), "three", "is not two numbers"),
    ],
)
def test_own_input_that_does_not_fit_is_refused_with_the_way_out(fields, typed, says):
    with pytest.raises(ValueError, match=says):
        task_of(fields).encode(typed)


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        (
            f.Induction(),
            "encoder",
            "model.kind=encoder cannot do task.name=induction; use model.kind=decoder",
        ),
        (f.Addition(), "encoder-decoder", "cannot do task.name=addition; use decoder or encoder"),
        (f.Induction(shortest=9, longest=8), "decoder", "use shortest ≤ longest < length"),
        (f.Reverse(length=33), "decoder", "model.context=64 is shorter .* 66 tokens; use model.context=66"),
    ],
)
def test_what_a_model_cannot_do_is_refused_with_the_way_out(fields, kind, says):
    with pytest.raises(ValueError, match=says):
        task_of(fields, kind)

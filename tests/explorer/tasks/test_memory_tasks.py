"""Tasks of memory: what is asked is what was read, and chance is what guessing gets."""

import numpy as np
import pytest
import torch

from explorer.config.run import RunConfig
from explorer.tasks import build
from explorer.tasks.base import IGNORE
from explorer.tasks.fields import Brackets, Delay
from models.config import ModelConfig, RecurrentConfig

LSTM = RecurrentConfig(context=64)


def drawn(task, size=400):
    return task.batch(size, torch.Generator().manual_seed(0))


def test_each_symbol_is_asked_for_once_more_after_the_delay():
    task = build(Delay(length=3, delay=5, symbols=4), LSTM)
    batch = drawn(task)
    assert batch.tokens.shape == batch.targets.shape == (400, task.length) == (400, 11)
    assert torch.equal(batch.targets[:, 8:], batch.tokens[:, :3])
    assert (batch.targets[:, :8] == IGNORE).all()
    assert torch.equal(batch.tokens[:, 9:], batch.tokens[:, :2])
    assert task.sample(task.encode("a b c")) == "a b c · · · · · | → a b c"
    assert batch.tokens[:, :3].unique().tolist() == [0, 1, 2, 3]


def test_mixed_delays_are_drawn_evenly_and_the_other_blanks_come_first():
    task = build(Delay(length=2, delay=5, symbols=4, delays="mixed"), LSTM)
    batch = drawn(task, 3000)
    blanks = (batch.tokens[:, :7] == 4).long()
    before = blanks.cumprod(1).sum(1)
    assert torch.equal(blanks.sum(1), torch.full((3000,), 5))
    for row in (0, 1, 2):
        read = batch.tokens[row, before[row] : before[row] + 2]
        assert torch.equal(read, batch.targets[row, 7:])
    assert np.bincount(before.numpy(), minlength=6).tolist() == pytest.approx([500] * 6, rel=0.15)


def test_without_a_delay_it_is_a_copy():
    batch = drawn(build(Delay(length=2, delay=0, symbols=4), LSTM))
    assert batch.tokens.shape[1] == 4


def plain(symbols):
    """What is open after each symbol, by rewriting the text."""
    said = []
    for end in range(1, len(symbols) + 1):
        left = [s for s in symbols[:end] if s in "()[]{}<>"]
        text = "".join(left)
        while any(pair in text for pair in ("()", "[]", "{}", "<>")):
            for pair in ("()", "[]", "{}", "<>"):
                text = text.replace(pair, "")
        said.append(text[-1] if text else "·")
    return said


def test_the_innermost_open_bracket_is_asked_for_after_every_token():
    task = build(Brackets(length=30, kinds=4, depth=3), LSTM)
    batch = drawn(task, 40)
    for tokens, targets in zip(batch.tokens, batch.targets, strict=True):
        assert task.vocabulary.show(targets) == plain(task.vocabulary.show(tokens))
    high = max(
        sum(s in "([{<" for s in row) - sum(s in ")]}>" for s in row) for row in map(task.vocabulary.show, batch.tokens)
    )
    assert high <= 3


@pytest.mark.parametrize(("kinds", "depth"), [(1, 1), (3, 4), (4, 2)])
def test_chance_is_what_the_likeliest_answer_at_each_position_gets(kinds, depth):
    task = build(Brackets(length=40, kinds=kinds, depth=depth), LSTM)
    targets = drawn(task, 6000).targets
    best = [np.bincount(column.numpy()).max() / len(column) for column in targets.T]
    assert task.chance == pytest.approx(np.mean(best), abs=0.012)


def test_a_visitors_brackets_are_answered_or_refused_with_their_place():
    task = build(Brackets(kinds=2), LSTM)
    assert task.vocabulary.show(task.encode("a(b[c]").targets[0]) == ["·", "(", "(", "[", "[", "("]
    with pytest.raises(ValueError, match=r"\) at place 3 closes no innermost \("):
        task.encode("([)")
    with pytest.raises(ValueError, match=r"does not know \{; it knows \( \[ \) \] a b c d e f g h"):
        task.encode("{")


@pytest.mark.parametrize("fields", [Delay(), Brackets()])
def test_what_sees_the_whole_input_has_nothing_to_remember(fields):
    with pytest.raises(ValueError, match=f"task.name={fields.name} asks what is remembered"):
        build(fields, ModelConfig(kind="encoder"))


def test_a_delay_longer_than_the_context_is_refused_with_the_context_it_takes():
    with pytest.raises(ValueError, match=r"use model\.context=104"):
        build(Delay(length=2, delay=100), LSTM)


def test_a_recurrent_run_is_a_config_like_any_other():
    changes = {"model.kind": "lstm", "task.name": "delay", "task.delay": 20, "model.context": 24}
    config = RunConfig().replace(changes)
    assert RunConfig.from_json(config.to_json()) == config
    assert config.model == RecurrentConfig(context=24)
    with pytest.raises(ValueError, match=r"model\.heads"):
        config.replace({"model.heads": 2})

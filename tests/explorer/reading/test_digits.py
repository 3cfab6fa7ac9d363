"""Digits: the word and its attention against a plain loop, all held-out pictures, and the control that must fail."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import recorded

from explorer import Run, RunConfig, observe, train, write
from explorer.answers.reading import digits
from explorer.runs.replay import restore
from explorer.tasks.answering import END, START
from explorer.tasks.base import Batch
from explorer.tasks.digits import WORDS, pictures

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 2, "train.batch": 16}
NARROW = {"model.width": 32, "model.heads": 2, "train.batch": 32, "optimizer.lr": 1e-2}
STEPS = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    folder: Path = tmp_path_factory.mktemp("digits")
    return recorded(folder / "a.run", STEPS, RunConfig.preset("digits").replace(SMALL))


@torch.no_grad()
def looped(model, source: torch.Tensor) -> tuple[list[int], list[float]]:
    """The tokens that a model writes for one picture, the likeliest each time, and the chance of each."""
    tokens, chances = [START], []
    while len(tokens) <= 6 and tokens[-1] != END:
        p = model(torch.tensor([tokens]), source)[0, -1].softmax(-1)
        tokens.append(int(p.argmax()))
        chances.append(float(p.max()))
    return tokens, chances


@pytest.mark.parametrize("picture", [None, 0, 1796])
def test_a_word_and_its_attention_are_those_of_a_loop(run, picture):
    training = restore(run, STEPS)
    model, task = training.model.eval(), training.task
    answer = digits.written(str(run.path), STEPS, picture)
    number = int(task.splits["held out"][0]) if picture is None else picture
    source = task.sources[[number]]
    tokens, chances = looped(model, source)
    assert answer.letters == task.vocabulary.show(tokens[1:])
    np.testing.assert_allclose(answer.p, chances, rtol=1e-4)
    assert answer.right == WORDS[int(task.digits[number])]
    np.testing.assert_array_equal(answer.shades, pictures()[0][number])
    read = torch.tensor([tokens[:-1]])
    trace = observe(model, Batch(read, read, source), gradients=False)
    rows = [trace.values[f"decoder.blocks.{layer}.cross.pattern"][0] for layer in range(2)]
    np.testing.assert_allclose(answer.attention, np.concatenate(rows), rtol=1e-5, atol=1e-7)
    assert answer.attention.shape == (4, len(answer.letters), 16)
    assert write(run, str(number), length=6, temperature=0.0).tokens == answer.letters


def test_all_held_out_pictures_are_counted_once(run):
    training = restore(run, STEPS)
    model, task = training.model.eval(), training.task
    answer = digits.readings(str(run.path), STEPS)
    which = task.splits["held out"]
    assert answer.counts.sum() == len(which) == 359
    np.testing.assert_array_equal(answer.counts.sum(1), task.digits[which].bincount(minlength=10))
    assert answer.right == pytest.approx(float(np.trace(answer.counts[:, :10])) / 359)
    wrong = dict(answer.wrong)
    for number in which[:40].tolist():
        tokens, _ = looped(model, task.sources[[number]])
        said, right = digits.word(task, tokens[1:]), WORDS[int(task.digits[number])]
        assert wrong.get(number, right) == said


def test_what_is_no_word_for_a_digit_has_a_column_of_its_own(run, monkeypatch):
    monkeypatch.setattr(digits, "word", lambda task, tokens: "fou")
    answer = digits.readings(str(run.path), STEPS)
    assert answer.counts[:, -1].sum() == answer.counts.sum() == len(answer.wrong) == 359
    assert answer.right == 0


def test_what_cannot_be_is_refused(run, tiny):
    with pytest.raises(ValueError, match="there is no picture 1797; use 0 to 1796"):
        digits.written(str(run.path), STEPS, 1797)
    with pytest.raises(ValueError, match="has no cross-attention; look at a run that has"):
        digits.readings(str(tiny.path), 3)


@pytest.mark.parametrize(
    ("changes", "steps"), [(NARROW, 125), pytest.param({}, 500, marks=pytest.mark.prove, id="the preset")]
)
def test_a_digit_is_read_by_where_its_ink_stands(changes, steps):
    """The same number of steps: with patches in place most held-out words are right, shuffled far fewer."""
    right = {}
    for patches in ("in place", "shuffled"):
        changed = {"task.patches": patches, "optimizer.schedule": "constant"} | changes
        training = train(RunConfig.preset("digits").replace(changed))
        for _ in islice(training, steps):
            pass
        task, which = training.task, training.task.splits["held out"]
        training.model.eval()
        with torch.no_grad():
            tokens = digits.written_tokens(training, task.sources[which])[:, 1:].tolist()
        words = [digits.word(task, row) for row in tokens]
        right[patches] = np.mean([word == WORDS[d] for word, d in zip(words, task.digits[which].tolist(), strict=True)])
    assert right["in place"] > 0.6
    assert right["shuffled"] < right["in place"] - 0.2

"""Telling apart: the confusion matrix against a plain loop, one text's answer, and the control that must fail."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix
from tiny_runs import recorded

from explorer import Run, RunConfig, observe, train
from explorer.answers.reading import telling
from explorer.runs.replay import restore
from explorer.tasks.base import Batch

SMALL = {"model.width": 16, "model.heads": 2, "train.batch": 16}
NARROW = {
    "model.width": 32,
    "model.heads": 2,
    "model.layers": 1,
    "train.batch": 32,
    "optimizer.lr": 1e-2,
    "optimizer.schedule": "constant",
}
STEPS = 10
PRESETS = ("which-language", "comedy-or-history")


@pytest.fixture(scope="module", params=PRESETS)
def run(request, tmp_path_factory) -> Run:
    folder: Path = tmp_path_factory.mktemp("telling")
    return recorded(folder / "a.run", STEPS, RunConfig.preset(request.param).replace(SMALL))


@torch.no_grad()
def test_the_confusion_matrix_is_scikit_learns_of_a_loop(run):
    training = restore(run, STEPS)
    model, task = training.model.eval(), training.task
    which = telling.spread(task.splits["held out"]).tolist()
    assert len(which) == min(600, len(task.splits["held out"]))
    answers = []
    for i in which:  # one by one, so without padding
        logits = model(task.tokens_of(task.texts[i]))[0, 0]
        answers.append(int(logits[2 : task.first].argmax()))
    answer = telling.confusion(str(run.path), STEPS)
    true, numbers = task.labels[which].tolist(), list(range(len(task.classes)))
    np.testing.assert_array_equal(answer.counts, confusion_matrix(true, answers, labels=numbers))
    assert answer.right == pytest.approx(accuracy_score(true, answers))
    assert answer.majority == pytest.approx(true.count(task.majority) / len(true))
    assert answer.of == len(task.splits["held out"])
    by_text = {task.texts[i]: task.classes[a] for i, a in zip(which, answers, strict=True)}
    assert len(answer.mistakes) == min(40, sum(a != t for a, t in zip(answers, true, strict=True)))
    assert all(by_text[one.text] == one.answer != one.right for one in answer.mistakes)
    assert [one.p for one in answer.mistakes] == sorted((one.p for one in answer.mistakes), reverse=True)


def test_one_text_has_the_class_tokens_own_rows(run):
    training = restore(run, STEPS)
    task = training.task
    text = task.texts[int(task.splits["held out"][3])]
    answer = telling.verdict(str(run.path), STEPS, text)
    tokens = task.tokens_of(text)
    trace = observe(training.model, Batch(tokens, tokens), gradients=False)
    patterns = [trace.values[f"blocks.{layer}.attention.pattern"][0, :, 0] for layer in range(2)]
    np.testing.assert_array_equal(answer.attention, np.concatenate(patterns))
    np.testing.assert_allclose(answer.attention.sum(1), 1, atol=1e-5)
    assert answer.heads == [f"blocks.{layer}.attention.{head}" for layer in range(2) for head in range(2)]
    assert answer.tokens == task.vocabulary.show(tokens[0])
    assert answer.right == task.classes[int(task.labels[task.texts.index(text)])]
    with torch.no_grad():
        p = training.model.eval()(tokens)[0, 0].softmax(-1)
    np.testing.assert_allclose(answer.p, p[2 : task.first], rtol=1e-5)  # after the padding and the class token
    own = telling.verdict(str(run.path), STEPS, "Nowhere " * 60)
    assert own.right == ""
    assert (len(own.tokens), own.cut) == (task.length, task.whole("Nowhere " * 60).shape[1] - task.length)


def test_what_cannot_be_is_refused(run, tiny):
    with pytest.raises(ValueError, match="there is nothing to tell apart"):
        telling.verdict(str(run.path), STEPS, " ")
    with pytest.raises(ValueError, match="this task tells no texts apart"):
        telling.confusion(str(tiny.path), 3)


def test_data_of_one_class_and_ties_have_numbers(run, monkeypatch):
    """Where all held-out texts are of one class, other rows are empty; equal chances are won by the first class."""
    one_class = telling.teller

    def teller(*arguments):
        training, task = one_class(*arguments)
        monkeypatch.setattr(task, "labels", torch.full_like(task.labels, 1))
        monkeypatch.setattr(task, "taught", torch.zeros_like(task.labels))
        return training, task

    monkeypatch.setattr(telling, "teller", teller)
    monkeypatch.setattr(
        telling, "class_chances", lambda training, task, which: np.full((len(which), len(task.classes)), 0.5)
    )
    answer = telling.confusion(str(run.path), STEPS)
    assert answer.counts.sum() == answer.counts[1, 0] > 0
    assert answer.right == 0
    assert answer.taught == 1, "by the classes that were taught"


def held_out_right(config: RunConfig, steps: int) -> tuple[float, float]:
    """The share of all held-out texts classified right, and that of always saying the most frequent class."""
    training = train(config)
    for _ in islice(training, steps):
        pass
    task, which = training.task, training.task.splits["held out"]
    answers = telling.class_chances(training, task, which).argmax(1)
    return float((answers == task.labels[which].numpy()).mean()), task.chance


@pytest.mark.parametrize(
    ("changes", "steps"), [(NARROW, 100), pytest.param({}, 150, marks=pytest.mark.prove, id="the preset")]
)
def test_languages_are_told_apart_and_shuffled_labels_teach_nothing(changes, steps):
    config = RunConfig.preset("which-language").replace(changes)
    right, chance = held_out_right(config, steps)
    assert right > 0.4 > 3 * chance
    control, _ = held_out_right(config.replace({"task.labels": "shuffled"}), steps)
    assert control < 0.2


@pytest.mark.prove
def test_comedies_and_histories_are_told_apart_in_plays_unseen_and_shuffled_labels_teach_nothing():
    config = RunConfig.preset("comedy-or-history")
    right, chance = held_out_right(config, 300)
    assert right > chance + 0.1
    control, _ = held_out_right(config.replace({"task.labels": "shuffled"}), 300)
    assert control < chance + 0.05

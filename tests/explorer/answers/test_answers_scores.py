"""Scores of a run: its own numbers by plain loops, whatever the kind of model, and in words what cannot be scored."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from sacrebleu.metrics import BLEU, CHRF
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.__main__ import main
from explorer.analysis import answering
from explorer.answers.translating import scores
from explorer.tasks.base import IGNORE

STEPS, EXAMPLES, ALONE = 30, 60, 12
SMALL = {"model.width": 16, "train.batch": 8}
HEADS = SMALL | {"model.heads": 2, "model.layers": 1}
ENCODER = TINY.replace({"model.kind": "encoder"})
CONFIGS = {
    "reverse": TINY,
    "encoder": ENCODER,
    "sort": RunConfig.preset("sort").replace(HEADS | {"model.context": 12, "task.length": 6}),
    "addition": RunConfig.preset("addition").replace(HEADS | {"task.modulus": 31}),
    "dates": RunConfig.preset("dates-fr").replace(HEADS),
    "dates-onward": RunConfig.preset("dates-fr").replace(HEADS | {"model.kind": "decoder", "model.context": 64}),
    "dates-gru": RunConfig.preset("dates-gru").replace(SMALL),
    "delay": RunConfig.preset("delay-lstm").replace(SMALL),
    "no-mask": TINY.replace({"model.mask": "none"}),
    "shakespeare": RunConfig.preset("shakespeare").replace(HEADS | {"model.context": 16}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("scores")
    return {name: recorded(folder / f"{name}.run", STEPS, config, every=10) for name, config in CONFIGS.items()}


def by_hand(run: Run, examples: int) -> list[str]:
    """What the model says to each example, alone and without a cache."""
    model, task, opening = run.model_at(STEPS).eval(), run.task, run.task.opening()
    batch, answers = task.probe(examples), []
    for row in range(examples):
        first = int((batch.targets[row] != IGNORE).int().argmax())
        tokens, source = batch.tokens[row : row + 1, : first + 1], None if batch.source is None else batch.source[[row]]
        said: list[int] = []
        while len(said) < opening.length and (not said or said[-1] != opening.end):
            with torch.no_grad():
                said.append(int(model(tokens, source)[0, -1].argmax()))
            tokens = torch.cat([tokens, torch.tensor([said[-1:]])], 1)
        answers.append(task.readable(said))
    return answers


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in ("encoder", "addition", "shakespeare")])
def test_what_is_scored_is_what_the_model_writes_to_each_example_alone(runs, name: str):
    run = runs[name]
    result = scores.answered(scores.training_at(str(run.path), STEPS, None), ALONE)
    assert result.answers == by_hand(run, ALONE)
    assert [run.task.readable(tokens) for tokens in answering.right_answers(run.task.probe(ALONE))] == result.right


@pytest.mark.parametrize("name", CONFIGS)
def test_perplexity_is_by_a_plain_loop(runs, name: str):
    run = runs[name]
    one = scores.scores(str(run.path), STEPS, EXAMPLES)
    model, batch = run.model_at(STEPS).eval(), run.task.probe(EXAMPLES)
    with torch.no_grad():
        log_p = model(batch.tokens, batch.source).double().log_softmax(-1)
    nats = tokens = characters = size = 0
    for row in range(EXAMPLES):
        right = [t for t in batch.targets[row].tolist() if t != IGNORE]
        places = (batch.targets[row] != IGNORE).nonzero()[:, 0].tolist()
        nats -= sum(float(log_p[row, place, token]) for place, token in zip(places, right, strict=True))
        tokens += len(right)
        characters += len(run.task.spelled(right))
        size += len(run.task.spelled(right).encode())
    assert (one.tokens, one.characters, one.bytes) == (tokens, characters, size)
    for kind, count in (("token", tokens), ("character", characters), ("byte", size)):
        assert one.scores[kind].value == pytest.approx(math.exp(nats / count), rel=1e-5)
        assert one.scores[kind].low <= one.scores[kind].value <= one.scores[kind].high


def test_the_copy_is_scored_as_an_answer_that_is_the_input(runs):
    run = runs["dates"]
    batch = run.task.probe(EXAMPLES)
    read = [run.task.readable(row) for row in batch.source]
    right = [run.task.readable(row[row != IGNORE]) for row in batch.targets]
    one = scores.scores(str(run.path), STEPS, EXAMPLES)
    said = scores.answered(scores.training_at(str(run.path), STEPS, None), EXAMPLES).answers
    assert one.scores["chrf"].value == pytest.approx(CHRF().corpus_score(said, [right]).score, abs=1e-9)
    assert one.scores["bleu"].copy == pytest.approx(BLEU().corpus_score(read, [right]).score, abs=1e-9)
    copying = RunConfig.preset("reverse").replace({"task.name": "copy"})
    task = scores.Training(copying).task
    batch = task.probe(4)
    assert [task.readable(row) for row in answering.inputs(batch, False)] == [
        task.readable(row) for row in answering.right_answers(batch)
    ]


def test_addition_has_no_bleu_and_says_why(runs):
    one = scores.scores(str(runs["addition"].path), STEPS, EXAMPLES)
    assert one.scores["bleu"].undefined == "BLEU is not defined for outputs this short"
    assert one.scores["bleu"].value is None
    assert one.rows[0].read.split() != one.rows[0].right.split()
    assert len(one.rows[0].read.split()) == 2, "the two summands, without the sign that asks"


def test_a_text_without_right_answers_has_its_perplexities_alone(runs):
    one = scores.scores(str(runs["shakespeare"].path), STEPS, EXAMPLES)
    assert list(one.scores) == ["token", "character", "byte"]
    assert one.rows == []


def test_two_steps_are_compared_on_the_same_examples(runs):
    path = str(runs["dates"].path)
    pair = scores.against(path, 0, STEPS, examples=EXAMPLES)
    first, second = (scores.scores(path, step, EXAMPLES).scores for step in (0, STEPS))
    for name, each in pair.scores.items():
        assert (each.first, each.second) == (first[name].value, second[name].value)
        assert (each.low is None and each.p is None) or each.low <= each.lead <= each.high
    assert pair.scores["token"].lead < 0
    assert pair.scores["token"].p < 0.05


def test_the_curves_are_the_scores_at_each_snapshot(runs):
    path = str(runs["dates"].path)
    curve = scores.history(path, STEPS)
    assert curve.steps.tolist() == [0, 10, 20, 30]
    for at, step in enumerate(curve.steps.tolist()):
        one = scores.scores(path, step, curve.examples).scores
        assert {name: values[at] for name, values in curve.scores.items()} == pytest.approx(
            {name: one[name].value for name in curve.scores}
        )
    assert curve.copies["exact"] == 0


def test_what_cannot_be_scored_is_refused_in_a_sentence(runs, tmp_path):
    dates, sort = str(runs["dates"].path), str(runs["sort"].path)
    with pytest.raises(ValueError, match="have different tasks, so their scores do not compare; choose one of this"):
        scores.against(dates, 1, 1, sort)
    with pytest.raises(ValueError, match="examples=1 is out of range; use 2 to 2000"):
        scores.scores(dates, 1, 1)
    words = RunConfig.preset("words-glove").replace({"task.vocabulary": 50, "model.width": 8, "train.batch": 8})
    with pytest.raises(ValueError, match="has no logits; look at a run that has"):
        scores.scores(str(recorded(tmp_path / "words.run", 1, words).path), 1)


def test_numbers_that_are_lost_and_examples_of_two_kinds_are_refused_and_wrong_answers_come_first(runs, monkeypatch):
    path, whole = str(runs["dates"].path), scores.answered

    def lost(*arguments):
        result = whole(*arguments)
        result.statistics["token"][0, 0] = math.inf
        return result

    monkeypatch.setattr(scores, "answered", lost)
    for ask in (lambda: scores.scores(path, STEPS, 2), lambda: scores.against(path, 0, STEPS, examples=2)):
        with pytest.raises(ValueError, match="not finite any more; choose an earlier step"):
            ask()
    others = iter(("a", "b"))
    monkeypatch.setattr(scores, "answered", lambda *of: replace(whole(*of), right=[next(others)] * 2))
    with pytest.raises(ValueError, match="cut the task's examples otherwise, so they cannot be paired"):
        scores.against(path, 0, STEPS, examples=2)
    result = replace(
        whole(scores.training_at(path, STEPS, None), 2), read=["a", "b"], right=["x", "y"], answers=["x", "z"]
    )
    assert [one.read for one in scores.rows(result)] == ["b", "a"]


def test_the_command_scores_a_step_and_compares_two(runs, capsys):
    path = str(runs["dates"].path)
    assert main(["score", path, "--examples", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"step {STEPS}, 20 held-out examples, ")
    assert any("nrefs:1|bs:1000|seed:12345" in line for line in lines)
    assert main(["score", path, "--examples", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["exact"]["copy"] == 0
    assert main(["score", path, "--step", "0", "--against-step", "30", "--examples", "20"]) == 0
    assert "paired bootstrap" in capsys.readouterr().out
    assert main(["score", path, "--against", str(runs["dates-gru"].path), "--examples", "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["other"] == STEPS
    assert main(["score", path, "--over-training"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["0", "10", "20", "30"]
    assert main(["score", path, "--over-training", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == [0, 10, 20, 30]
    assert main(["score", path, "--over-training", "--examples", "5"]) == 1
    assert "--over-training goes with neither" in capsys.readouterr().err
    assert main(["score", path, "--step", "31"]) == 1
    assert "has steps 0 to 30 and not 31; choose one of them" in capsys.readouterr().err

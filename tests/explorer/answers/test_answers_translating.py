"""Translating: what is written is the model's own, what is put by hand stands, and links are the task's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers.translating import alignment, answer, states
from explorer.answers.writing import decoding
from explorer.measure.text import links
from explorer.runs.replay import restore
from explorer.tasks.base import IGNORE
from explorer.trace import observe

STEPS = 30
HEADS = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 8}
CONFIGS = {
    "reverse": TINY,
    "dates": RunConfig.preset("dates-fr").replace(HEADS),
    "dates-onward": RunConfig.preset("dates-fr").replace(HEADS | {"model.kind": "decoder", "model.context": 64}),
    "dates-gru": RunConfig.preset("dates-gru").replace({"model.width": 16, "train.batch": 8}),
    "sort": RunConfig.preset("sort").replace(HEADS | {"model.context": 12, "task.length": 6}),
    "copy-source": TINY.replace({"task.name": "copy", "model.kind": "encoder-decoder"}),
    "tally": RunConfig.preset("tally").replace(HEADS),
}
# heads that read the source
READS = {"reverse": 4, "dates": 2, "dates-onward": 2, "dates-gru": 1, "sort": 2, "copy-source": 4, "tally": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("translating")
    return {name: recorded(folder / f"{name}.run", STEPS, config, every=10) for name, config in CONFIGS.items()}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_answer_is_the_greedy_one_and_its_attention_that_of_one_forward_pass(runs, name: str):
    run = runs[name]
    one = answer.answer(str(run.path), STEPS)
    assert one.numbers == decoding.beams(str(run.path), STEPS, budget=1).greedy.tokens
    opening = run.task.opening()
    tokens = torch.cat([opening.tokens, torch.tensor([one.numbers])], 1)[:, :-1]
    batch = run.task.probe()
    model = run.model_at(STEPS).eval()
    trace = observe(model, type(batch)(tokens, torch.zeros_like(tokens), opening.source), gradients=False)
    assert len(one.heads) == READS[name]
    start, width = opening.tokens.shape[1] - 1, len(one.source)
    for head, pattern in zip(one.heads, one.patterns, strict=True):
        path, _, number = head.rpartition(".")
        np.testing.assert_allclose(pattern, trace.values[f"{path}.pattern"][0, int(number), start:, :width], atol=1e-6)
    assert ((one.p > 0) & (one.p <= 1)).all()
    assert (one.gold is None) == (one.numbers != batch.targets[0][batch.targets[0] != IGNORE].tolist()), (
        "of another one"
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_tokens_and_beginnings_that_are_put_stand_and_the_model_goes_on_from_them(runs, name: str):
    run = runs[name]
    plain = answer.answer(str(run.path), STEPS)
    other = int(plain.leading[1, 2])
    changed = answer.answer(str(run.path), STEPS, forced=((1, other),))
    assert changed.numbers[:2] == [plain.numbers[0], other]
    assert changed.forced == [1]
    model, opening = run.model_at(STEPS).eval(), run.task.opening()
    if len(changed.numbers) > 2:
        read = torch.cat([opening.tokens, torch.tensor([changed.numbers[:2]])], 1)
        with torch.no_grad():
            assert changed.numbers[2] == int(model(read, opening.source)[0, -1].argmax())
    apart = " " if any(len(symbol) > 1 for symbol in plain.symbols) else ""  # words are typed apart
    typed = apart.join(plain.symbols[t] for t in changed.numbers[:2])
    if all(t > 2 for t in changed.numbers[:2]):
        assert answer.answer(str(run.path), STEPS, begin=typed).numbers == changed.numbers


@pytest.mark.parametrize("name", CONFIGS)
def test_a_row_that_is_put_is_read_there_alone_and_nothing_is_left_behind(runs, name: str):
    run = runs[name]
    plain = answer.answer(str(run.path), STEPS)
    head = plain.heads[-1]
    key = min(2, len(plain.source) - 1)
    changed = answer.answer(str(run.path), STEPS, head=head, place=1, key=key)
    row = changed.patterns[plain.heads.index(head), 1]
    assert row.tolist() == np.eye(len(plain.source))[key].tolist()
    assert changed.numbers[0] == plain.numbers[0], "what comes before that place is as it was"
    for other in range(len(plain.heads) - 1):
        np.testing.assert_allclose(changed.patterns[other, 0], plain.patterns[other, 0], atol=1e-6)
    again = answer.answer(str(run.path), STEPS)
    assert again.numbers == plain.numbers
    assert np.array_equal(again.patterns, plain.patterns)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_error_rate_over_training_is_that_of_the_patterns_at_each_snapshot(runs, name: str):
    run = runs[name]
    curve = alignment.history(str(run.path), STEPS)
    assert curve.steps.tolist() == [0, 10, 20, 30]
    assert len(curve.heads) == READS[name]
    batch = run.task.probe(curve.examples)
    gold = run.task.links(batch).numpy()
    assert curve.chance == pytest.approx(links.chance(list(gold)))
    for at, step in enumerate(curve.steps.tolist()):
        trace = observe(run.model_at(step), batch, gradients=False)
        for h, head in enumerate(curve.heads):
            path, _, number = head.rpartition(".")
            pattern = trace.values[f"{path}.pattern"][:, int(number)]
            hits = size = 0
            for one, right in zip(pattern, gold, strict=True):
                mine, sure = links.linked(one, right), links.sure(right)
                hits, size = hits + len(mine & sure), size + len(mine) + len(sure)
            assert curve.rates[at, h] == pytest.approx(1 - 2 * hits / size)


@pytest.mark.parametrize("name", ["reverse", "sort", "copy-source"])
def test_a_target_comes_from_an_equal_symbol_of_the_input(runs, name: str):
    task = runs[name].task
    batch = task.probe(16)
    gold = task.links(batch)
    read = batch.tokens if batch.source is None else batch.source
    for b, t, s in (gold > 0).nonzero().tolist():
        assert batch.targets[b, t] == read[b, s]
    predicted = batch.targets != IGNORE
    assert bool((gold.sum(2)[predicted] >= 1).all())
    assert not gold.sum(2)[~predicted].any()
    if name != "sort":
        assert bool((gold.sum(2)[predicted] == 1).all())
        place = gold[0].nonzero()[:, 1].tolist()
        assert place == list(range(task.n))[:: -1 if name == "reverse" else 1]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_nearest_states_are_those_of_a_plain_loop(runs, name: str):
    run = runs[name]
    found = states.nearest(str(run.path), STEPS, place=1)
    cosines = [one.cosine for one in found.rows]
    assert cosines == sorted(cosines, reverse=True)
    assert all(-1 - 1e-9 <= cosine <= 1 + 1e-9 for cosine in cosines)
    plain = answer.answer(str(run.path), STEPS)
    assert found.token == plain.tokens[1]
    assert found.votes == sum(one.token == found.token for one in found.rows)
    batch = run.task.batch(found.examples, states.stream(0, "states of a decoder"))
    assert found.compared == batch.predicted
    model, opening, name = run.model_at(STEPS).eval(), run.task.opening(), states.tap(restore(run, STEPS))
    read = torch.cat([opening.tokens, torch.tensor([plain.numbers[:1]])], 1)  # as the second token is chosen
    here = observe(model, type(batch)(read, read, opening.source), gradients=False).values[name][0, -1]
    every = observe(model, batch, gradients=False).values[name]
    unit = every / np.linalg.norm(every, axis=-1, keepdims=True)
    alike = {
        (b, t): float(unit[b, t] @ here / np.linalg.norm(here)) for b, t in (batch.targets != IGNORE).nonzero().tolist()
    }
    assert cosines == pytest.approx(sorted(alike.values(), reverse=True)[: len(cosines)], abs=1e-5)
    assert found.typical == pytest.approx(sum(alike.values()) / len(alike), abs=1e-5)
    b, t = max(alike, key=lambda place: alike[place])
    first, right = int((batch.targets[b] != IGNORE).int().argmax()), batch.targets[b]
    one, source = found.rows[0], batch.tokens[b, :first] if batch.source is None else batch.source[b]
    assert one.read == run.task.readable(source)
    assert (one.before, one.token) == (run.task.readable(right[first:t]), run.task.vocabulary.symbols[int(right[t])])
    assert one.after == run.task.readable(right[t + 1 :][right[t + 1 :] != IGNORE])


def test_what_cannot_be_is_refused_in_a_sentence(runs, tmp_path):
    path = str(runs["dates"].path)
    with pytest.raises(ValueError, match="the model does not know Q; begin the answer as it writes answers"):
        answer.answer(path, STEPS, begin="Q")
    with pytest.raises(ValueError, match="places at most; put fewer tokens there"):
        answer.answer(path, STEPS, begin="1" * 60)
    with pytest.raises(ValueError, match="there is no such head, place or token of the source"):
        answer.answer(path, STEPS, head="encoder.blocks.0.attention.0", key=0)
    with pytest.raises(ValueError, match="is not a date as this model reads them"):
        answer.answer(path, STEPS, "14 July")
    with pytest.raises(ValueError, match=r"the answer has \d+ places and not 100; choose one of them"):
        states.nearest(path, STEPS, place=99)
    addition = RunConfig.preset("addition").replace(HEADS | {"task.modulus": 5})
    sums = str(recorded(tmp_path / "sums.run", 1, addition).path)
    with pytest.raises(ValueError, match="answers all places at once"):
        answer.answer(sums, 1)
    with pytest.raises(ValueError, match="does not say which part of its input an answer comes from"):
        alignment.history(sums, 1)
    text = RunConfig.preset("shakespeare").replace(HEADS | {"model.context": 16})
    with pytest.raises(ValueError, match="writes on without end and answers nothing"):
        answer.answer(str(recorded(tmp_path / "text.run", 1, text).path), 1)

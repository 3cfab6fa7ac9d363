"""Decoding with a model: its own numbers, one answer however it is looked for, what cannot be is refused in words."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers.writing import decoding, errors

STEPS = 30
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("decoding")
    configs = {
        "reverse": TINY.replace({"task.length": 4, "task.symbols": 4}),
        "shakespeare": RunConfig.preset("shakespeare").replace({**SMALL, "model.context": 16}),
        "dates": RunConfig.preset("dates-fr").replace(SMALL),
    }
    return {name: recorded(folder / f"{name}.run", STEPS, config) for name, config in configs.items()}


def test_the_exact_answer_is_the_best_of_all_by_one_forward_pass_each(runs):
    run = runs["reverse"]
    found = decoding.beams(str(run.path), STEPS)
    model, opening = run.model_at(STEPS).eval(), run.task.opening()
    every = torch.cartesian_prod(*[torch.arange(5)] * 4)  # (625, 4), the separator among them
    tokens = torch.cat([opening.tokens.expand(len(every), -1), every], 1)
    with torch.no_grad():
        log_p = model(tokens)[:, -5:-1].double().log_softmax(-1).gather(2, every[..., None])[..., 0].sum(1)
    assert found.proved
    assert found.exact.log_p == pytest.approx(float(log_p.max()), abs=1e-5)
    assert found.exact.tokens == every[log_p.argmax()].tolist()
    right = next(i for i, answer in enumerate(every.tolist()) if tuple(answer) == opening.answer)
    assert found.right.log_p == pytest.approx(float(log_p[right]), abs=1e-5)
    assert found.greedy.score <= found.exact.score + 1e-9
    assert found.beam.score <= found.exact.score + 1e-9


def test_each_candidate_has_its_parents_sum(runs):
    found = decoding.beams(str(runs["dates"].path), STEPS, width=4, alpha=0.6)
    for one in found.branches:
        before = found.branches[one.parent] if one.parent >= 0 else None
        assert (before is None) == (one.column == 0)
        if before:
            assert (before.column, before.fate) == (one.column - 1, "kept")
        if one.p > 0:
            assert one.log_p == pytest.approx(math.log(one.p) + (before.log_p if before else 0))
        assert one.score == pytest.approx(one.log_p / ((6 + one.column) / 6) ** 0.6)
    places = Counter((one.column, one.row) for one in found.branches)
    assert max(places.values()) == 1


def test_past_its_budget_the_exact_search_says_so(runs):
    found = decoding.beams(str(runs["shakespeare"].path), 0, length=20, budget=64)
    assert not found.proved
    assert found.queried == 64
    assert found.right is None


def test_a_beam_reads_what_writing_reads_also_past_the_context(runs):
    found = decoding.beams(str(runs["shakespeare"].path), STEPS, "To be, or not to be, that is the question", length=5)
    assert len(found.greedy.tokens) == 5


def test_the_tree_is_of_the_models_probabilities_and_each_row_is_one_leaf(runs):
    run = runs["shakespeare"]
    found = decoding.tree(str(run.path), STEPS, "To be", width=4, depth=3, threshold=0.0)
    assert len(found.branches) == 4 + 16 + 64
    model = run.model_at(STEPS).eval()
    with torch.no_grad():
        p = model(run.task.tokens_of("To be"))[0, -1].double().softmax(-1).numpy()
    np.testing.assert_allclose([one.p for one in found.branches[:4]], np.sort(p)[::-1][:4], atol=1e-6)
    leaves = [one for one in found.branches if one.column == 2]
    assert sorted(one.row for one in leaves) == list(range(64))
    assert found.shown == pytest.approx(sum(math.exp(one.log_p) for one in leaves))


def test_a_threshold_thins_the_tree_and_all_of_it_may_be_cut(runs):
    path = str(runs["shakespeare"].path)
    many, few, none = (decoding.tree(path, STEPS, threshold=at).branches for at in (0.001, 0.01, 1.0))
    assert len(many) > len(few) > len(none) == 0
    assert all(math.exp(one.log_p) >= 0.01 for one in few)
    assert len(decoding.tree(path, STEPS, width=10, depth=20, threshold=0.0).branches) == 200


@pytest.mark.parametrize(
    ("ask", "arguments", "named"),
    [
        (decoding.beams, {"width": 0}, "width=0 is out of range; use 1 to 10"),
        (decoding.beams, {"alpha": float("nan")}, "alpha=nan is out of range"),
        (decoding.beams, {"length": 1000}, "length=1000 is out of range; use 1 to 64"),
        (decoding.tree, {"threshold": 1.5}, "threshold=1.5 is out of range; use 0 to 1"),
        (decoding.tree, {"text": "日本"}, "does not know"),
    ],
)
def test_what_cannot_be_is_refused_in_words(runs, ask, arguments, named):
    with pytest.raises(ValueError, match=named):
        ask(str(runs["shakespeare"].path), STEPS, **arguments)


def test_rules_that_no_answer_obeys_give_none(runs):
    found = decoding.beams(str(runs["reverse"].path), STEPS, block=1)
    assert found.exact is None or len(set(found.exact.tokens)) == len(found.exact.tokens)


def test_errors_are_counted_as_a_loop_over_examples_counts_them(runs):
    run, wrong_at = runs["dates"], 2
    found = errors.exposure(str(run.path), STEPS, wrong_at, examples=8)
    batch, model = run.task.probe(8), run.model_at(STEPS).eval()
    right = {way: Counter() for way in ("true", "own", "wrong")}
    total = Counter()
    for b in range(8):
        targets = [t for t in batch.targets[b].tolist() if t >= 0]
        for way in right:
            read = batch.tokens[b, :1].tolist()
            for place, target in enumerate(targets):
                with torch.no_grad():
                    logits = model(torch.tensor([read]), batch.source[b : b + 1])[0, -1]
                said = int(logits.argmax())
                right[way][place] += said == target
                total[place] += way == "true"
                logits[target] = -torch.inf
                own = int(logits.argmax()) if way == "wrong" and place == wrong_at else said
                read.append(target if way == "true" else own)
    for way, counted in right.items():
        expected = [counted[place] / total[place] for place in sorted(total)]
        np.testing.assert_allclose(getattr(found, way), expected)
    assert found.counted.tolist() == [total[place] for place in sorted(total)]


def test_a_texts_second_half_is_asked_for_and_a_place_past_the_answer_refused(runs):
    found = errors.exposure(str(runs["shakespeare"].path), STEPS, examples=4)
    assert len(found.true) == 8
    assert found.own[0] == found.true[0]
    with pytest.raises(ValueError, match="wrong_at=8 is out of range; use 0 to 7"):
        errors.exposure(str(runs["shakespeare"].path), STEPS, wrong_at=8)
    assert len(errors.exposure(str(runs["reverse"].path), STEPS).true) == 4

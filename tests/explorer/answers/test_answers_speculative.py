"""Two runs: what one drafts and another writes, what that saves, and which two do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_runs import TINY, recorded

from explorer import RunConfig
from explorer.answers.writing import speculative, text
from explorer.measure.speculative import tokens_per_pass

STEPS = 4
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "model.context": 24, "train.batch": 4}
SHAKESPEARE = RunConfig.preset("shakespeare").replace(SMALL)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    draft = SHAKESPEARE.replace({"model.width": 8, "model.heads": 1, "train.seed": 1})
    return [recorded(folder / f"{c.model.width}.run", STEPS, c, every=2) for c in (SHAKESPEARE, draft)]


def speculation(two, **arguments):
    return speculative.speculation(str(two[0].path), STEPS, str(two[1].path), STEPS, **arguments)


def test_every_token_has_the_models_own_probabilities_and_its_pass(two):
    answer = speculation(two, length=20, k=3, seed=2)
    assert len(answer.numbers) == 20
    assert answer.p.shape == answer.q.shape == (20, len(answer.symbols))
    opening = two[0].task.readable(two[0].task.opening().tokens[0])
    for place in (0, 7, 19):
        said = opening + two[0].task.readable(answer.numbers[:place])
        after = text.next_token(str(two[0].path), STEPS, said).logits.astype(np.float64)
        np.testing.assert_allclose(answer.p[place], np.exp(after) / np.exp(after).sum(), atol=1e-6)
    counts = np.bincount(answer.passes)
    assert counts.min() >= 1
    assert counts.max() <= 4
    kept = answer.accepted
    assert (answer.numbers[kept] == answer.drafts[kept]).all()
    assert (answer.numbers[~kept] != answer.drafts[~kept]).all(), "what replaces a rejected token is another one"
    for drafts in (answer.drafts[answer.passes == number] for number in range(len(counts) - 3)):
        assert (drafts[:-1] >= 0).all(), "only the last token of a pass may come without a draft"


def test_the_stages_act_on_both_models(two):
    answer = speculation(two, length=12, top_k=2)
    assert ((answer.p > 0).sum(1) == 2).all()
    assert set((answer.q > 0).sum(1)) <= {0, 2}
    greedy = speculation(two, length=12, temperature=0.0).numbers
    expected = text.text(str(two[0].path), STEPS, length=12, temperature=0.0).numbers
    np.testing.assert_array_equal(greedy, expected)


def test_a_text_ends_where_the_shorter_context_is_full_and_an_answer_where_it_ends(two, tmp_path):
    assert len(speculation(two, text="To be, or not", length=64).numbers) == 24 - 13 + 1
    with pytest.raises(ValueError, match="fills the 24 tokens that both models read"):
        speculation(two, text="To be, or not to be, that is the question")
    dates = RunConfig.preset("dates-fr").replace({k: v for k, v in SMALL.items() if k != "model.context"})
    run = recorded(tmp_path / "dates.run", STEPS, dates, every=2)
    answer = speculative.speculation(str(run.path), STEPS, str(run.path), 0, length=64)
    end = run.task.opening().end
    assert end not in answer.numbers[:-1]


def test_what_a_draft_saves_is_counted_by_hand(two):
    answer = speculative.saving(str(two[0].path), STEPS, str(two[1].path), STEPS, k=2)
    assert 0 < answer.accepted <= answer.checked
    assert answer.written == answer.accepted + answer.passes, "each pass adds one token to what was accepted"
    assert (answer.drafted > 0).all()
    assert (answer.plain > 0).all()
    assert answer.drafted.shape == answer.plain.shape == (answer.texts,)
    assert answer.cost > 0
    assert 0 < answer.overlap <= 1
    alike = speculative.saving(str(two[0].path), STEPS, str(two[0].path), STEPS, k=2)
    assert alike.accepted == alike.checked
    assert alike.written / alike.passes == tokens_per_pass(1.0, 2) == 3
    assert alike.overlap == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model.mask": "none"}, "cannot check several in one pass"),
        ({"task.name": "python"}, "the two models read different tokens"),
    ],
)
def test_two_that_do_not_fit_are_refused_in_words(two, tmp_path, changes, words):
    run = recorded(tmp_path / "other.run", 1, SHAKESPEARE.replace(changes))
    with pytest.raises(ValueError, match=words):
        speculative.speculation(str(run.path), 1, str(two[1].path), STEPS)


def test_too_many_drafts_for_a_short_answer_and_too_many_at_all_are_refused(two, tmp_path):
    with pytest.raises(ValueError, match="k=11 is out of range; use 1 to 10"):
        speculation(two, k=11)
    run = recorded(tmp_path / "reverse.run", 1, TINY)
    with pytest.raises(ValueError, match="room for 6 tokens only; draft fewer than 6 at a time"):
        speculative.saving(str(run.path), 1, str(run.path), 0, k=8)

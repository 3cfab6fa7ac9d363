"""What is said under the pictures of reading, translating and answering, of answers made by hand: no page is drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from explorer.answers.records.reading.digits import Readings, Written
from explorer.answers.records.reading.facts import ANY, ITSELF, ON_IT, EditedFact, Group, Knowledge, Near
from explorer.answers.records.reading.gaps import Gap, GapScore
from explorer.answers.records.reading.telling import Confusion, Verdict
from explorer.answers.records.translating.answer import AlignmentHistory, Translation
from explorer.answers.records.translating.scores import Comparison, Difference, Score, Scores
from explorer.measure.names import percent
from explorer.tasks.digits import WORDS
from explorer.ui.generate import facts
from explorer.ui.reading import digits, gaps, telling
from explorer.ui.reading.gaps import BOTH, LEFT
from explorer.ui.translate import alignment, desk, scores

HEADS = ["decoder.blocks.0.cross.0", "decoder.blocks.0.cross.1"]


def of_settings(**settings: str) -> Any:
    """What a sentence needs of a view."""
    named = {f"task.{name}": value for name, value in settings.items()}
    return SimpleNamespace(config=SimpleNamespace(flat=lambda: named))


def test_the_head_that_is_drawn_first_is_that_with_the_least_error():
    rates = np.array([[0.1, 0.9], [0.6, 0.2]])
    history = AlignmentHistory(10, np.array([0, 10]), HEADS, rates, 0.9, 32)
    assert desk.best(history, HEADS) == HEADS[1], "at the newest snapshot"
    assert desk.best(None, HEADS) == HEADS[0]


def test_the_links_of_an_answer_are_counted_by_whether_they_are_the_tasks():
    """ "4 mai" from "May 4": the first head reads the day from the day and the name from elsewhere, the second both."""
    gold = np.zeros((5, 5))
    gold[0, 4] = gold[2, 0] = gold[3, 1] = gold[4, 2] = 1
    patterns = np.stack([np.eye(5)[[4, 3, 3, 3, 3]], np.eye(5)[[4, 3, 0, 1, 2]]]).astype(np.float32)
    some = np.zeros((5, 1))
    answer = Translation(
        *(3, "May 4", list("May 4"), "4 mai", list("4 mai"), [0] * 5, some[:, 0], some, some, [], HEADS, patterns),
        *("4 mai", gold, True, []),
    )
    assert "Of its 4 pieces that have a partner decoder cross-head 1.1 links 1 to it" in alignment.sentence(
        answer, HEADS[0]
    )
    assert "cross-head 1.2 links 4 to it" in alignment.sentence(answer, HEADS[1])


def test_the_copy_stands_in_the_sentence_of_scores_as_what_copying_has():
    values = {"exact": Score(0.5, 0.4, 0.6, copy=0.0), "chrf": Score(81.26, 80.0, 83.0, copy=12.0)}
    said = scores.sentence(Scores(7, 200, True, 4000, 3800, 3900, "a character", values, []))
    assert said.startswith(f"{percent(0.5)} of 200 held-out examples (4,000 tokens, each a character) are answered")
    assert said.endswith("chrF2 is 81.3, and copying the input would have 12.0.")


@pytest.mark.parametrize(
    ("lead", "p", "says"),
    [
        (-2.0, 0.001, "step 0 is surer of the right tokens than step 7, by more than chance explains (p 0.001"),
        (2.0, 0.049, "step 0 is less sure of the right tokens than step 7, by more than chance explains"),
        (2.0, 0.051, "by no more than chance may explain (p 0.051 on the same 200 examples)"),
        (0.0, None, "both answer alike in every resample"),
    ],
)
def test_two_steps_differ_where_fewer_than_five_in_a_hundred_resamples_do(lead, p, says):
    one = Difference(4.0, 4.0 + lead, lead, lead - 1, lead + 1, p)
    assert says in scores.lead(Comparison(7, 0, 200, {"token": one}), "step 0")


def test_a_gap_is_said_with_the_chance_of_what_is_hidden_there():
    symbols, p = ["a", "b", "c"], np.array([0.2, 0.5, 0.3])
    answers = {BOTH: Gap(4, 1, symbols, p, "a", ["x", "▢"]), LEFT: Gap(4, 1, symbols, p, "c", ["x"])}
    said = gaps.sentence(answers, {BOTH: GapScore(4, 0.75, 1.0, 256), LEFT: GapScore(4, 0.5, 2.0, 256)})
    assert f"from both sides it is given {percent(0.2)}, from the left alone it is given {percent(0.3)}" in said
    assert f"At 256 held-out gaps from both sides {percent(0.75)} are right (1.00 nats), from the left" in said


def test_what_is_told_apart_is_held_against_the_majority_and_shuffled_labels_against_what_was_taught():
    counts = np.array([[3.0, 1.0], [2.0, 4.0]])
    counted = Confusion(5, ["comedy", "history"], counts, 0.7, 0.6, "history", 0.9, [], 10)
    one = Verdict(5, "x", ["▣", "x"], ["comedy", "history"], np.array([0.3, 0.6]), 4, "comedy", [], np.zeros((0, 2)))
    said = telling.sentence(of_settings(labels="true"), one, counted)
    assert f"the answer is `history`, with {percent(0.6)} of the probability; it is `comedy`. " in said
    assert "The model reads the first 1 tokens of a text and leaves out 4 more." in said
    assert (
        f"Of 10 held-out texts {percent(0.7)} are classified right; always saying `history` gets {percent(0.6)}" in said
    )
    assert said.endswith(f"Of texts trained on {percent(0.9)} are right.")
    shuffled = telling.sentence(of_settings(labels="shuffled"), None, counted)
    assert shuffled.endswith(f"The classes trained on were shuffled: of those {percent(0.9)} are known by heart.")


def test_a_digit_is_said_with_what_is_written_and_the_most_frequent_one():
    counts = np.zeros((10, 11))
    counts[:, 7] = [2, 1, 1, 1, 1, 1, 1, 1, 1, 0]  # whatever it is, seven is written
    counted = Readings(5, [*WORDS, "no such word"], counts, 0.1, [])
    one = Written(5, 3, 10, np.zeros((8, 8)), ["s", "e", "⊣"], np.ones(3), "six", [], np.zeros((0, 3, 16)))
    said = digits.sentence(of_settings(patches="shuffled"), one, counted)
    assert said.startswith(f"for this six it writes “se”. Of 10 held-out pictures {percent(0.1)} get the right word.")
    assert (
        f"Always writing the same word gets {percent(0.2)} at most. The patches of each picture are shuffled." in said
    )


def test_an_edit_says_what_went_up_what_followed_and_what_else_turned():
    rows = [
        Near(ITSELF, "q", "Euro", "Forint", "Euro", 0.01, 0.9),
        Near(ON_IT, "r", "Euro", "Forint", "Euro", 0.02, 0.8),
        Near(ON_IT, "s", "Euro", "Forint", "Forint", 0.02, 0.1),
        Near(ANY, "t", "Yen", "Yen", "Euro", 0.9, 0.1),
        Near(ANY, "u", "Yen", "Yen", "Yen", 0.9, 0.9),
        Near(ANY, "v", "Yen", "Yen", "Yen", 0.9, 0.9),
    ]
    said = facts.sentence(EditedFact(9, "q", "Euro", [3.0, 1.0], rows, 199, 0.8, 0.6, 0.01))
    assert said.startswith(
        f"the new answer’s probability goes from {percent(0.01)} to {percent(0.9)}, and it is given."
    )
    assert "Of 2 questions through it 1 is answered as then follows. 1 of 3 other neighbours is answered" in said
    assert said.endswith(f"of 199 other facts {percent(0.8)} were right and {percent(0.6)} are.")


@pytest.mark.parametrize(("held_out", "sign"), [(0.51, "it puts facts together"), (0.49, "no clear sign that it puts")])
def test_facts_are_put_together_where_held_out_questions_come_right_more_often_than_by_guessing(held_out, sign):
    groups = [Group(str(n), 9, 9, right, 0.4) for n, right in enumerate((0.9, 0.8, held_out, 0.1))]
    said = facts.knows(Knowledge(9, groups))
    assert f"{percent(held_out)} of held-out two-step questions are right, {percent(0.4)} by guessing: {sign}" in said
    assert said.endswith(f"cannot know: {percent(0.1)}.")


@pytest.mark.parametrize("module", [digits, telling])
def test_a_cell_is_the_share_of_its_row(monkeypatch, module):
    """Rows are what it is: a row without an example has no share, and no column need sum to 1."""
    drawn: list[np.ndarray] = []
    monkeypatch.setattr(module, "visit", SimpleNamespace(state=lambda: SimpleNamespace(projector=False)))
    monkeypatch.setattr(module, "map_message", lambda tables, *_: drawn.extend(tables.values()))
    monkeypatch.setattr(module, "heat_map", lambda message, key: None)
    counts = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]])
    names = ["a", "b", "c"]
    answer = Readings(5, names, counts, 0.5, [])
    module.matrix(answer if module is digits else Confusion(5, names, counts, 0.5, 0.5, "a", 0.5, [], 6))
    np.testing.assert_array_equal(drawn[0], [[0.75, 0.25, 0], [np.nan] * 3, [0.5, 0, 0.5]])


@pytest.mark.parametrize(("head", "expected"), [(-1, [0.5, 0.5]), (0, [1, 0]), (1, [0, 1])])
def test_on_a_digit_lies_the_attention_of_the_head_that_is_chosen_or_the_mean_of_all(monkeypatch, head, expected):
    drawn: list[np.ndarray] = []
    monkeypatch.setattr(digits, "visit", SimpleNamespace(state=lambda: SimpleNamespace(projector=False)))
    monkeypatch.setattr(digits.tiles, "message", lambda *words: drawn.append(words[5]))
    monkeypatch.setattr(digits.tiles, "tiles", lambda words, key: None)
    attention = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])  # two heads, one letter, two patches
    digits.draw(Written(5, 3, 10, np.zeros((8, 8)), ["s"], np.ones(1), "six", HEADS, attention), head)
    np.testing.assert_array_equal(drawn[0][0], expected)

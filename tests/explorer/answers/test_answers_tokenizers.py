"""What the tokenizers page gets: the tasks' own BPE, lengths that agree, refusals in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_runs import TINY, recorded

from explorer import RunConfig
from explorer.answers import run_tokenizer as own_tokenizer
from explorer.answers import tokenizers as views
from explorer.tasks import corpus
from explorer.tasks.tokenizer import Bpe, visible

OWN = "the cat sat on the mat. the hat, the cat and the rat sat on that.\n" * 40


def test_the_merges_shown_are_those_of_the_tasks_own_bpe():
    answer = views.merging("own", 300, "the hat", OWN)
    task = Bpe.trained(corpus.from_visitor(OWN).read(), 300)
    assert answer.shown == [visible(piece) for piece in task.pieces]
    gone = answer.gone
    ends = [i for i in range(len(gone) + 1) if i == len(gone) or gone[i] == 0][1:]
    assert len(ends) == len(task.tokens("the hat"))
    assert answer.runners.shape == (len(answer.merges), 5, 3)
    assert (np.diff(answer.merges[:, 3]) <= 0).all()


def test_the_same_text_in_three_ways():
    rows = {row.name: row for row in views.cut("own", 300, "the hat é", OWN).rows}
    assert [token.shown for token in rows["characters"].tokens] == list("the␣hat␣é")
    assert rows["characters"].unknown == ["é"]
    assert rows["words"].unknown == ["␣é"]
    assert rows["BPE"].unknown == []
    assert [token.shown for token in rows["BPE"].tokens][-2:] == ["‹c3›", "‹a9›"]


def test_lengths_begin_with_bytes_and_end_with_the_last_merge():
    answer = views.lengths("own", 300, OWN)
    assert answer.texts[0].curve[0] == 1
    learned = views.learned_of("own", views.MOST_TOKENS, OWN, None)
    assert answer.texts[0].curve[-1] == pytest.approx(len(learned.tokens(OWN)) / len(OWN))
    assert [text.name for text in answer.texts] == ["the text learned from", "Python's standard library"]
    assert answer.texts[1].unknown["BPE"] == 0 < answer.texts[1].unknown["words"]


def test_likelihood_per_character_of_characters_is_that_per_token():
    kinds = views.frequencies("own", 300, OWN).kinds
    first, words, _ = kinds
    assert first.per_character == 1
    assert words.per_character == pytest.approx(len(views.bpe.words(OWN)) / len(OWN))
    assert all(kind.shares.sum() <= 1 + 1e-9 for kind in kinds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "fewer than two different words"),
        ("word word", "fewer than two different words"),
        ("a b" * 100_000, "300,000 characters and this page learns from at most 200,000"),
        ("a " + "b" * 20_000, "a word of 20,000 bytes"),
    ],
)
def test_texts_that_cannot_be_learned_from_are_refused_in_a_sentence(text, says):
    with pytest.raises(ValueError, match=says):
        views.cut("own", 300, "x", text)


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_a_text_run_shows_its_own_tokenizer(tmp_path, tokenizer):
    task = {"name": "text", "text": OWN, "tokenizer": tokenizer, "bpe_size": 280}
    config = RunConfig.model_validate(TINY.model_dump() | {"task": task})
    run = recorded(tmp_path / "text.run", 1, config)
    answer = own_tokenizer.of_run(str(run.path), "the hat")
    own = run.task.tokenizer.tokens("the hat").tolist()
    assert [token.number for token in answer.row.tokens] == own
    assert (answer.per_character == 1) == (tokenizer == "characters")
    assert views.cut("run", 300, "the hat", path=str(run.path)).title == "a text of your own"


def test_a_run_of_symbols_names_them_and_refuses_other_text(tmp_path):
    run = recorded(tmp_path / "symbols.run", 1, TINY)
    answer = own_tokenizer.of_run(str(run.path), "é")
    assert answer.row is None
    assert "é" in answer.refused
    answer = own_tokenizer.of_run(str(run.path), "abcdef")
    assert len(answer.row.tokens) >= 6
    with pytest.raises(ValueError, match=r"task.name=reverse is not made of text"):
        views.cut("run", 300, "x", path=str(run.path))

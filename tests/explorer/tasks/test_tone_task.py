"""The tone of a word: a lexicon that is read as a file, what is held out, and what is refused."""

from __future__ import annotations

from importlib.util import find_spec

import optional_packages
import pytest
import torch

from explorer.tasks import build, corpus, telling
from explorer.tasks import fields as f
from models.config import ModelConfig

ENCODER = ModelConfig(kind="encoder", context=48, width=16, heads=2)
REAL = pytest.mark.skipif(find_spec("vaderSentiment") is None, reason="vaderSentiment is not installed")
RATED = {"joy": 2.8, "joyful": 2.9, "abandon": -1.9, "abandoned": -2.0, "abandons": -1.3, ":)": 2.0, "so-so": 0.4} | {
    f"{stem}{end}": valence for stem, valence in (("brigh", 1.5), ("gloom", -2.6), ("angry", -2.3), ("merry", 2.0))
    for end in ("", "er", "ly")
} | {"neutral": 0.0}  # fmt: skip
WORDS = {word for word, valence in RATED.items() if word.isalpha() and valence}


def lexicon(rated):
    return "".join(f"{word}\t{valence}\t0.9\t[1, 2]\n" for word, valence in rated.items())


@pytest.fixture
def packed(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))

    def put(rated=RATED):
        telling.tones.cache_clear()
        telling.tokenized.cache_clear()
        optional_packages.put(monkeypatch, tmp_path, "vaderSentiment", {telling.LEXICON: lexicon(rated)})

    put()
    yield put
    telling.tones.cache_clear()
    telling.tokenized.cache_clear()


def test_words_have_the_sign_of_their_rating_and_signs_and_neutral_ones_are_left_out(packed):
    task = build(f.Tone(), ENCODER)
    assert set(task.texts) == WORDS
    assert task.classes == ("bad", "good")
    for word, label in zip(task.texts, task.labels.tolist(), strict=True):
        assert label == (RATED[word] > 0)
    batch = task.encode("joyful")
    assert task.sample(batch) == "joyful → good"
    assert torch.equal(task.tokens_of("JOYful"), batch.tokens)
    with pytest.raises(ValueError, match="does not know 'X', '☃'; leave them out: it knows the letters of its"):
        task.tokens_of("X☃")


def test_a_quarter_is_held_out_the_same_at_every_time_and_no_word_is_on_both_sides(packed):
    first, again = (build(f.Tone(), ENCODER) for _ in range(2))
    held_out, trained = (set(first.splits[side].tolist()) for side in ("held out", "trained"))
    assert len(held_out) == -(-len(WORDS) // 4)
    assert held_out | trained == set(range(len(WORDS)))
    assert not held_out & trained
    assert again.splits["held out"].tolist() == first.splits["held out"].tolist()


def test_shuffled_labels_are_those_of_other_words(packed):
    true, shuffled = (build(f.Tone(labels=labels), ENCODER) for labels in ("true", "shuffled"))
    trained = true.splits["trained"]
    assert torch.equal(shuffled.taught[trained].sort().values, true.labels[trained].sort().values)
    assert torch.equal(shuffled.taught[true.splits["held out"]], true.labels[true.splits["held out"]])


def test_words_of_one_kind_alone_are_refused(packed):
    packed({"joy": 2.8, "joyful": 2.9, "merry": 1.0, "brighter": 1.0})
    with pytest.raises(ValueError, match=r"vader_lexicon.txt lists words of one kind alone"):
        build(f.Tone(), ENCODER)


@pytest.mark.parametrize("broken", ["", "joy\n", "joy\tgood\n"])
def test_a_lexicon_of_another_form_is_refused(packed, tmp_path, broken):
    (tmp_path / "vaderSentiment" / telling.LEXICON).write_text(broken)
    with pytest.raises(
        ValueError, match=r"keeps its words in another form; use the version that requirements-texts\.txt"
    ):
        build(f.Tone(), ENCODER)


def test_a_decoder_is_refused_and_the_missing_package_is_named(packed, monkeypatch):
    with pytest.raises(ValueError, match=r"which task.name=tone asks of; use model.kind=encoder"):
        build(f.Tone(), ModelConfig(context=64))
    telling.tones.cache_clear()
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"needs package vaderSentiment, which is not installed.*use task.name=language"
    ):
        build(f.Tone(), ENCODER)


@REAL
def test_the_real_lexicon_has_thousands_of_words(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    telling.tones.cache_clear()
    task = build(f.Tone(), ENCODER)
    assert len(task.texts) == 7209  # vaderSentiment 3.3.2
    assert task.sample(task.encode("abandoned")) == "abandoned → bad"
    assert task.chance == pytest.approx(0.547976, abs=1e-6)

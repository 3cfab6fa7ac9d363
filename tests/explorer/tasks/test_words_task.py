"""Tasks of words: what a word is, what is drawn how often, what is asked, against plain loops and expectations."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats

from explorer import RunConfig, train
from explorer.tasks import build, corpus, lexicon
from explorer.tasks import fields as f
from explorer.tasks.objective import IGNORE
from explorer.tasks.words import WordTask
from models.config import ModelConfig, WordVectorConfig

OWN = " ".join(
    ["the king loves the queen and the queen loves the king", "a man sees a woman and the woman sees the man"] * 60
)


def task(kind: str = "skip-gram", **fields: object) -> WordTask:
    given = {"text": OWN, "vocabulary": 20, "window": 2, "negatives": 3, "subsample": 1.0} | fields
    made = build(f.Words(**given), WordVectorConfig(kind=kind, width=4))
    assert isinstance(made, WordTask)
    return made


def test_words_are_letters_of_any_script_in_lower_case_with_apostrophes_inside():
    assert lexicon.split("O’er the hills, 'tis Ärger — love's labour’s 42 naïve_x") == [
        "o'er", "the", "hills", "tis", "ärger", "love's", "labour's", "naïve", "x"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "हिन्दी भाषा",  # vowel signs and a virama
        "שָׁלוֹם עוֹלָם",  # points
        "สวัสดี ชาวโลก",  # vowels and tones above and below
        "தமிழ் மொழி",
        "می\u200cخواهم بروم",  # a joiner inside a word
        "q̃ m̄x",  # marks that no composed letter has
    ],
)
def test_marks_stay_with_their_letters(text: str):
    assert lexicon.split(text) == text.split()


def test_a_word_is_the_same_however_its_accents_are_written():
    composed, apart = "Ärger café Việt", "A\u0308rger cafe\u0301 Vie\u0323\u0302t"
    assert lexicon.split(apart) == lexicon.split(composed) == ["ärger", "café", "việt"]


def test_a_mark_alone_is_no_word():
    assert lexicon.split("\u0301 a\u0301 '\u0301 3\u0301") == ["á"]


def test_the_most_frequent_words_are_known_and_the_rest_is_left_out():
    known = lexicon.lexicon(corpus.from_visitor("b b b a a c d"), 2)
    assert known.words == ("b", "a")
    assert known.counts.tolist() == [3, 2]
    assert known.tokens.tolist() == [0, 0, 0, 1, 1]
    assert (known.read, known.different) == (7, 4)


def test_frequent_words_are_thinned_as_often_as_word2vec_does():
    counts = np.array([5000, 500, 50])
    f_, t = counts / counts.sum(), 1e-2
    assert lexicon.kept(counts, t) == pytest.approx(np.minimum(1, (np.sqrt(f_ / t) + 1) * t / f_))  # word2vec.c
    assert (lexicon.kept(counts, 1.0) == 1).all()
    known = lexicon.Lexicon(("a", "b", "c"), counts, np.repeat([0, 1, 2], counts).astype(np.int16), 5550, 3, "")
    left = np.bincount(lexicon.thinned(known, t), minlength=3)
    expected = counts * lexicon.kept(counts, t)
    assert (np.abs(left - expected) < 5 * np.sqrt(expected)).all()
    assert (lexicon.thinned(known, t) == lexicon.thinned(known, t)).all()


@pytest.mark.parametrize("by_distance", [True, False])
def test_cooccurrences_are_those_of_plain_loops(by_distance: bool):
    tokens = np.array([0, 1, 2, 1, 0, 3, 1], dtype=np.int16)
    counted: Counter = Counter()
    for i in range(len(tokens)):
        for j in range(len(tokens)):
            if 0 < abs(i - j) <= 3:
                counted[tokens[i], tokens[j]] += 1 / abs(i - j) if by_distance else 1
    found = lexicon.cooccurrences(tokens, 4, 3, by_distance).toarray()
    assert found == pytest.approx(np.array([[counted[i, j] for j in range(4)] for i in range(4)]))


def test_near_words_are_drawn_as_from_a_window_of_random_size():
    made = task(window=4)
    _, distances, _ = made.places("trained", 20_000, torch.Generator().manual_seed(0))
    drawn = Counter(distances.tolist())
    chances = {d: (5 - abs(d)) / 20 for d in range(-4, 5) if d}
    test = stats.chisquare([drawn[d] for d in chances], [20_000 * p for p in chances.values()])
    assert test.pvalue > 1e-3


def test_noise_is_drawn_by_frequency_to_three_quarters():
    made = task()
    _, _, noise = made.places("trained", 10_000, torch.Generator().manual_seed(0))
    powered = made.lexicon.counts**0.75
    expected = powered / powered.sum() * noise.numel()
    assert stats.chisquare(np.bincount(noise.flatten(), minlength=len(powered)), expected).pvalue > 1e-3


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
@pytest.mark.parametrize("split", ["trained", "held out"])
def test_a_batch_is_what_stands_at_its_places_in_its_part_of_the_text(kind: str, split: str):
    made = task(kind)
    places, distances, noise = made.places(split, 64, torch.Generator().manual_seed(1))
    batch = made.at(places, distances, noise)
    text = made.data.tolist()
    low, high = made.splits[split]
    for b in range(64):
        place, near = int(places[b]), int(places[b] + distances[b])
        around = [place + d for d in (-2, -1, 1, 2)]
        assert all(low <= i < high for i in (*around, near))
        read, true = ([text[i] for i in around], place) if kind == "cbow" else ([text[place]], near)
        assert batch.tokens[b].tolist() == read
        assert batch.source[b].tolist() == [text[true], *noise[b].tolist()]
        targets = [1, *(IGNORE if n == text[true] else 0 for n in noise[b].tolist())]
        assert batch.targets[b].tolist() == targets


def test_the_same_generator_draws_the_same_batch_and_the_probe_is_held_out():
    made = task()
    one, other = (made.batch(8, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one.source, other.source)
    assert torch.equal(made.probe(4).tokens, made.probe(4).tokens)


def test_what_stands_near_a_word_is_counted_over_all_places():
    made = task(window=2)
    low, high = made.splits["trained"]
    text, words = made.data[low:high].tolist(), [0, 3]
    counted = np.zeros((2, len(made.vocabulary)))
    for i in range(2, len(text) - 2):
        if text[i] in words:
            for d, weight in ((-2, 1), (-1, 2), (1, 2), (2, 1)):
                counted[words.index(text[i]), text[i + d]] += weight
    assert made.given(words) == pytest.approx(counted / counted.sum(1, keepdims=True))


def test_glove_draws_all_pairs_alike_and_knows_what_the_best_constant_is_worth():
    made = task("glove")
    batch = made.batch(200, torch.Generator().manual_seed(0))
    near = lexicon.cooccurrences(made.lexicon.tokens, len(made.vocabulary), 2, by_distance=True)
    for i, j, x in zip(batch.tokens[:, 0], batch.source[:, 0], batch.targets[:, 0], strict=True):
        assert x.item() == pytest.approx(near[int(i), int(j)], rel=1e-6)
    assert made.held_out(4, torch.Generator()) is None
    x = made.x.double()
    loss, _ = made.guessing
    for said in (x.log().mean(), x.log().mean() + 0.5, torch.tensor(0.0)):
        assert loss <= made.objective.mean(said.expand_as(x), x).item() + 1e-9
    shares = [((x.log() - c).abs() < math.log(2)).double().mean().item() for c in x.log() + math.log(2) - 1e-9]
    assert made.chance == pytest.approx(max(shares), abs=0.02)


def test_who_knows_nothing_says_the_share_of_true_words():
    made = task()
    scores = torch.full((3, 4), math.log(made.chance / (1 - made.chance)))
    targets = torch.tensor([[1, 0, 0, 0]] * 3)
    assert made.objective.mean(scores, targets).item() == pytest.approx(made.guessing[0], rel=1e-6)


@pytest.mark.parametrize(
    ("fields", "model", "says"),
    [
        ({"text": "a b c"}, WordVectorConfig(), "has 3 different words only"),
        ({"text": "a b c d e f g h i"}, WordVectorConfig(), "has 9 words, of which task.subsample=1 leaves 9"),
        ({"text": "42 17 99 1"}, WordVectorConfig(), "has 0 different words only"),
        ({"text": OWN}, ModelConfig(), "model.kind=decoder has no word vectors"),
    ],
)
def test_what_cannot_be_learned_is_refused_in_a_sentence(fields: dict, model: object, says: str):
    with pytest.raises(ValueError, match=says) as error:
        build(f.Words(subsample=1.0, **fields), model)
    assert "use " in str(error.value)


def test_word_vectors_learn_nothing_else():
    with pytest.raises(ValueError, match=r"model.kind=glove has no logits.*or task.name=words"):
        build(f.Reverse(), WordVectorConfig(kind="glove"))
    with pytest.raises(ValueError, match="has no classes to smooth among"):
        RunConfig.preset("words-glove").replace({"train.label_smoothing": 0.1})


@pytest.mark.parametrize("kind", ["skip-gram", "cbow", "glove"])
def test_it_learns_a_small_text(kind: str):
    changes = {"task.text": OWN, "task.subsample": 1.0, "train.batch": 64, "train.steps": 150, "task.window": 2}
    training = train(RunConfig.preset(f"words-{kind}").replace({"model.width": 16, "optimizer.lr": 0.03} | changes))
    losses = [step.loss for step in training]
    assert np.mean(losses[-20:]) < 0.9 * training.task.guessing[0]
    assert (training.validate() is None) == (kind == "glove")

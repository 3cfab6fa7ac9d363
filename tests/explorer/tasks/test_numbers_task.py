"""Numbers in words: what a package writes, which letters come from which digit, and what is refused."""

from __future__ import annotations

from importlib.util import find_spec

import optional_packages
import pytest
import torch

from explorer.tasks import build, corpus, numbers
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

REAL = pytest.mark.skipif(find_spec("num2words") is None, reason="num2words is not installed")
FRENCH = {345: "trois cent quarante-cinq", 71: "soixante et onze", 80: "quatre-vingts", 9999: "neuf mille neuf cent "}


@pytest.fixture
def packed(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    optional_packages.put(monkeypatch, tmp_path, "num2words", {"__init__.py": optional_packages.NUM2WORDS})
    numbers.written.cache_clear()
    yield
    numbers.written.cache_clear()


def task_of(kind="encoder-decoder", **settings):
    return build(f.Numbers(**{"language": "en", "digits": 3} | settings), ModelConfig(kind=kind, context=64))


def from_digits(task, batch, row=0):
    """The letters that come from each digit of an example, as text."""
    predicted = (batch.targets[row] != IGNORE).nonzero()[:, 0]
    links = batch.alignment[row][predicted]
    letters = task.vocabulary.show(batch.targets[row, predicted])
    width = len(task.sample(batch, row).partition(" → ")[0])
    return ["".join(c for c, on in zip(letters, links[:, s] > 0, strict=True) if on) for s in range(width)]


@pytest.mark.parametrize("kind", ["encoder-decoder", "decoder"])
@pytest.mark.parametrize("split", ["batch", "held_out"])
def test_an_answer_is_the_packages(packed, kind, split):
    task = task_of(kind)
    batch = getattr(task, split)(60, torch.Generator().manual_seed(0))
    for row in range(60):
        read, _, said = task.sample(batch, row).partition(" → ")
        assert said == numbers.in_words(int(read), "en")
        predicted = batch.targets[row][batch.targets[row] != IGNORE].tolist()
        assert predicted[-1] == task.end
        assert len(predicted) <= task.longest


def test_a_letter_comes_from_the_digit_by_which_it_would_be_another(packed):
    task = task_of()
    assert from_digits(task, task.encode("21")) == ["twen", "one"]
    assert from_digits(task, task.encode("13")) == ["thirteen", "thir"]  # ten and three in one word
    assert from_digits(task, task.encode("345")) == ["three", "for", "five"]
    assert from_digits(task_of("decoder"), task_of("decoder").encode("345")) == ["three", "for", "five"]


def test_links_are_those_of_a_plain_loop(packed):
    words, every = numbers.written("en", 3)
    for number in (*range(0, 1000, 37), 100, 999):
        digits, text = str(number), words[number]
        for place, digit in enumerate(digits):
            others = [o for o in "0123456789" if o != digit and not (place == 0 and o == "0")]
            times = [0] * len(text)
            for other in others:
                new = words[int(digits[:place] + other + digits[place + 1 :])]
                start = 0
                while start < min(len(text), len(new)) and text[start] == new[start]:
                    start += 1
                end = 0
                while end < min(len(text), len(new)) - start and text[-1 - end] == new[-1 - end]:
                    end += 1
                for t in range(start, len(text) - end):
                    times[t] += 1
            expected = [2 * count > len(others) for count in times]
            assert every[number, : len(text), place].tolist() == expected, (number, place)


def test_a_tenth_is_held_out_and_no_number_is_on_both_sides(packed):
    task = task_of()
    held_out, trained = (set(task.splits[side].tolist()) for side in ("held out", "trained"))
    assert (len(held_out), len(trained), held_out & trained) == (100, 900, set())


def test_each_count_of_digits_is_as_likely_as_any_other_and_chance_goes_by_that(packed):
    task = task_of()
    lengths = (task.batch(3000, torch.Generator().manual_seed(0)).source != 0).sum(1).bincount()[1:]
    assert lengths.sum() == 3000
    assert all(900 < count < 1100 for count in lengths.tolist())
    trained = task.splits["trained"].tolist()
    by_digits = {k: [n for n in trained if len(str(n)) == k] for k in (1, 2, 3)}
    places: list[dict[str, float]] = [{} for _ in range(task.longest)]
    for numbers_alike in by_digits.values():
        for n in numbers_alike:
            for place, letter in enumerate([*numbers.in_words(n, "en"), "end"]):
                places[place][letter] = places[place].get(letter, 0) + 1 / len(numbers_alike)
    most = sum(max(place.values(), default=0) for place in places)
    assert task.chance == pytest.approx(most / sum(sum(place.values()) for place in places))


def test_languages_differ_and_each_is_kept_apart_on_disk(packed):
    other = task_of(language="fr")
    assert other.sample(other.encode("345")) == "345 → THREE HUNDRED FORTY-FIVE"
    task = task_of()
    assert task.sample(task.encode(" 345 ")) == "345 → three hundred forty-five"
    assert task.sample(task.encode("007")) == "7 → seven"


@pytest.mark.parametrize("typed", ["1000", "12 3", "-4", "3.5", "four", "٣", "<b>"])
def test_what_is_no_number_is_refused(packed, typed):
    with pytest.raises(ValueError, match="is no number of this task, which has those of 1 to 3 digits; type one such"):
        task_of().encode(typed)


def test_an_encoder_cannot_write_out_a_number(packed):
    with pytest.raises(ValueError, match=r"cannot do task.name=numbers.*use model.kind=decoder or encoder-decoder"):
        task_of("encoder")


def test_without_the_package_it_is_named(monkeypatch):
    numbers.written.cache_clear()
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"needs package num2words, which is not installed; `pip .*use task.name=dates"
    ):
        task_of()


@REAL
def test_french_is_the_packages_own_and_says_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    task = task_of(language="fr", digits=4)
    for number, words in FRENCH.items():
        assert task.sample(task.encode(str(number))).startswith(f"{number} → {words}")
    assert from_digits(task, task.encode("71")) == ["soixante et onze", " et on"]
    assert from_digits(task, task.encode("345")) == ["trois", "quarante", "cinq"]
    assert task.fingerprint.startswith("5ac4abc9d653")  # num2words 0.5.14

"""Facts: babel's own, who is never said what, questions in two steps whose parts were said, odd questions."""

from __future__ import annotations

from datetime import date

import pytest
import torch
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from explorer.tasks import build, facts
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

KINDS = ["decoder", "encoder-decoder"]


def task_of(kind="decoder"):
    return build(f.Facts(), ModelConfig(kind=kind, context=24))


@pytest.fixture(scope="module")
def task():
    return task_of()


def pairs(task, batch):
    return [tuple(task.sample(batch, row).split(" → ")) for row in range(len(batch.tokens))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group", facts.groups())
def test_every_answer_is_babels(kind, group):
    task, english = task_of(kind), Locale.parse("en")
    codes = {name: code for code, name in english.territories.items() if len(code) == 2}
    zones = get_global("zone_territories")
    country = {}
    for zone in sorted(zones):
        city = english.time_zones.get(zone, {}).get("city") or zone.split("/")[-1].replace("_", " ")
        country.setdefault(city, english.territories.get(zones[zone]))
    for question, answer in pairs(task, task.arrange(task.splits[group])):
        relation, _, subject = question.removesuffix(" ?").partition(" of ")
        if subject.startswith("the country of "):
            subject = country[subject.removeprefix("the country of ")]
        if relation == "country":
            assert answer == country[subject]
        elif relation == "currency":
            money = get_territory_currencies(codes[subject], date(2024, 1, 1), date(2024, 1, 1))
            assert answer == english.currencies[money[0]]
        else:
            spoken = get_official_languages(codes[subject], de_facto=True)
            assert answer == next(english.languages[code] for code in spoken if code in english.languages)


def test_what_is_never_said_is_in_no_question_that_is_trained_on(task):
    groups = facts.groups()
    never = {(fact.relation, fact.subject) for fact in groups[facts.NEVER]}
    said = {(fact.relation, fact.subject): fact.answer for fact in groups[facts.SEEN]}
    assert not never & set(said)
    for fact in (*groups[facts.SEEN_TWO], *groups[facts.HELD_OUT]):
        territory = said["country", fact.subject]
        assert said[fact.relation, territory] == fact.answer
    questions = [fact.question for group in groups.values() for fact in group]
    assert len(questions) == len(set(questions))
    assert not {fact.question for fact in groups[facts.HELD_OUT]} & {fact.question for fact in groups[facts.SEEN_TWO]}
    trained = {question for question, _ in pairs(task, task.batch(3000, torch.Generator().manual_seed(0)))}
    allowed = {fact.question for name in (facts.SEEN, facts.SEEN_TWO) for fact in groups[name]}
    assert trained <= allowed
    assert len(trained) > 0.8 * len(allowed)


def test_how_many_there_are(task):
    """Of babel 2.18.0."""
    assert [len(group) for group in facts.groups().values()] == [809, 454, 151, 88]
    assert (len(task.vocabulary), task.length) == (995, 16)
    assert task.chance == pytest.approx(0.437716, abs=1e-6)


def test_held_out_are_questions_in_two_steps(task):
    batch = task.held_out(50, torch.Generator().manual_seed(1))
    assert all(" of the country of " in question for question, _ in pairs(task, batch))


@pytest.mark.parametrize("typed", ["currency of Japan ?", "Currency  of japan?", "currency of Japan"])
def test_a_question_is_read_in_any_case_with_or_without_its_mark(task, typed):
    assert pairs(task, task.encode(typed)) == [("currency of Japan ?", "Japanese Yen")]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("currency of Atlantis and <i>Mu</i> ?", "never saw Atlantis, and, <i>Mu</i>; type something such as currency"),
        ("currency of Tokyo ?", "is no question of this task; ask the currency or language of a territory"),
        ("", "nothing is typed"),
        ("currency of Japan ? " * 3, "has 12 words and this model reads 1 to 10"),
    ],
)
def test_odd_questions_are_refused(task, typed, why):
    with pytest.raises(ValueError, match=why):
        task.encode(typed)


def test_a_question_is_taught_another_answer(task):
    batch = task.taught("currency of Japan ?", "euro")
    assert pairs(task, batch) == [("currency of Japan ?", "Euro")]
    assert torch.equal(batch.tokens[:, :5], task.encode("currency of Japan ?").tokens[:, :5])  # and ⊢
    assert batch.targets[0][batch.targets[0] != IGNORE].tolist()[-1] == task.end
    for answer, why in (("Doubloon", "never saw Doubloon"), ("", "has 0 words and this model reads 1 to 5")):
        with pytest.raises(ValueError, match=why):
            task.taught("currency of Japan ?", answer)


def test_an_encoder_cannot_answer():
    with pytest.raises(ValueError, match=r"cannot do task.name=facts.*use model.kind=decoder or encoder-decoder"):
        task_of("encoder")

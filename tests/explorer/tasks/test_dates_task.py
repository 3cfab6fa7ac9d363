"""Dates: translations against babel's own, alignment against a search in plain Python."""

from __future__ import annotations

import datetime

import pytest
import torch
from babel.dates import format_date, get_day_names, get_month_names

from explorer.tasks import answering, build, date_templates
from explorer.tasks import fields as f
from explorer.tasks.base import IGNORE
from models.config import ModelConfig

LANGUAGES = ["fr", "de", "hu", "ja", "zh"]
KINDS = ["encoder-decoder", "decoder"]


def task_of(language="fr", kind="encoder-decoder"):
    return build(f.Dates(language=language), ModelConfig(kind=kind, context=64))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def day_of(source):
    """The day that an English date means, and whether its weekday is written."""
    for pattern in ("%A, %B %d, %Y", "%B %d, %Y", "%d %B %Y", "%d %b %Y", "%b %d, %Y"):
        try:
            return datetime.datetime.strptime(source, pattern).date(), "%A" in pattern
        except ValueError:
            continue
    raise AssertionError(source)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_translation_is_babels(language, kind):
    task = task_of(language, kind)
    batch = task.batch(200, seeded())
    for row in range(200):
        source, _, target = task.sample(batch, row).partition(" → ")
        day, weekday = day_of(source)
        assert target == format_date(day, "full" if weekday else "long", locale=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_alignment_is_what_translates_what(language, kind):
    task = task_of(language, kind)
    batch = task.batch(40, seeded(3))
    for row in range(40):
        tokens = batch.tokens[row] if batch.source is None else batch.source[row]
        read, said = (
            task.vocabulary.show(tokens),
            ["?" if t == IGNORE else task.vocabulary.symbols[t] for t in batch.targets[row].tolist()],
        )
        day, weekday = day_of(task.sample(batch, row).partition(" → ")[0])
        found = {(t, s) for t, s in batch.alignment[row].nonzero().tolist()}
        first = said.index(next(c for c in said if c != "?"))
        target = "".join(said[first:])
        source = "".join(read).split("⊢")[0]
        assert found == {(first + t, s) for t, s in expected(source, target, day, language, weekday)}


def expected(source, target, day, language, weekday):
    """Pairs of positions: name with name as a whole, number with number digit by digit."""
    pairs = set()
    for names in (
        lambda width, locale: get_month_names(width, locale=locale)[day.month],
        lambda width, locale: get_day_names(width, locale=locale)[day.weekday()],
    ):
        theirs = names("wide", language)
        if names("wide", "en") == day.strftime("%B") and language in ("ja", "zh"):
            theirs = str(day.month)
        ours = next((n for n in (names("wide", "en"), names("abbreviated", "en")) if n in source), None)
        if ours is None or (ours in day.strftime("%A") and not weekday):
            continue
        at = target.index("年") + 1 if theirs == str(day.month) else target.index(theirs)
        pairs |= {(at + t, source.index(ours) + s) for t in range(len(theirs)) for s in range(len(ours))}
    year = str(day.year)
    pairs |= {(target.index(year) + i, source.index(year) + i) for i in range(4)}
    number = str(day.day)
    s = next(i for i, c in enumerate(source) if c.isdecimal() and source[i : i + 4] != year)
    rest = target.replace(year, "####")
    t = rest.index("月") + 1 if language in ("ja", "zh") else next(i for i, c in enumerate(rest) if c.isdecimal())
    return pairs | {(t + i, s + i) for i in range(len(number))}


def test_a_decoder_reads_the_date_then_says_it():
    task = task_of(kind="decoder")
    batch = task.encode("4 Mar 1997")
    assert "".join(task.vocabulary.show(batch.tokens[0])) == "4 Mar 1997⊢4 mars 1997"
    assert batch.targets[0].tolist()[:10] == [IGNORE] * 10
    assert "".join(task.vocabulary.show(batch.targets[0][10:])) == "4 mars 1997⊣"


def test_an_encoder_decoder_is_asked_for_the_target_and_its_end():
    task = task_of()
    batch = task.encode("Tuesday, March 4, 1997")
    assert task.readable(batch.source[0]) == "Tuesday, March 4, 1997"
    assert "".join(task.vocabulary.show(batch.tokens[0])) == "⊢mardi 4 mars 1997"
    assert "".join(task.vocabulary.show(batch.targets[0])) == "mardi 4 mars 1997⊣"
    assert (task.start, task.end, task.vocabulary.pad) == (1, 2, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_is_neither_read_nor_asked(kind):
    task = task_of(kind=kind)
    batch = task.batch(64, seeded())
    said = batch.targets != IGNORE
    assert int((batch.targets == task.vocabulary.pad).sum()) == 0
    assert int((batch.tokens[said] == task.vocabulary.pad).sum()) == 0
    assert int((batch.targets == task.end).sum()) == 64


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_dates_is_a_function_of_its_generator_alone(kind):
    task = task_of(kind=kind)
    first, again, other = (task.batch(8, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.alignment, again.alignment)
    assert first.tokens.shape != other.tokens.shape or not torch.equal(first.tokens, other.tokens)


def test_days_held_out_are_never_trained_on():
    task = task_of()
    held_out, trained = (set(task.splits[s].tolist()) for s in ("held out", "trained"))
    assert not held_out & trained
    assert held_out | trained == set(range((datetime.date(2061, 1, 1) - datetime.date(1900, 1, 1)).days))
    assert len(held_out) == len(task.table.year) // 10


def test_chance_is_what_the_commonest_character_of_each_place_gets():
    task = task_of()
    days = task.splits["trained"]
    counts = torch.zeros(task.length, len(task.vocabulary), dtype=torch.long)
    for pattern in range(len(date_templates.ENGLISH)):
        every = torch.full_like(days, pattern)
        target, _ = task.dated("target", every, task.table.pairing[days], task.table.year[days])
        for t, column in enumerate(target.T):
            counts[t] += column[column != answering.PAD].bincount(minlength=counts.shape[1])
    assert task.chance == pytest.approx(int(counts.amax(1).sum()) / int(counts.sum()), rel=1e-12)
    assert task.chance == pytest.approx(0.228012, abs=1e-6)  # a sample of 2,000 days had 0.2326


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("14 July 1789", "14 juillet 1789"),
        ("  Mar 4,  1997 ", "4 mars 1997"),
        ("February 29, 2000", "29 février 2000"),
        ("Sunday, May 5, 3024", "dimanche 5 mai 3024"),
    ],
)
def test_own_dates_of_any_year_are_read(typed, target):
    task = task_of()
    assert task.sample(task.encode(typed)).partition(" → ")[2] == target


@pytest.mark.parametrize("typed", ["14 July", "July 1789", "31 February 1999", "1789 1789 1789 1789 1789 1789 1789"])
def test_what_is_not_a_date_is_refused_with_an_example(typed):
    with pytest.raises(ValueError, match=r"is not a date .* 14 July 1789"):
        task_of().encode(typed)


def test_unknown_characters_of_a_date_are_named():
    with pytest.raises(ValueError, match="does not know !, Ω; type a date such as 14 July 1789"):
        task_of().encode("14 July 1789Ω!")


def test_an_encoder_cannot_translate():
    with pytest.raises(ValueError, match=r"model.kind=encoder cannot do task.name=dates.*use model.kind=enc"):
        task_of(kind="encoder")


def test_a_context_too_short_for_the_longest_date_names_the_one_needed():
    with pytest.raises(ValueError, match=r"use model.context=29"):
        build(f.Dates(), ModelConfig(kind="encoder-decoder", context=20))


def test_dates_are_the_same_from_the_cache():
    fresh = date_templates.write_templates("fr")
    date_templates.templates.cache_clear()
    kept = date_templates.templates("fr")
    assert kept.symbols == tuple(fresh.about["symbols"])
    assert all(torch.equal(getattr(kept, name), torch.from_numpy(a)) for name, a in fresh.arrays.items())

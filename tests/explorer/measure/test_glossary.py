"""The glossary: each term has its line in both languages, and a text explains it once, where it stands first."""

from __future__ import annotations

import re

import pytest

from explorer.measure.glossary import TERMS, explained, glossary, marked


def test_a_term_is_explained_where_it_stands_first_and_only_there():
    words = explained("the loss is 2 nats, and 1 nats later")
    assert words.count("<abbr") == 1
    assert words.startswith('the loss is 2 <abbr title="The unit of natural logarithms')
    assert words.endswith("and 1 nats later")


def test_a_part_of_a_word_is_no_term():
    assert explained("donations and forks in chances") == "donations and forks in chances"


def test_what_was_escaped_stays_escaped():
    assert explained("&lt;b&gt; chance") == f'&lt;b&gt; <abbr title="{TERMS["chance"]}">chance</abbr>'


def test_every_line_is_a_sentence_without_markup():
    for term, line in TERMS.items():
        assert line.endswith("."), term
        assert not set(line) & set('<>"&'), term


def test_there_are_terms_enough_and_none_stands_twice():
    assert len(glossary()) >= 80
    written = [form.lower() for term in glossary() for form in term.written("en")]
    assert len(written) == len(set(written))
    assert len({term.zh for term in glossary()}) == len(glossary())


@pytest.mark.parametrize(("language", "ends", "other"), [("en", ".", "。"), ("zh", "。", ".")])
def test_every_term_has_one_or_two_sentences_in_each_language(language, ends, other):
    for term in glossary():
        line = term.means[language]
        assert set(term.means) == {"en", "zh"}, term.en
        assert line.endswith(ends), term.en
        assert line.count(f"{ends} ") + line[:-1].count("。") <= 1, term.en
        assert other not in line or language == "zh", term.en
        assert not set(line) & set('<>"&'), term.en
        assert ("一" <= max(line) <= "鿿" or any("一" <= c <= "鿿" for c in line)) == (language == "zh"), term.en


def test_no_term_is_defined_by_itself():
    for term in glossary():
        for form in term.written("en"):
            assert not re.search(rf"\b{re.escape(form)}\b", term.means["en"], re.IGNORECASE), form
        assert term.zh not in term.means["zh"], term.zh


def test_a_chinese_line_has_chinese_punctuation():
    for term in glossary():
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", term.means["zh"]), term.zh


def test_a_lesson_marks_a_term_once_however_it_is_written():
    seen: set[str] = set()
    first = marked("Gradients vanish, and so does the gradient.", "en", seen)
    assert first.count("<abbr") == 1
    assert first.startswith('<abbr title="For each weight')
    assert marked("a gradient", "en", seen) == "a gradient"
    assert seen == {"gradient"}


def test_a_lesson_marks_chinese_terms_and_abbreviations_within_chinese_text():
    words = marked("一个RNN的梯度", "zh", set())
    assert words.count("<abbr") == 2
    assert ">RNN</abbr>" in words
    assert ">梯度</abbr>" in words


@pytest.mark.parametrize(
    "text", ["$\\text{loss}$", "$$\nloss\n$$", "`loss`", "[loss](https://example.org/loss)", "losses"]
)
def test_formulas_code_links_and_parts_of_words_stay_as_they_are(text):
    assert marked(text, "en", set()) == text

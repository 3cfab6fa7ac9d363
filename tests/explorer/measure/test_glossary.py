"""The glossary: each term has one line, and a sentence explains it once, where it stands first."""

from __future__ import annotations

from explorer.measure.glossary import TERMS, explained


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

"""Resources: each has a kind, a link in the right form and one sentence in both languages."""

from __future__ import annotations

from urllib.parse import urlsplit

from explorer.lessons.lesson import LANGUAGES
from explorer.lessons.resources import KINDS, resources


def test_every_kind_has_some_and_no_link_stands_twice():
    assert {one.kind for one in resources()} == set(KINDS)
    assert len({one.link for one in resources()}) == len(resources())
    assert all(set(words) == set(LANGUAGES) for words in KINDS.values())


def test_every_link_has_the_form_of_one():
    for one in resources():
        parts = urlsplit(one.link)
        assert parts.scheme == "https", one.title
        assert "." in parts.netloc, one.title
        assert not set(one.link) & set(" ()<>[]"), one.title


def test_each_is_described_in_one_sentence_in_both_languages():
    for one in resources():
        assert set(one.says) == set(LANGUAGES), one.title
        assert one.says["en"].endswith("."), one.title
        assert one.says["zh"].endswith("。"), one.title
        assert ". " not in one.says["en"], one.title
        assert "。" not in one.says["zh"][:-1], one.title
        assert not set("[]<>") & set(one.title + "".join(one.says.values())), one.title

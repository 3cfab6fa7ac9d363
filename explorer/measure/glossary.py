"""Glossary: the field's terms in both languages, each in one or two sentences, shown where the pointer rests on it.

The terms stand in glossary.yaml. A sentence under a picture explains some of them, a lesson's text most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

import yaml

FILE = Path(__file__).with_suffix(".yaml")
CHINESE = "zh"  # is written without spaces between words
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, eight times as fast, where PyYAML has it
UNTOUCHED = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$|`[^`\n]*`|\[[^\]]*\]\([^)]*\)", re.DOTALL)  # of Markdown


@dataclass(frozen=True)
class Term:
    """en, zh: the term.   means: its sentences by language.   forms: what else it is called in English text.

    pictures: as what sentences under pictures explain it.   unmarked: whether a lesson's text leaves it alone.
    """

    en: str
    zh: str
    means: Mapping[str, str]
    forms: tuple[str, ...] = field(default=())
    pictures: tuple[str, ...] = ()
    unmarked: bool = False

    def written(self, language: str) -> tuple[str, ...]:
        """How it may be written in a text."""
        own_words = (self.en, *self.forms)  # an abbreviation such as RNN stands in Chinese text too
        return (self.zh, *own_words) if language == CHINESE else own_words


@cache
def glossary() -> tuple[Term, ...]:
    """All terms, in the order of the file."""
    rows = yaml.load(FILE.read_text("utf-8"), LOADER)
    return tuple(Term(**row | {name: tuple(row.get(name, ())) for name in ("forms", "pictures")}) for row in rows)


def pattern(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """Finds any of these, the longest first; as whole words, where they are in Latin letters."""
    anyone = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{anyone})(?![A-Za-z0-9])", flags)


TERMS = {form: term.means["en"] for term in glossary() for form in term.pictures}
WORDS = pattern(TERMS)


def explained(html: str) -> str:
    """HTML text without attributes in which the first of each term shows its line where the pointer rests."""
    seen: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        word = match[0]
        if word in seen:
            return word
        seen.add(word)
        return abbreviation(word, TERMS[word])

    return WORDS.sub(mark, html)


def abbreviation(word: str, line: str) -> str:
    """A word that shows a line where the pointer rests on it."""
    return f'<abbr title="{escape(line)}">{word}</abbr>'


@cache
def in_lessons(language: str) -> tuple[dict[str, Term], re.Pattern[str]]:
    """The terms that a lesson's text marks, by how they are written in small letters, and what finds them."""
    terms = {form.lower(): term for term in glossary() if not term.unmarked for form in term.written(language)}
    return terms, pattern(terms, re.IGNORECASE)


def marked(markdown: str, language: str, seen: set[str]) -> str:
    """A lesson's Markdown in which a term that is not in `seen` yet shows its entry; it is then added.

    Formulas, code and links stay as they are. The text is the course's own: a visitor's HTML must never be handed in.
    """
    terms, finds = in_lessons(language)

    def mark(match: re.Match[str]) -> str:
        term = terms[match[0].lower()]
        if term.en in seen:
            return match[0]
        seen.add(term.en)
        return abbreviation(match[0], term.means[language])

    pieces, at = [], 0
    for untouched in UNTOUCHED.finditer(markdown):
        pieces += [finds.sub(mark, markdown[at : untouched.start()]), untouched[0]]
        at = untouched.end()
    return "".join([*pieces, finds.sub(mark, markdown[at:])])

"""This visit's way through the course: the lesson that is open, its language, what was guessed and started."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.lessons.lesson import LANGUAGES, Lesson
from explorer.lessons.reading import lessons
from explorer.ui import refusals, sitemap, visit

LESSON, LANGUAGE = "lesson", "lang"  # in the address


@dataclass
class Way:
    """open: the lesson shown; None for the contents.   guesses: the choice taken, by lesson, from 1."""

    open: str | None = None
    language: str = next(iter(LANGUAGES))
    opened: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    guesses: dict[str, int] = field(default_factory=dict)

    def done(self, lesson: Lesson) -> bool:
        """Whether its question was answered, if it has one, and its run was started."""
        return lesson.name in self.started and (lesson.head.answer is None or lesson.name in self.guesses)


def way() -> Way:
    """This visit's."""
    return visit.kept(Way)


def follow_address() -> None:
    """Opens what the address asks for, and writes what is open into it."""
    mine, query = way(), st.query_params
    name, language = query.get(LESSON), query.get(LANGUAGE)
    if name is not None and name not in lessons():
        refusals.keep(f"there is no lesson {name[:60]}; choose one of these")
        mine.open = None
    elif name is not None:
        mine.open = name
    if language is not None and language not in LANGUAGES:
        refusals.keep(f"lang={language[:20]} is no language of the lessons; use {' or '.join(LANGUAGES)}")
    elif language is not None:
        mine.language = language
    write_address()


def write_address() -> None:
    """The lesson and the language, unless they are the first ones."""
    mine, query = way(), st.query_params
    wanted = {LESSON: mine.open, LANGUAGE: None if mine.language == next(iter(LANGUAGES)) else mine.language}
    for key, value in wanted.items():
        if value is None:
            query.pop(key, None)
        elif query.get(key) != value:
            query[key] = value


def turn_to(name: str | None) -> None:
    """Opens a lesson, or the contents. For callbacks."""
    way().open = name
    write_address()


def begin_with_first() -> None:
    """Goes to the first lesson from another page. For callbacks."""
    way().open = next(iter(lessons()))
    sitemap.go_to("course")

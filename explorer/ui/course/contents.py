"""The contents of the course: chapters, their lessons, what this visit has done, ways to go on, and the glossary."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from explorer.lessons.lesson import CHAPTERS, Lesson
from explorer.lessons.reading import lessons
from explorer.lessons.resources import KINDS, resources
from explorer.measure.glossary import CHINESE, glossary
from explorer.ui.locale.language import current
from explorer.ui.parts.course_way import turn_to, way
from explorer.ui.parts.course_words import word

GOING_ON = 7  # the chapter that is no lessons but the resources


def show() -> None:
    """All lessons, chapter by chapter."""
    language = current()
    st.markdown(word("about", language))
    right, guessed = way().score()
    if guessed:
        st.caption(word("score", language, right=right, all=guessed))
    of_chapter = {n: list(those) for n, those in groupby(lessons().values(), key=lambda lesson: lesson.head.chapter)}
    for chapter, names in CHAPTERS.items():
        if chapter not in of_chapter and chapter != GOING_ON:
            continue
        st.subheader(f"{word('chapter', language, number=chapter)} · {names[language]}", anchor=False)
        with st.container(key=f"chapter-{chapter}", gap=None):
            for lesson in of_chapter.get(chapter, []):
                entry(lesson, language)
        if chapter == GOING_ON:
            going_on(language)
    with st.expander(word("glossary", language, number=len(glossary())), key="glossary"):
        st.markdown(terms(language))


def going_on(language: str) -> None:
    """Where to learn more, by kind; folded, for two chapters come after it."""
    with st.expander(word("going on", language), icon=":material/link:", key="going-on"):
        for kind, rows in groupby(resources(), key=lambda one: one.kind):
            lines = [f"- [{one.title}]({one.link}): {one.says[language]}" for one in rows]
            st.markdown("\n".join([f"**{KINDS[kind][language]}**", "", *lines]))


def terms(language: str) -> str:
    """The glossary in the order of the alphabet, or of the file in Chinese; the other language's name beside each."""
    every = glossary() if language == CHINESE else sorted(glossary(), key=lambda term: term.en.lower())
    named = [(term.zh, term.en) if language == CHINESE else (term.en, term.zh) for term in every]
    rows = zip(named, every, strict=True)
    return "\n".join(f"- **{name}** · {other} — {term.means[language]}" for (name, other), term in rows)


def entry(lesson: Lesson, language: str) -> None:
    """A lesson's title, which opens it, its sentence, and what was done of it."""
    mine, words = way(), lesson.words[language]
    state = "done" if mine.done(lesson) else "opened" if lesson.name in mine.of_browser.opened else ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"entry-{lesson.name}"):
        st.button(
            f"**{lesson.place} {words.title}**",
            key=f"open-{lesson.name}",
            type="tertiary",
            on_click=turn_to,
            args=(lesson.name,),
        )
        if state:
            colour = "green" if state == "done" else "gray"
            st.markdown(f":{colour}-badge[{word(state, language)}]", width="content")
    st.caption(words.sentence)

"""The contents of the course: chapters, their lessons, and what this visit has done."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from explorer.lessons.lesson import CHAPTERS, Lesson
from explorer.lessons.reading import lessons
from explorer.ui.course.words import word
from explorer.ui.parts.course_way import turn_to, way


def show() -> None:
    """All lessons, chapter by chapter."""
    language = way().language
    st.markdown(word("about", language))
    for chapter, of_chapter in groupby(lessons().values(), key=lambda lesson: lesson.head.chapter):
        st.subheader(f"{word('chapter', language, number=chapter)} · {CHAPTERS[chapter][language]}", anchor=False)
        with st.container(key=f"chapter-{chapter}", gap=None):
            for lesson in of_chapter:
                entry(lesson, language)


def entry(lesson: Lesson, language: str) -> None:
    """A lesson's title, which opens it, its sentence, and what was done of it."""
    mine, words = way(), lesson.words[language]
    state = "done" if mine.done(lesson) else "opened" if lesson.name in mine.opened else ""
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

"""One lesson: what it is about, a question, what to do, and then what is seen and why."""

from __future__ import annotations

import streamlit as st

from explorer.lessons.lesson import CHAPTERS, PARTS, Lesson
from explorer.lessons.reading import lessons
from explorer.ui import sitemap
from explorer.ui.parts import course_way
from explorer.ui.parts.course_marking import course_markdown
from explorer.ui.parts.course_way import turn_to, way
from explorer.ui.parts.course_words import word

UNMARKED = "more"  # names books and papers, whose words are left alone
KEYS = {"back": "Left", "next": "Right"}
AFTER_GUESS = ("see", "control", "formula", "why", "more")


def show(name: str) -> None:
    """The lesson of this name."""
    mine, lesson = way(), lessons()[name]
    language, words = mine.language, lesson.words[mine.language]
    mine.opened.add(name)
    chapter = lesson.head.chapter
    st.caption(f"{word('chapter', language, number=chapter)} · {CHAPTERS[chapter][language]} · {lesson.place}")
    st.header(words.title, anchor=False)
    seen: set[str] = set()
    course_markdown(words.sentence, language, seen)
    if lesson.head.answer is not None:
        predict(lesson, language, lesson.head.answer, seen)
    part(lesson, "do", language, seen)
    start(lesson, language)
    if lesson.head.answer is None or name in mine.guesses:
        for one in AFTER_GUESS:
            part(lesson, one, language, seen)
    turning(lesson, language)


def part(lesson: Lesson, name: str, language: str, seen: set[str]) -> None:
    """One part of the lesson's text under its heading. seen: the terms that are marked already."""
    st.markdown(f"##### {PARTS[name][language]}")
    text = lesson.words[language].parts[name]
    if name == UNMARKED:
        st.markdown(text)
    else:
        course_markdown(text, language, seen)


def predict(lesson: Lesson, language: str, answer: int, seen: set[str]) -> None:
    """The question with its choices; once one is taken, the answer, and how many of the class took it."""
    mine, words = way(), lesson.words[language]
    part(lesson, "predict", language, seen)
    key, taken = f"guess-{lesson.name}-{language}", mine.guesses.get(lesson.name)
    guess = st.radio(
        words.parts["predict"],
        range(1, len(words.choices) + 1),
        index=None if taken is None else taken - 1,
        format_func=lambda number: words.choices[number - 1],
        key=key,
        label_visibility="collapsed",
    )
    if guess is None:
        return
    if guess != taken:
        course_way.guess(lesson, guess)
    right = guess == answer
    verdict = word("right" if right else "wrong", language, answer=words.choices[answer - 1])
    (st.success if right else st.info)(verdict, icon=":material/check:" if right else ":material/lightbulb:")
    of_class = dict(zip(("right", "all"), course_way.class_score(lesson), strict=True))
    st.caption(word("class", language, **of_class))


def start(lesson: Lesson, language: str) -> None:
    """The button that trains what the lesson is about and opens its page."""
    title, icon = sitemap.TITLES[lesson.head.start.page]
    st.button(
        word("start", language, page=title),
        key=f"start-{lesson.name}",
        type="primary",
        icon=f":material/{icon}:",
        on_click=course_way.begin,
        args=(lesson,),
    )


def turning(lesson: Lesson, language: str) -> None:
    """To the lesson before, to the contents, to the next one."""
    names = list(lessons())
    at = names.index(lesson.name)
    before, after = names[max(0, at - 1) : at], names[at + 1 : at + 2]
    places: list[tuple[str, str | None]] = [("contents", None)]
    places = [*(("back", name) for name in before), *places, *(("next", name) for name in after)]
    with st.container(horizontal=True, key="turning"):
        for where, name in places:
            title = lessons()[name].words[language].title if name else ""
            st.button(
                word(where, language, title=title),
                key=f"turn-{where}",
                on_click=turn_to,
                args=(name,),
                shortcut=KEYS.get(where),
            )

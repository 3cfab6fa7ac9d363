"""One lesson: what it is about, a question, what to do, and then what is seen and why."""

from __future__ import annotations

import streamlit as st

from explorer.i18n.translation import translated
from explorer.lessons.lesson import CHAPTERS, PARTS, Lesson
from explorer.lessons.reading import lessons
from explorer.ui import pressing, sitemap
from explorer.ui.locale.language import current
from explorer.ui.parts import course_drawn, course_numbers, course_way
from explorer.ui.parts.course_kept import Guess
from explorer.ui.parts.course_marking import course_markdown
from explorer.ui.parts.course_way import is_right, turn_to, way
from explorer.ui.parts.course_words import word

UNMARKED = "more"  # names books and papers, whose words are left alone
ARROWS = {"back": ":material/arrow_back:", "next": ":material/arrow_forward:"}  # keys that do the same
TICK_SECONDS = 1.0  # between two looks at the run beside a drawn curve
RIGHT, WRONG = ":material/check:", ":material/lightbulb:"
AFTER_GUESS = ("see", "control", "formula", "why", "more")


def show(name: str) -> None:
    """The lesson of this name."""
    lesson, language = lessons()[name], current()
    words, chapter = lesson.words[language], lesson.head.chapter
    way().of_browser.opened.add(name)
    st.caption(f"{word('chapter', language, number=chapter)} · {CHAPTERS[chapter][language]} · {lesson.place}")
    st.header(words.title, anchor=False)
    seen: set[str] = set()

    def own_numbers() -> None:
        if numbers := course_numbers.line(lesson):
            st.caption(numbers)

    course_markdown(words.sentence, language, seen)
    if lesson.head.asks:
        predict(lesson, language, seen)
    part(lesson, "do", language, seen)
    start(lesson, language)
    for one in AFTER_GUESS if way().sees(lesson) else ():
        part(lesson, one, language, seen)
        if one == "control":
            course_way.control_button(lesson, language, "control")
        if one == "formula":
            pressing.live(own_numbers, TICK_SECONDS)
    turning(lesson, language)


def part(lesson: Lesson, name: str, language: str, seen: set[str]) -> None:
    """One part of the lesson's text under its heading. seen: the terms that are marked already."""
    st.markdown(f"##### {PARTS[name][language]}")
    text = lesson.words[language].parts[name]
    if name == UNMARKED:
        st.markdown(text)
    else:
        course_markdown(text, language, seen)


def predict(lesson: Lesson, language: str, seen: set[str]) -> None:
    """The question; once a guess is fixed, what is right, and how many of the class guessed it."""
    mine = way()

    def curves() -> None:
        course_drawn.watch(lesson)
        course_drawn.reveal(lesson, f"reveal-{lesson.name}")

    part(lesson, "predict", language, seen)
    if lesson.head.draw is None:
        choose(lesson, language)
    elif lesson.name in mine.of_browser.curves:
        pressing.live(curves, TICK_SECONDS)
    else:
        course_drawn.ask(lesson)
    guess = mine.of_browser.guessed.get(lesson.name)
    if guess is None:
        fix(lesson, language)
        return
    right = is_right(lesson, guess)
    (st.success if right else st.info)(verdict(lesson, guess, language), icon=RIGHT if right else WRONG)
    of_class = dict(zip(("right", "all"), course_way.class_score(lesson), strict=True))
    st.caption(word("class", language, **of_class))


def choose(lesson: Lesson, language: str) -> None:
    """The choices. Arrow keys walk through them and change nothing else: a guess is made by its button, once."""
    words, taken = lesson.words[language], way().of_browser.guesses.get(lesson.name)
    st.radio(
        words.parts["predict"],
        range(1, len(words.choices) + 1),
        index=None if taken is None else taken - 1,
        format_func=lambda number: words.choices[number - 1],
        key=choice_key(lesson, language),
        label_visibility="collapsed",
        disabled=taken is not None,
    )


def choice_key(lesson: Lesson, language: str) -> str:
    """Of the choices, whose words are another widget's in another language."""
    return f"guess-{lesson.name}-{language}"


def fix(lesson: Lesson, language: str) -> None:
    """The button that makes a guess of what is chosen or drawn."""
    curve = lesson.head.draw is not None

    def guessed() -> Guess | None:
        return way().sketches.get(lesson.name) if curve else st.session_state.get(choice_key(lesson, language))

    def guess() -> None:
        course_way.guess(lesson, guessed())

    with st.container(horizontal=True, vertical_alignment="center", key="guessing"):
        st.button(word("fix", language), key=f"fix-{lesson.name}", on_click=guess)
        if curve:
            st.button(word("wipe", language), key=f"wipe-{lesson.name}", on_click=course_drawn.wipe, args=(lesson,))
        hasty = way().hasty == lesson.name and guessed() is None
        st.caption(word(("draw-first" if curve else "choose-first") if hasty else "fixing", language))


def verdict(lesson: Lesson, guess: Guess, language: str) -> str:
    """What is right, in a sentence."""
    if lesson.head.answer is None:
        return course_drawn.verdict(lesson, guess)
    answer = lesson.words[language].choices[lesson.head.answer - 1]
    return word("right" if is_right(lesson, guess) else "wrong", language, answer=answer)


def start(lesson: Lesson, language: str) -> None:
    """The button that trains what the lesson is about and opens its page."""
    title, icon = sitemap.TITLES[lesson.head.start.page]
    st.button(
        word("start", language, page=translated(title, language)),
        key=f"start-{lesson.name}",
        type="primary",
        icon=f":material/{icon}:",
        on_click=course_way.begin,
        args=(lesson,),
        disabled=bool(lesson.lacks),
    )
    if lesson.lacks:
        st.caption(word("lacks", language, package=lesson.lacks))


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
                icon=ARROWS.get(where),
                icon_position="right" if where == "next" else "left",
            )

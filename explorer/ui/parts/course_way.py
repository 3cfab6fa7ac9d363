"""This visit's way through the course: the lesson that is open, its language, what was guessed, started and done."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.config.scenes import Scene
from explorer.lessons.lesson import LANGUAGES, Lesson, Target
from explorer.lessons.reading import lessons
from explorer.ui import chosen, refusals, server, sitemap, visit
from explorer.ui.scenes import going
from explorer.ui.shelf import Recent

LESSON, LANGUAGE = "lesson", "lang"  # in the address
PAGE = "course"


@dataclass
class Way:
    """open: the lesson shown; None for the contents.   guesses: the choice taken, by lesson, from 1.

    beside: the lesson whose run was started, which stands beside every page until it is left.   before: what was
    looked at before that.   reached: the targets of lessons that were reached, by lesson and place.
    """

    open: str | None = None
    language: str = next(iter(LANGUAGES))
    opened: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    guesses: dict[str, int] = field(default_factory=dict)
    beside: str | None = None
    before: Scene | None = None
    reached: set[tuple[str, int]] = field(default_factory=set)

    def done(self, lesson: Lesson) -> bool:
        """Whether its question was answered, if it has one, and its run was started."""
        return lesson.name in self.started and (lesson.head.answer is None or lesson.name in self.guesses)

    def score(self) -> tuple[int, int]:
        """How many of this visit's guesses are right, and of how many."""
        right = [name for name, guess in self.guesses.items() if guess == lessons()[name].head.answer]
        return len(right), len(self.guesses)


def way() -> Way:
    """This visit's."""
    return visit.kept(Way)


@st.cache_resource(show_spinner=False)
def all_guesses() -> Recent[str, Recent[str, int]]:
    """The choice that each visit took, by lesson and visit."""
    return Recent()


def guess(lesson: Lesson, choice: int) -> None:
    """Keeps a choice, of this visit and of the class."""
    way().guesses[lesson.name] = choice
    of_lesson = all_guesses().get(lesson.name)
    if of_lesson is None:
        of_lesson = all_guesses()[lesson.name] = Recent()
    of_lesson[server.session().id] = choice


def class_score(lesson: Lesson) -> tuple[int, int]:
    """How many visitors guessed right, and of how many."""
    choices = list((all_guesses().get(lesson.name) or {}).values())
    return choices.count(lesson.head.answer or 0), len(choices)


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


def open_lesson(name: str) -> None:
    """Goes to a lesson from another page. For callbacks."""
    way().open = name
    sitemap.go_to(PAGE)


def begin_with_first() -> None:
    """Goes to the first lesson from another page. For callbacks."""
    open_lesson(next(iter(lessons())))


def begin(lesson: Lesson) -> None:
    """Begins exactly the lesson's start and puts the lesson beside the pages; a refusal is said on this page."""
    opens, mine = lesson.head.start, way()
    try:
        chosen.begin(opens.config)
    except ValueError as error:
        refusals.keep(str(error))
        return
    mine.started.add(lesson.name)
    mine.beside = lesson.name
    if opens.section:
        st.session_state[sitemap.ROWS[opens.page]] = opens.section
    sitemap.go_to(opens.page)


def remember() -> None:
    """Keeps what is looked at, as long as no lesson is beside it, for when one is left."""
    mine = way()
    if mine.beside is None and visit.state().page not in (None, PAGE):
        try:
            mine.before = going.here()
        except ValueError:  # more than a scene can hold
            mine.before = None


def leave() -> None:
    """Takes the lesson away and shows again what was looked at before it; the course, if nothing was. For callbacks."""
    mine = way()
    before, mine.beside = mine.before, None
    if before is None:
        open_lesson(mine.open or next(iter(lessons())))
        return
    if before.run is None:
        visit.state().run = visit.state().step = None
    try:
        going.show(before, before.run)
    except ValueError as error:  # the run was deleted meanwhile
        refusals.keep(str(error))
        visit.state().rerun = True


def look(lesson: Lesson) -> Target | None:
    """Notes which of a lesson's targets are reached now; gives the first one that none of the visit's views reached."""
    mine, state, run = way(), visit.state(), chosen.run()
    for place, aim in enumerate(lesson.head.aims):
        here = state.page == aim.page and (not aim.section or (state.section or ("", ""))[0] == aim.section)
        if here and run is not None and run.last >= aim.step:
            mine.reached.add((lesson.name, place))
    left = [aim for place, aim in enumerate(lesson.head.aims) if (lesson.name, place) not in mine.reached]
    return left[0] if left else None

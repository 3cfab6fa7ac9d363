"""This visit's way through the course: the lesson that is open, what was guessed, started and done."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from explorer.config.run import RunConfig
from explorer.config.scenes import Scene, made
from explorer.lessons.lesson import Lesson, Target
from explorer.lessons.reading import lessons
from explorer.runs.run import Run
from explorer.ui import chosen, refusals, sitemap, visit
from explorer.ui.parts import course_visitor
from explorer.ui.parts.course_kept import MOST_BESIDE, MOST_RUNS, Beside, Guess, Progress
from explorer.ui.parts.course_words import word
from explorer.ui.scenes import going

LESSON = "lesson"  # in the address
PAGE = "course"


@dataclass
class Way:
    """open: the lesson shown; None for the contents.

    progress: of the visit's browser; None until that is known.
    sketches: heights that are drawn and not yet guessed.   hasty: the lesson in which nothing was chosen or drawn when
    it was to be guessed.   beside: the lesson whose run was started, which stands beside every page until it is left.
    before: what was looked at before that.   reached: the targets of lessons that were reached, by lesson and place.
    taken_up: whether this visit has looked for the lesson that stood beside its run before it.
    """

    open: str | None = None
    progress: Progress | None = None
    sketches: dict[str, list[float]] = field(default_factory=dict)
    hasty: str | None = None
    beside: str | None = None
    before: Scene | None = None
    reached: set[tuple[str, int]] = field(default_factory=set)
    taken_up: bool = False

    @property
    def of_browser(self) -> Progress:
        """What the visit's browser has done of the course."""
        if self.progress is None:
            self.progress = course_visitor.progress()
        return self.progress

    def done(self, lesson: Lesson) -> bool:
        """Whether its question was answered, if it has one, and its run was started."""
        return lesson.name in self.of_browser.started and self.sees(lesson)

    def sees(self, lesson: Lesson) -> bool:
        """Whether the rest of the lesson is shown: after a guess, or if the lesson has no question."""
        return not lesson.head.asks or lesson.name in self.of_browser.guessed

    def score(self) -> tuple[int, int]:
        """How many of this visitor's guesses are right, and of how many."""
        every = [is_right(lessons()[name], guess) for name, guess in self.of_browser.guessed.items()]
        return sum(every), len(every)


def is_right(lesson: Lesson, guess: Guess) -> bool:
    """Whether a guess is the right choice, or a curve that ends near what the lesson measured."""
    return lesson.head.expect[0].near(guess[-1]) if isinstance(guess, list) else guess == lesson.head.answer


def way() -> Way:
    """This visit's."""
    return visit.kept(Way)


def of_class(lesson: Lesson) -> list[Guess]:
    """What all visitors guessed in a lesson."""
    every = [one.guessed.get(lesson.name) for one in list(course_visitor.everyone().values())]
    return [guess for guess in every if guess is not None]


def guess(lesson: Lesson, choice: Guess | None) -> None:
    """Keeps a guess of this visitor for good; None where there is none yet. For callbacks."""
    mine = way().of_browser
    way().hasty = lesson.name if choice is None else None
    if choice is None or lesson.name in mine.guessed:
        return
    if isinstance(choice, list):
        mine.curves[lesson.name] = choice
    else:
        mine.guesses[lesson.name] = choice
    course_visitor.keep()


def class_score(lesson: Lesson) -> tuple[int, int]:
    """How many visitors guessed right, and of how many."""
    every = [is_right(lesson, one) for one in of_class(lesson)]
    return sum(every), len(every)


def follow_address() -> None:
    """Opens what the address asks for, and writes what is open into it."""
    mine, query = way(), st.query_params
    name = query.get(LESSON)
    if name is not None and name not in lessons():
        refusals.keep(f"there is no lesson {name[:60]}; choose one of these")
        mine.open = None
    elif name is not None:
        mine.open = name
    write_address()


def write_address() -> None:
    """The lesson, if one is open."""
    name, query = way().open, st.query_params
    if name is None:
        query.pop(LESSON, None)
    elif query.get(LESSON) != name:
        query[LESSON] = name


def turn_to(name: str | None) -> None:
    """Opens a lesson, or the contents. For callbacks."""
    way().open = name
    write_address()


def turn_by(lessons_on: int) -> None:
    """Opens the lesson that many places on, or back, as far as there are any. For callbacks."""
    if (name := way().open) is not None:
        names = list(lessons())
        turn_to(names[max(0, min(names.index(name) + lessons_on, len(names) - 1))])


def open_lesson(name: str) -> None:
    """Goes to a lesson from another page. For callbacks."""
    way().open = name
    sitemap.go_to(PAGE)


def begin_with_first() -> None:
    """Goes to the first lesson from another page. For callbacks."""
    open_lesson(next(iter(lessons())))


def begin(lesson: Lesson, config: RunConfig | None = None) -> None:
    """Begins exactly the lesson's start and puts the lesson beside the pages; a refusal is said on this page. Of what
    was looked at before, no head, step or section is left.

    config: that of its control, which begins in the place of the start.
    """
    opens, mine = lesson.head.start, way()
    try:
        chosen.begin(config or opens.config)
    except ValueError as error:
        refusals.keep(str(error))
        return
    mine.of_browser.started.add(lesson.name)
    if mine.beside != lesson.name:
        forget_beside(mine.beside, lesson.name)
    mine.beside = lesson.name
    keep_beside()
    course_visitor.keep()
    visit.state().used.clear()
    section = {sitemap.ROWS[opens.page]: opens.section} if opens.section else {}
    if config is None:
        going.show(made(page=opens.page, controls=section), None)
        return
    st.session_state.update(section)  # all else is looked at in the control as in the start
    sitemap.go_to(opens.page)


def control_button(lesson: Lesson, language: str, key: str) -> None:
    """Trains the control, where that is another training. key: of the place, unique on a page."""
    if (other := lesson.head.other) is None:
        return
    changed = ", ".join(f"`{name}={value}`" for name, value in lesson.head.control.settings.items())
    st.button(
        word("control", language),
        key=f"{key}-{lesson.name}",
        help=word("controlling", language, changed=changed),
        on_click=begin,
        args=(lesson, other),
        disabled=bool(lesson.lacks),
    )


def remember() -> None:
    """Keeps what is looked at, as long as no lesson is beside it, for when one is left."""
    mine = way()
    if mine.beside is None and visit.state().page not in (None, PAGE):
        try:
            mine.before = going.here()
        except ValueError:  # more than a scene can hold
            mine.before = None


def keep_beside() -> bool:
    """Notes for the browser which lesson stands beside which runs and what of it is done; True if that is new."""
    mine, run = way(), visit.state().run
    if mine.beside is None or run is None:
        return False
    every = mine.of_browser.beside
    before = every.get(mine.beside) or Beside(runs=[], before=mine.before)
    runs = before.runs if run in before.runs else [*before.runs, run][-MOST_RUNS:]
    reached = sorted({*before.reached, *(place for name, place in mine.reached if name == mine.beside)})
    now = before.model_copy(update={"runs": runs, "reached": reached})
    if now == before:
        return False
    every.pop(mine.beside, None)
    every[mine.beside] = now
    for name in list(every)[:-MOST_BESIDE]:
        del every[name]
    return True


def forget_beside(*names: str | None) -> None:
    """These lessons stand beside no run any more."""
    for name in names:
        way().of_browser.beside.pop(name or "", None)


def take_up() -> None:
    """Once a visit: the lesson that stood beside the run of the address, before a reload or a restart of the server."""
    mine, run = way(), visit.state().run
    if mine.taken_up:
        return
    mine.taken_up = True
    stood = course_visitor.beside(run) if run is not None and mine.beside is None else None
    if stood is not None:
        mine.beside, mine.before = stood[0], stood[1].before
        mine.reached |= {(stood[0], place) for place in stood[1].reached}


def leave() -> None:
    """Takes the lesson away and shows again what was looked at before it; the course, if nothing was. For callbacks."""
    mine = way()
    name, before, mine.beside = mine.beside, mine.before, None
    forget_beside(name)
    course_visitor.keep()
    if before is None:
        open_lesson(mine.open or name or next(iter(lessons())))
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
    mine, run = way(), chosen.run()
    for place, aim in enumerate(lesson.head.aims):
        if run is not None and is_reached(aim, run):
            mine.reached.add((lesson.name, place))
    left = [aim for place, aim in enumerate(lesson.head.aims) if (lesson.name, place) not in mine.reached]
    return left[0] if left else None


def is_reached(aim: Target, run: Run) -> bool:
    """Whether what is looked at now, and what was done on this page, is what a target asks for."""
    state = visit.state()
    return all(
        (
            state.page == aim.page,
            not aim.section or (state.section or ("", ""))[0] == aim.section,
            run.last >= aim.step,
            aim.back is None or (state.step is not None and state.step <= aim.back),
            not aim.rests or run.status.state not in ("training", "waiting"),
            all(run.config.get(path) == value for path, value in aim.settings.items()),
            not aim.hand or sum(visit.used(aim.page, part) for part in aim.hand) >= aim.times,
        )
    )

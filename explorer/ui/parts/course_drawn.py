"""A guess that is drawn: the paper for it, and afterwards the curve beside that of the visitor's own run.

drawn heights ──fixed──> the curve ──beside──> what the lesson measures, at each step of the run that it began
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.charts import theme, timeline
from explorer.charts.timeline import Panel
from explorer.lessons.lesson import Lesson
from explorer.lessons.measurements.curves import curve
from explorer.measure.names import fixed, percent
from explorer.runs.run import Run
from explorer.ui import chosen, picture, server, visit
from explorer.ui.components.sketch import Paper, Sketched, message, sketch
from explorer.ui.locale.language import current
from explorer.ui.parts.course_kept import Guess
from explorer.ui.parts.course_way import is_right, of_class, way
from explorer.ui.parts.course_words import word

YOURS, CLASS = theme.CATEGORICAL[1], theme.OUTSIDE  # colours; the run has that of training
HEIGHT = 220  # pixels of the two curves
SHARE = "right"  # the measurement whose values are shares


def ask(lesson: Lesson) -> None:
    """The axes on which the curve is drawn."""
    assert lesson.head.draw is not None
    claim, language, high = lesson.head.expect[0], current(), lesson.head.draw.high
    axis = word(f"axis-{claim.measure}", language)
    text = word("papers", language, axis=axis, steps=claim.at)
    paper = Paper(word("paper", language), text, axis, high, "step", claim.at)
    mine = Sketched(word("yours", language), YOURS, way().sketches.get(lesson.name, ()))

    def keep(heights: list[float]) -> None:
        way().sketches[lesson.name] = heights

    sketch(message(paper, mine, (), visit.state().projector), high=high, key=f"draw-{lesson.name}", on_drawn=keep)


def wipe(lesson: Lesson) -> None:
    """Takes a curve back that is not guessed yet. For callbacks."""
    way().sketches.pop(lesson.name, None)


def own_run(lesson: Lesson) -> Run | None:
    """The run that this lesson began, not its control, if that is looked at and has taken a step."""
    run = chosen.run()
    mine = run is not None and way().beside == lesson.name and run.last and run.config == lesson.head.start.config
    return run if mine else None


def watch(lesson: Lesson) -> None:
    """On a page without a player: the run goes on as long as its curve is looked at."""
    if (run := own_run(lesson)) is not None:
        server.watchers().look(server.session().id, str(run.path))


def reveal(lesson: Lesson, key: str) -> None:
    """The curve that was drawn, and that of the run as far as it has come. key: of the place, unique on a page."""
    claim, language, heights = lesson.head.expect[0], current(), way().of_browser.curves[lesson.name]
    assert lesson.head.draw is not None
    axis, run = word(f"axis-{claim.measure}", language), own_run(lesson)
    scale = "share" if claim.measure == SHARE else "linear"
    panel = Panel(word("beside", language), axis, axis, scale, (0, lesson.head.draw.high), HEIGHT, 3)
    places = np.linspace(0, claim.at, len(heights))
    parts = timeline.curve("earlier", places, np.array(heights), series=word("yours", language), color=YOURS)
    every = [one for one in of_class(lesson) if isinstance(one, list) and len(one) == len(heights)]
    if len(every) > 1:
        name = word("everyone's", language, number=len(every))
        parts += timeline.curve("earlier", places, np.mean(every, 0), series=name, color=CLASS)
    if run is not None:
        steps, values = curve(run, claim.measure, claim.at)
        parts += timeline.curve("train", steps, values, series=word("its", language), color=theme.TRAIN)
    picture.curves(panel, parts, key)
    st.caption(result(lesson, run, heights))


def result(lesson: Lesson, run: Run | None, heights: list[float]) -> str:
    """How far the drawn curve is from the run's, in what the lesson measures."""
    claim, language = lesson.head.expect[0], current()
    if run is None:
        return word("no-run", language)
    steps, values = curve(run, claim.measure, claim.at)
    guessed = np.interp(steps, np.linspace(0, claim.at, len(heights)), heights)
    off = worded(lesson, float(np.nanmean(np.abs(guessed - values))))
    if steps[-1] < claim.at:
        return word("coming", language, now=int(steps[-1]), steps=claim.at, off=off)
    ends = {"drawn": worded(lesson, heights[-1]), "own": worded(lesson, float(values[-1]))}
    return word("came", language, steps=claim.at, off=off, **ends)


def worded(lesson: Lesson, value: float) -> str:
    """A value of the curve in words."""
    return percent(value) if lesson.head.expect[0].measure == SHARE else fixed(value, 2)


def verdict(lesson: Lesson, guess: Guess) -> str:
    """Whether the curve ends where the lesson's runs did."""
    low, high = (worded(lesson, value) for value in lesson.head.expect[0].margin.expected)
    return word("drawn-right" if is_right(lesson, guess) else "drawn-wrong", current(), low=low, high=high)

"""What a lesson asks a visitor to do is ticked when it was done; what it says is one press away."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import every_page
import pytest
from tiny_runs import recorded
from visits import go, visit, visit_of

from explorer.lessons.lesson import Lesson
from explorer.lessons.reading import lessons
from explorer.runs import catalogue
from explorer.ui.parts import course_way, lesson_beside
from explorer.ui.parts.course_kept import Progress
from explorer.ui.parts.course_way import Way
from explorer.ui.visit import name_of


def at(page: str, section: str = "", step: int | None = None, used: dict[str, int] | None = None) -> SimpleNamespace:
    """What a visit looks at."""
    return SimpleNamespace(page=page, section=(section, ""), step=step, used=used or {})


def run_of(lesson: Lesson, last: int, **settings: object) -> SimpleNamespace:
    config = lesson.head.start.config.replace(settings)
    return SimpleNamespace(last=last, config=config, status=SimpleNamespace(state="training"))


@pytest.fixture
def reached(monkeypatch):
    """The places of a lesson's aims that are reached by one look at a run."""

    def look(lesson: Lesson, state: SimpleNamespace, run: SimpleNamespace) -> set[int]:
        mine = course_way.Way()
        monkeypatch.setattr(course_way, "way", lambda: mine)
        monkeypatch.setattr(course_way.visit, "state", lambda: state)
        monkeypatch.setattr(course_way.chosen, "run", lambda: run)
        course_way.look(lesson)
        return {place for _, place in mine.reached}

    return look


def test_a_search_is_done_once_one_was_begun_and_not_where_the_lessons_run_alone_goes_on(reached):
    lesson = lessons()["5.3-turning-the-knobs"]
    assert not reached(lesson, at("search"), run_of(lesson, 500))
    assert "card-search" in lesson_beside.marks(lesson.head.aims[0], lesson)
    assert reached(lesson, at("search", used={"search/search": 1}), run_of(lesson, 500)) == {0}


@pytest.mark.parametrize("name", lessons())
def test_no_action_is_ticked_as_its_lesson_begins_or_where_something_else_is_to_be_done(name, reached):
    lesson = lessons()[name]
    start, aims = lesson.head.start, lesson.head.aims
    assert not reached(lesson, at(start.page, start.section), run_of(lesson, 0))
    own = run_of(lesson, start.config.train.steps)
    for place, aim in enumerate(aims):
        words = lesson.words["en"].actions[place]
        opened = reached(lesson, at(aim.page, aim.section), own)
        if place in opened and place:
            assert re.match("(Then o|O)pen ", words), f"{words}: it is ticked as soon as {aim.page} opens"
        for done in (" press ", "type ", " set ", " ask it ", " ask for", "save ", " pause", "go back"):
            wants = aim.hand or aim.rests or aim.back is not None or aim.settings
            assert wants or done not in words.lower(), f"{words}: nothing is to be done for its tick"


@pytest.mark.parametrize("name", lessons())
def test_every_action_can_be_ticked(name, reached):
    lesson = lessons()[name]
    start, control = lesson.head.start.config, lesson.head.control.settings
    literals = {
        node.value
        for path in (Path(every_page.ROOT) / "explorer/ui").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for place, aim in enumerate(lesson.head.aims):
        assert aim.step <= start.train.steps
        assert not aim.hand or any(aim.hand in literal for literal in literals), f"no widget has {aim.hand} in its key"
        assert aim.settings != {path: start.get(path) for path in aim.settings} or not aim.settings
        if "Train the control" in lesson.words["en"].actions[place]:
            assert aim.settings == control
        run = run_of(lesson, max(aim.step, 1), **aim.settings)
        run.status.state = "paused" if aim.rests else "training"
        state = at(aim.page, aim.section, aim.back, {f"{aim.page}/a-{aim.hand}-key": aim.times})
        assert place in reached(lesson, state, run)


def test_the_lesson_leads_to_the_step_that_it_speaks_of(tmp_path, monkeypatch):
    lesson = lessons()["2.3-every-number"]
    claim = lesson.head.expect[0]
    run = recorded(catalogue.new_path("lesson"), 12, lesson.head.start.config)
    app = visit("train", run=run.id)
    (mine,) = app.session_state[name_of(Way)].values()
    mine.beside, mine.progress = lesson.name, Progress(guesses={lesson.name: 1})
    app.run()
    look = app.button(key=f"beside-step-{lesson.name}")
    assert look.label == f"Look at step {claim.at}"
    look.click().run()
    assert visit_of(app).step == claim.at
    assert not [button for button in app.button if button.key == f"beside-step-{lesson.name}"]


def test_what_a_visitor_uses_is_counted_on_its_page():
    app = go(visit(), "tokenizers")
    app.text_area(key="looked-at").set_value("honorificabilitudinitatibus").run()
    state = visit_of(app)
    assert {name: count for name, count in state.used.items() if "looked" in name} == {"tokenizers/looked-at": 1}
    assert not [name for name in state.used if name.startswith("tokenizers/") and "looked" not in name]


def test_where_other_settings_are_asked_for_what_gives_them_is_marked(monkeypatch):
    aims = [(lesson, aim) for lesson in lessons().values() for aim in lesson.head.aims if aim.settings]
    assert len(aims) > 3
    for lesson, aim in aims:
        monkeypatch.setattr(lesson_beside, "visit", SimpleNamespace(state=lambda page=aim.page: at(page)))
        style = lesson_beside.marks(aim, lesson)
        by_control = "Train the control" in " ".join(lesson.words["en"].actions)
        assert ("beside-control" in style) == by_control, lesson.name
        assert ("restart-button" in style) != by_control, lesson.name
    knobs = (Path(every_page.ROOT) / "explorer/ui/knobs.py").read_text("utf-8")
    assert f'"{lesson_beside.RESTART}"' in knobs

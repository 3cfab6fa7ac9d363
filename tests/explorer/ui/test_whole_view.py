"""The address holds the whole view: every widget that is bound to it is known, and a scene brings all of it back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visits import player, press, settled, sound, stored, visit, visit_of

from explorer.config.scenes import Scene, Scenes
from explorer.ui import chosen, held
from explorer.ui.scenes import going
from explorer.ui.scenes.going import Playing
from explorer.ui.visit import name_of

ROOT = Path(__file__).parents[3]
KEY = re.compile(r'key=f?"([^"{]+)[^"]*"[^()]*?bind="query-params"')
HOLDS = re.compile(r'holds\("([^"]+)"')


@pytest.fixture(scope="module")
def name(served) -> str:
    return stored("whole", 30, "finished", "")


def sources() -> list[str]:
    """The text of every page and every part of one."""
    return [path.read_text("utf-8") for folder in ("explorer/ui", "pages") for path in (ROOT / folder).rglob("*.py")]


def test_every_widget_that_is_bound_to_the_address_is_no_setting_of_a_run():
    names = [name for text in sources() for name in KEY.findall(text)]
    assert len(names) > 40
    assert [name for name in names if not chosen.of_widget(name)] == []


def test_every_name_that_is_held_beside_widgets_is_in_the_list():
    names = {name for text in sources() for name in HOLDS.findall(text)}
    assert names <= held.NAMES
    assert {name for name in held.NAMES - names if not name.startswith("words-")} == set()


def test_what_is_held_is_taken_from_the_address_shown_in_it_and_refused_in_a_sentence(monkeypatch):
    mine, said = held.Holding(), []
    monkeypatch.setattr(held.visit, "kept", lambda kind: mine)
    monkeypatch.setattr(held.refusals, "keep", said.append)
    page = type("Page", (), {"step": 0, "row": 0})()
    held.ask({"compare-a": "12", "weight-row": "x", "other": "1"})
    held.holds("compare-a", page, "step", held.whole, 0)
    held.holds("weight-row", page, "row", held.whole, 0)
    assert (page.step, page.row) == (12, 0)
    assert held.shown() == {"compare-a": "12"}
    assert said == ["weight-row=x in the address is refused: use a whole number from 0"]
    held.begin("attention")
    held.begin("train")
    assert held.shown() == {}, "another page shows none of it"


def goes_through(page: str, name: str, *controls: dict[str, str]) -> AppTest:
    """A visit with a scene of a page for each of these controls; it is on that page."""
    app = visit(page, run=name)
    scenes = tuple(Scene(page=page, run=name, controls=each) for each in controls)
    app.session_state[name_of(Playing)][()].list = Scenes(scenes=scenes)
    return app.run()


def test_a_scene_brings_back_the_choices_of_a_map(name: str):
    chosen_there = {"map-by": "PCA", "map-3d": "true", "map-neighbours": "9"}
    app = goes_through("embeddings", name, chosen_there, {})
    for _ in range(2):
        app = settled(press(app, "scene-0-go"))
        assert (app.segmented_control(key="map-by").value, app.slider(key="map-neighbours").value) == ("pca", 9)
        assert app.toggle(key="map-3d").value
        app = sound(press(app, "scene-1-go"))
        assert (app.segmented_control(key="map-by").value, app.toggle(key="map-3d").value) == ("umap", False)


def test_a_scene_brings_back_a_section_and_what_is_held_in_it(name: str):
    app = goes_through("attention", name, {"closer": "Two steps", "compare-a": "5"}, {})
    app = settled(press(app, "scene-0-go"))
    assert (app.segmented_control(key="closer").value, visit_of(app).compared) == ("Two steps", 5)
    assert app.query_params["compare-a"] == "5"
    app = settled(press(app, "scene-1-go"))
    assert app.segmented_control(key="closer").value == "Heads", "on the same page, too"
    assert "compare-a" not in app.query_params


def test_a_scene_that_was_left_says_so(name: str):
    app = visit("attention", run=name)
    scenes = (Scene(page="attention", run=name, step=10, say="Look."),)
    app.session_state[name_of(Playing)][()].list = Scenes(scenes=scenes)
    app = settled(press(app.run(), "scene-0-go"))
    assert not player(app)["scene"]["left"]
    visit_of(app).step = 20
    assert player(sound(app.run()))["scene"]["left"]
    visit_of(app).step = 10
    assert not player(sound(app.run()))["scene"]["left"]
    app.segmented_control(key="closer").set_value("Two steps").run()
    assert player(sound(app.run()))["scene"]["left"], "another section"


def test_at_the_end_of_a_list_n_stays_and_0_goes_back_to_the_scene(monkeypatch):
    mine, went = Playing(Scenes(scenes=(Scene(page="train"),) * 2), 1), []
    monkeypatch.setattr(going, "playing", lambda: mine)
    monkeypatch.setattr(going, "go", went.append)
    for by in (1, 0, -1):
        going.turn(by)
    assert went == [1, 1, 0]

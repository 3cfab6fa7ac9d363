"""Scenes: an address is one, a bookmark makes one, N and B go through a list, ten come with the explorer."""

from __future__ import annotations

import importlib

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from visits import player, press, refusals, settled, sound, stored, visit, visit_of

from explorer.config.presets import PRESETS
from explorer.config.scenes import Scene, Scenes, made, read
from explorer.runs import catalogue
from explorer.ui import player as bar
from explorer.ui import server, sitemap
from explorer.ui.scenes import going, panel
from explorer.ui.scenes.going import SHIPPED, Playing
from explorer.ui.visit import name_of

pytestmark = pytest.mark.usefixtures("served")
HEAD = "blocks.0.attention.1"


@pytest.fixture(scope="module")
def name(served) -> str:
    return stored("scenes", 30, "finished", "")


def playing(app: AppTest) -> Playing:
    """What this visit keeps of scenes."""
    return app.session_state[name_of(Playing)][()]


def test_an_address_is_the_whole_view(name: str):
    query = {"head": HEAD, "query": "3", "mode": "weighted", "hide": "sidebar,inputs"}
    app = visit("attention", run=name, step="10", **query)
    state = visit_of(settled(app))
    assert (state.run, state.step, state.head, state.query) == (name, 10, HEAD, 3)
    assert (state.mode, state.hidden) == ("weighted", ("sidebar", "inputs"))
    assert dict(app.query_params) == {"run": name, "step": "10"} | query
    (grid,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_matrix_grid"]
    assert b'"mode":"weighted"' in grid.proto.bytes
    assert ".st-key-inputs { display: none" in "".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"head": "<b>"}, "is no head"),
        ({"query": "-1"}, "is no position"),
        ({"hide": "sidebar,all"}, "hide=all is nothing that can be hidden"),
    ],
)
def test_what_an_address_cannot_say_is_named(name: str, query: dict, words: str):
    (sentence,) = refusals(visit(run=name, **query))
    assert words in sentence


def test_the_ten_that_come_with_it_begin_a_run_and_go_through_pages_that_there_are():
    scenes = read(SHIPPED.read_bytes())
    assert len(scenes.scenes) == 10
    assert scenes.preset in PRESETS
    for scene in scenes.scenes:
        assert 20 < len(scene.say) < 200
        page = importlib.import_module("explorer.ui.sitemap").FOLDER / f"{scene.page}.py"
        row = sitemap.ROWS.get(scene.page)
        for key, title in scene.controls.items():
            assert key == row
            assert f'"{title}":' in page.read_text("utf-8"), "a section of that page"


def test_one_click_on_the_first_page_begins_the_run_and_shows_the_first_scene():
    app = press(visit(), "scenes-begin")
    run = visit_of(app).run
    server.host().order(catalogue.path_of(run), "pause")
    assert app.title[0].value == "Train"
    sentence = read(SHIPPED.read_bytes()).scenes[0].say
    assert player(app)["scene"] == {"sentence": sentence, "number": 1, "of": 10, "left": False}
    sound(press(app, "scene-5-go"))
    assert app.title[0].value == "Attention"
    assert app.segmented_control(key="closer").value == "What heads do"
    assert visit_of(app).run == run, "one run for all of them"
    sound(press(app, "scene-2-go"))
    assert (visit_of(app).step, app.title[0].value) == (0, "Attention")
    sound(press(app, "scene-4-go"))
    assert (visit_of(app).step, visit_of(app).mode) == (None, "weighted")


def test_a_scene_of_a_run_that_is_gone_or_a_section_that_there_is_not_breaks_nothing(name: str):
    app = visit("attention", run=name)
    scenes = (
        Scene(page="attention", run=name, controls={"closer": "Nothing", "input-kind": "no", "input-sample": "x"}),
        Scene(page="train", run="gone-3f2a9c"),
        Scene(page="train", run=name, step=10**6),
    )
    app.session_state[name_of(Playing)][()].list = Scenes(scenes=scenes)
    sound(press(app.run(), "scene-0-go"))
    assert not refusals(app)
    press(app, "scene-1-go")
    (sentence,) = refusals(app)
    assert sentence.startswith("scene 2: ")
    press(app, "scene-2-go")
    assert (app.title[0].value, player(app)["live"]) == ("Train", True)


@pytest.mark.parametrize("page", ["start", "course", "search", "runs"])
def test_a_page_without_a_bar_has_the_keys_of_scenes_and_of_the_projector(name: str, page: str, monkeypatch):
    def keys(scene, *, key, on_action, arrows):
        for kind in ("scene", "projector"):
            st.button(kind, key=f"{key}-{kind}", on_click=on_action, args=({"kind": kind, "by": 1},))

    monkeypatch.setattr(bar, "page_keys", keys)
    app = visit(page, run=name)
    press(app, "page-keys-projector")
    assert (visit_of(app).projector, visit_of(app).rerun) == (True, False)
    app.session_state[name_of(Playing)][()].list = Scenes(scenes=(Scene(page="attention", run=name),))
    press(app, "page-keys-scene")
    assert app.title[0].value == "Attention"
    assert not [button for button in app.button if button.key == "page-keys-scene"], "the bar has them"


def test_a_sentence_of_a_visitors_is_shown_as_it_was_typed(name: str):
    app = visit("train", run=name)
    odd = "<img src=x onerror=alert(1)> **bold** $x$ :red[no]"
    app.session_state[name_of(Playing)][()].list = Scenes(scenes=(Scene(page="train", run=name, say=odd),))
    sound(press(app.run(), "scene-0-go"))
    assert player(app)["scene"]["sentence"] == odd
    drawn = [element.value for kind in ("markdown", "caption") for element in app.get(kind)]
    assert not any(odd in str(value) for value in drawn)
    assert odd not in "".join(element.proto.body for element in app.get("html"))


def test_a_field_of_the_list_before_does_not_put_its_sentence_into_another_list(monkeypatch):
    before, after = Scene(page="train", say="before"), Scene(page="train", say="after")
    mine = Playing(Scenes(scenes=(after,)), 0)
    monkeypatch.setattr(going, "playing", lambda: mine)
    monkeypatch.setattr(panel.st, "session_state", {"field": "typed"})
    panel.say(0, before, "field")
    panel.say(1, before, "field")
    assert mine.list.scenes == (after,)
    panel.say(0, after, "field")
    assert mine.list.scenes[0].say == "typed"


def test_the_sentence_of_a_scene_stands_on_its_own_page_alone(monkeypatch):
    monkeypatch.setattr(going, "playing", lambda: Playing(Scenes(scenes=(Scene(page="train", say="Here."),)), 0))
    for page, says in (("train", True), ("gradients", False)):
        monkeypatch.setattr(going.visit, "state", lambda page=page: going.visit.Visit(page=page))
        assert bool(going.caption()) == says


def test_a_view_with_a_text_too_long_for_a_scene_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^controls\.input-text=a{40}… \(2001 characters\) is refused: [^\n]*$"):
        made(page="attention", controls={"input-text": "a" * 2001})


@pytest.mark.parametrize(
    ("at", "by", "goes"), [(None, 1, 0), (None, -1, 0), (0, -1, 0), (0, 1, 1), (1, 1, 2), (2, 1, 2), (2, -1, 1)]
)
def test_n_and_b_go_through_the_list_and_stay_at_its_ends(monkeypatch, at: int | None, by: int, goes: int):
    mine, went = Playing(Scenes(scenes=(Scene(page="train"),) * 3), at), []
    monkeypatch.setattr(going, "playing", lambda: mine)
    monkeypatch.setattr(going, "go", went.append)
    going.turn(by)
    assert went == [goes]


def test_a_list_that_names_no_page_or_preset_of_ours_is_refused_and_the_one_before_stays(monkeypatch):
    mine = Playing(Scenes(scenes=(Scene(page="train"),)), 0)
    monkeypatch.setattr(going, "playing", lambda: mine)
    for new in (Scenes(scenes=(Scene(page="cats"),)), Scenes(preset="cats", scenes=(Scene(page="train"),))):
        with pytest.raises(ValueError, match=r"there is no p.* cats; (use one of|of \d+ names)"):
            going.take(new)
    assert mine.list.scenes[0].page == "train"

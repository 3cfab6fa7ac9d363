"""The player bar on a blank page: what it tells the server, and when."""

from __future__ import annotations

from typing import Any

import pytest

from components.blank_page import BlankPage
from components.examples import EXAMPLES
from components.mounting import messages
from explorer.ui.components import player_bar

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def shared(blank_page) -> BlankPage:
    return blank_page(1200, 500)


@pytest.fixture
def bar(shared: BlankPage) -> BlankPage:
    """A bar of a paused run at its newest step."""
    shared.page.evaluate("answers.length = 0")
    shared.open(player_bar.SOURCE)
    shared.tell(first())
    return shared


def first(**changes: Any) -> dict[str, Any]:
    """The first example message, with changes."""
    return messages(player_bar, EXAMPLES["player_bar"])[0] | changes


def actions(bar: BlankPage) -> list[dict[str, Any]]:
    """The actions that the bar sent last."""
    return bar.page.evaluate("answers.at(-1)?.[1] ?? []")


def test_a_page_that_has_lost_its_timer_is_asked_for_again(shared: BlankPage):
    page = shared.page
    page.evaluate("window.real = setTimeout; window.setTimeout = (act, ms) => real(act, ms / 40)")
    try:
        shared.open(player_bar.SOURCE)
        shared.tell(first())
        page.wait_for_function("answers.at(-1)?.[1].some((action) => action.kind === 'again')")
        page.evaluate("host.remove(), end(), answers.length = 0")
        page.evaluate("new Promise((done) => real(done, 400))")
        assert actions(shared) == []
    finally:
        page.evaluate("window.setTimeout = real")


def press(bar: BlankPage, key: str) -> list[str]:
    """Presses a key; gives the kinds of what the bar sent since."""
    bar.page.evaluate("answers.length = 0")
    bar.page.keyboard.press(key)
    return [action["kind"] for action in actions(bar)]


def beside(bar: BlankPage, html: str) -> None:
    """Something else on the page, with the id `beside`."""
    bar.page.evaluate("document.getElementById('beside')?.remove()")
    bar.page.evaluate("html => document.body.insertAdjacentHTML('afterbegin', html)", html)


@pytest.mark.parametrize(
    "html",
    [
        "<button id=beside>a button</button>",
        "<button id=beside role=radio>a section</button>",
        "<button id=beside role=tab>a tab</button>",
        "<div id=beside role=slider tabindex=0>a slider</div>",
        "<input id=beside type=checkbox>",
        "<p id=beside>words</p>",
    ],
)
def test_the_space_bar_plays_after_a_click_on_anything_that_is_not_written_in(bar: BlankPage, html: str):
    beside(bar, html)
    bar.page.locator("#beside").click()
    assert press(bar, "Space")[-1:] == ["play"]


@pytest.mark.parametrize("html", ["<input id=beside>", "<textarea id=beside></textarea>"])
def test_the_space_bar_is_a_space_where_somebody_writes(bar: BlankPage, html: str):
    beside(bar, html)
    bar.page.locator("#beside").click()
    assert press(bar, "Space") == []
    assert press(bar, "n") == []
    assert bar.page.locator("#beside").input_value() == " n"


def test_the_space_bar_presses_a_button_that_a_key_went_to(bar: BlankPage):
    beside(bar, "<button id=beside onclick='window.pressed = true'>a button</button>")
    bar.page.evaluate("document.activeElement.blur()")
    bar.page.keyboard.press("Tab")
    assert bar.page.evaluate("document.activeElement.id") == "beside"
    assert press(bar, "Space") == []
    assert bar.page.evaluate("window.pressed")


def test_n_and_b_go_through_scenes_and_the_sentence_is_text(bar: BlankPage):
    bar.page.evaluate("document.activeElement.blur(), document.getElementById('beside')?.remove()")
    assert press(bar, "n")[-1:] == press(bar, "b")[-1:] == ["scene"]
    assert actions(bar)[-1]["by"] == -1
    bar.tell(first(scene={"sentence": "<b>Look</b> here.", "number": 2, "of": 10}))
    assert bar.page.locator("p.scene").inner_text() == "2 / 10<b>Look</b> here."
    bar.tell(first())
    assert bar.page.locator("p.scene").is_hidden()


def test_a_long_sentence_of_a_scene_stands_beside_the_sidebar(bar: BlankPage):
    bar.page.evaluate("document.body.style.paddingLeft = '300px'")
    bar.tell(first(scene={"sentence": "a long sentence " * 18, "number": 1, "of": 10}))
    scene, root = (bar.page.locator(one).bounding_box() for one in ("p.scene", ".player-bar"))
    bar.page.evaluate("document.body.style.paddingLeft = ''")
    assert scene is not None
    assert root is not None
    assert 300 <= root["x"] <= scene["x"] <= scene["x"] + scene["width"] <= root["x"] + root["width"]


def test_playing_a_finished_run_replays_it_over_its_kept_steps_and_lights_what_formed(bar: BlankPage):
    page = bar.page
    page.evaluate("document.activeElement.blur(), document.getElementById('beside')?.remove()")
    page.evaluate("window.clock = performance.now.bind(performance); performance.now = () => 12 * clock()")
    page.evaluate("window.lit = []; addEventListener('explorer-found', ({ detail }) => lit.push(detail))")
    try:
        mark = {
            "id": -1,
            "step": 40,
            "kind": "found",
            "label": "head 1.2",
            "tone": "good",
            "head": "blocks.0.attention.1",
        }
        over = {"state": "finished", "step": 100, "last": 100, "kept": [0, 30, 60, 100], "events": [mark]}
        bar.tell(first(**over))
        assert page.locator(".on").is_visible()
        bar.page.evaluate("answers.length = 0")
        page.keyboard.press("Space")
        page.wait_for_function("answers.some(([, actions]) => actions.some(({ kind }) => kind === 'live'))")
        views = page.evaluate(
            "answers.flatMap(([, actions]) => actions).filter(({ kind }) => kind === 'view').map((a) => a.step)"
        )
        assert set(views) <= {0, 30, 60, 100}
        assert page.evaluate("lit") == ["blocks.0.attention.1"]
        assert "play" not in page.evaluate("answers.flatMap(([, actions]) => actions.map(({ kind }) => kind))")
        page.locator(".on").click()
        assert actions(bar)[-1]["kind"] == "on"
    finally:
        page.evaluate("performance.now = clock")


def test_a_press_is_answered_before_the_server_is(bar: BlankPage):
    bar.page.locator("button.branch").click()
    assert "heard" in bar.page.locator("button.branch").get_attribute("class")
    assert bar.page.locator(".state b").inner_text() == "making a branch at step 3 …"
    bar.tell(first(seen=10**14))
    assert bar.page.locator(".heard").count() == 0


def test_a_step_that_was_wanted_when_the_bar_was_drawn_anew_is_wanted_still(bar: BlankPage):
    run = first()["run"]
    press(bar, "Home")
    bar.open(player_bar.SOURCE)  # as where a connection was lost
    bar.page.evaluate("answers.length = 0")
    bar.tell(first())
    assert [(action["kind"], action["step"]) for action in actions(bar)] == [("view", 0)]
    press(bar, "Home")
    bar.open(player_bar.SOURCE)
    bar.page.evaluate("answers.length = 0")
    bar.tell(first(run=f"another than {run}"))
    assert actions(bar) == []


def test_what_the_page_has_shown_is_not_asked_for_by_the_next_bar(bar: BlankPage):
    press(bar, "Home")
    number = actions(bar)[-1]["n"]
    bar.tell(first(step=0, live=False, seen=number))
    bar.open(player_bar.SOURCE)
    bar.page.evaluate("answers.length = 0")
    bar.tell(first())
    assert actions(bar) == []


@pytest.mark.parametrize("name", ["branch", "bookmark", "reset"])
def test_a_film_stops_at_the_step_for_which_something_is_done(bar: BlankPage, name: str):
    bar.page.evaluate("answers.length = 0")
    bar.tell(first(kept=[0, 10, 20], last=40, step=40, live=True))
    bar.page.evaluate("parent_.querySelector('.film').click()")
    bar.page.wait_for_function("answers.at(-1)?.[1].some((action) => action.kind === 'view')")
    assert bar.page.evaluate("explorerFeed.film")
    bar.page.evaluate("name => parent_.querySelector(`.${name}`).click()", name)
    assert not bar.page.evaluate("explorerFeed.film")
    assert [action["kind"] for action in actions(bar)][-1] == name

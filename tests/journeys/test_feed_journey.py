"""The feed in a browser: pictures move between two runs of the page, never back, and without it all goes on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import recorded
from waiting import until

from explorer.runs import catalogue
from journeys.bar import endless, keys

GRID = '[aria-label*=" heads in "]'
WATCH = """() => {
    const roots = () => [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);
    const seen = (window.seen = []);
    const look = () => {
        const grid = roots().map((root) => root.querySelector('[aria-label*=" heads in "]')).find(Boolean);
        const bar = roots().map((root) => root.querySelector('.where .step')).find(Boolean);
        const now = [grid?.ariaLabel.match(/step (\\d+)/)?.[1], bar?.textContent.replace(/\\D/g, "")].map(Number);
        if (String(now) !== String(seen.at(-1))) seen.push(now);
        requestAnimationFrame(look);
    };
    look();
}"""


def training(page: Page) -> None:
    """Lets the run train, and waits until its heads are there."""
    expect(page.locator(".player-bar .play")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator(".player-bar .state")).to_contain_text("training")
    expect(page.locator(GRID)).to_have_attribute("aria-label", re.compile(r"step \d\d"))


def heads(page: Page, step: int) -> None:
    expect(page.locator(GRID)).to_have_attribute("aria-label", re.compile(rf"step {step}\."))


def test_pictures_follow_the_newest_step_and_never_go_back(visit: Callable):
    tab = visit()
    page = tab.open(f"/attention?run={endless()}")
    answers: list[int] = []
    page.on("response", lambda response: "/feed/" in response.url and answers.append(response.status))
    training(page)
    page.evaluate(WATCH)
    page.wait_for_function("seen.length > 12")
    steps = page.evaluate("seen")
    assert answers.count(200) > 5
    for of in zip(*steps, strict=True):  # of the heads, and of the bar
        assert list(of) == sorted(of)


def test_the_scrubber_moves_the_heads_before_the_page_hears_of_it(visit: Callable):
    path = catalogue.new_path("told")
    recorded(path, 60, every=5).close()
    page = visit().open(f"/attention?run={path.stem}")
    heads(page, 60)
    page.evaluate("WebSocket.prototype.send = function () {}")  # nothing reaches Streamlit any more
    page.keyboard.press("Home")
    heads(page, 0)
    page.keyboard.press("ArrowRight")
    heads(page, 1)


CALM = """() => {
    const roots = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean);
    const curves = roots.flatMap((root) => [...root.querySelectorAll('.curves')]).map((one) => one.dataset.newest);
    return [...curves, document.querySelector('.samples small')?.textContent.match(/step (\\d+)/)?.[1]].map(Number);
}"""


def test_all_of_train_moves_without_a_run_of_the_page(visit: Callable):
    page = visit().open(f"/train?run={endless()}")
    expect(page.locator(".player-bar .play")).to_be_visible()
    expect(page.locator(".samples small")).to_contain_text("tokens")
    page.keyboard.press("Space")
    expect(page.locator(".player-bar .state")).to_contain_text("training")
    page.evaluate("WebSocket.prototype.send = function () {}")  # nothing reaches Streamlit any more
    before = page.evaluate(CALM)
    assert len(before) == 4
    page.wait_for_function(f"(before) => ({CALM})().every((step, i) => step > before[i] + 5)", arg=before)


def test_the_map_of_gradients_moves_without_a_run_of_the_page(visit: Callable):
    page = visit().open(f"/gradients?run={endless()}")
    expect(page.locator(".player-bar .play")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator(".player-bar .state")).to_contain_text("training")
    page.get_by_role("radio", name="blocks").click()
    blocks, map_ = page.get_by_role("img", name="Gradients of blocks"), page.locator(".microscope")
    expect(blocks).to_be_visible()
    page.evaluate("WebSocket.prototype.send = function () {}")  # nothing reaches Streamlit any more
    before = int(map_.get_attribute("data-newest"))
    until(lambda: int(map_.get_attribute("data-newest")) > before + 20, "the map moves", 20)
    keys(page, "Home")
    expect(page.locator(".where .step")).to_have_text("0")
    expect(blocks).to_be_visible()


@pytest.mark.prove
def test_without_the_feed_the_page_does_all_of_it(visit: Callable):
    tab = visit()
    tab.page.route("**/feed/**", lambda route: route.fulfill(status=404))
    page = tab.open(f"/attention?run={endless()}")
    training(page)
    page.keyboard.press("Home")
    heads(page, 0)
    expect(page.get_by_text("the past")).to_be_visible()
    tab.errors[:] = [error for error in tab.errors if "404" not in error]

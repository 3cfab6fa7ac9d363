"""The embeddings map in a real browser: it moves and settles, is searched and asked, and goes back in time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from waiting import until

from explorer.answers import embeddings
from journeys.bar import endless

pytestmark = pytest.mark.journey


def press(page: Page, key: str) -> None:
    """Presses a key while nothing has the focus."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)


def at_rest(found: Locator, step: int) -> str:
    """The map as it is painted at a step, once nothing moves on it any more."""
    expect(found).to_have_attribute("data-shown", str(step))
    return found.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")


def test_a_map_moves_while_it_learns_and_shows_each_step_as_it_was(visit: Callable):
    tab = visit()
    page = tab.open(f"/embeddings?run={endless()}&map-by=PCA")
    run = tab.run
    found = page.locator(".point-map")
    first = at_rest(found, 0)
    press(page, "Space")
    until(lambda: int(found.get_attribute("data-frames") or 0) > 3, "the map moves while it trains")
    press(page, "Space")
    expect(page.locator(".player-bar .state")).to_contain_text("paused")
    last = run.last
    answer = embeddings.frame(str(run.path), last, "input", method="pca")
    at_rest(found, last)
    expect(found.get_by_text(f"{answer.trustworthiness:.3f}")).to_be_visible()
    expect(page.locator(".look-for-map").first).to_contain_text(f"at step {last}")

    found.get_by_label("Search points").fill("a")
    expect(found.locator(".found")).to_have_text(f"1 of {len(answer.labels)}")
    found.get_by_label("Search points").press("Enter")
    heading = found.locator("h4")
    expect(heading).to_have_text("Nearest to “a” in all 16 dimensions")
    i = answer.labels.index("a")
    names = [answer.labels[j] for j in answer.neighbours[i]]
    expect(found.locator(".entry q")).to_have_text(names)
    distance = float(found.locator(".entry b").first.inner_text())
    assert distance == pytest.approx(answer.distances[i, 0], rel=5e-3)
    found.locator(".entry").first.click()
    expect(heading).to_have_text(f"Nearest to “{names[0]}” in all 16 dimensions")

    now = at_rest(found, last)
    press(page, "Home")
    assert at_rest(found, 0) != now
    press(page, "End")
    assert at_rest(found, last) == now
    found.locator("canvas.over").press("Escape")
    expect(heading).to_have_text("Most new neighbours since step 0")
    press(page, "Home")
    assert at_rest(found, 0) == first, "looking at other steps changes nothing"


@pytest.mark.prove
def test_points_are_drawn_around_turned_followed_and_saved(visit: Callable):
    tab = visit()
    page = tab.open(f"/embeddings?run={endless()}&map-by=PCA")
    run, found = tab.run, page.locator(".point-map")
    at_rest(found, 0)
    over = found.locator("canvas.over")
    box = over.bounding_box()
    corners = [(3, 3), (box["width"] - 3, 3), (box["width"] - 3, box["height"] - 3), (3, box["height"] - 3)]
    page.mouse.move(box["x"] + corners[0][0], box["y"] + corners[0][1])
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.up()
    count = len(embeddings.frame(str(run.path), 0, "input", method="pca").labels)
    expect(found.locator("h4")).to_have_text(f"{count} chosen")
    page.get_by_text("Trails", exact=True).click()
    page.get_by_text("3-D", exact=True).click()
    expect(found.get_by_role("radio", name="turn")).to_be_visible()
    page.wait_for_url(re.compile("map-3d=true"))
    flat = at_rest(found, 0)
    over.press("Shift+ArrowRight")
    assert at_rest(found, 0) != flat
    found.get_by_label("colour").select_option("frequency")
    expect(found.locator(".legend")).to_contain_text("log scale")
    for words, start in (("picture", b"\x89PNG"), ("drawing", b"<svg"), ("numbers", b'"point","label"')):
        found.get_by_role("button", name="Save").click()
        with page.expect_download() as saved:
            found.get_by_role("button", name=words).click()
        assert Path(saved.value.path()).read_bytes().startswith(start)
    page.get_by_role("radio", name="An axis").click()
    expect(page.locator(".look-for-axis").first).to_contain_text("this direction holds")

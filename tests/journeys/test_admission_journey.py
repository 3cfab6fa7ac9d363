"""A page of another site in the same browser: its links ask before they train, and its frames stay empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from explorer.runs import catalogue

pytestmark = pytest.mark.journey
ELSEWHERE = "http://elsewhere.example/"


@pytest.fixture
def elsewhere(browser, dashboard) -> Iterator[Page]:
    """A browser that shows a page of another site, with a link to the dashboard and the dashboard in a frame."""
    address = f"{dashboard.url}/train?preset=reverse&paused=1"
    # noreferrer: a page can hide that a link is its own, but not that it is another's
    body = f'<a href="{address}" rel="noreferrer">Look</a><iframe src="{address}"></iframe>'

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=body)

    context = browser.new_context()
    page = context.new_page()
    page.route(f"{ELSEWHERE}**", answer)
    page.goto(ELSEWHERE)
    yield page
    context.close()


def test_a_link_on_another_site_trains_after_one_press(elsewhere):
    before = set(catalogue.newest())
    elsewhere.get_by_role("link", name="Look").click()
    button = elsewhere.locator(".st-key-linked-train button")
    expect(button).to_be_visible()
    assert set(catalogue.newest()) == before
    button.click()
    elsewhere.wait_for_url("**run=*")
    assert len(set(catalogue.newest()) - before) == 1
    expect(button).to_have_count(0)


def test_another_site_shows_no_dashboard_in_its_frame(elsewhere):
    before = set(catalogue.newest())
    frame = elsewhere.frame_locator("iframe")
    expect(frame.locator("#root")).to_have_count(0)
    assert [frame.url for frame in elsewhere.frames if frame.url.startswith("http")] == [ELSEWHERE]
    assert set(catalogue.newest()) == before

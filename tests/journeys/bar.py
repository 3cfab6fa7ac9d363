"""Runs for journeys, and the player bar with what follows it, as a person reads and uses them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded

from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder

PACE = 25.0  # steps a second: more than any page is drawn, and most of a core is left to pages and browser


def stored(name: str, steps: int = 60) -> str:
    """A finished recording of a tiny run; gives its id."""
    path = catalogue.new_path(name)
    recorded(path, steps, every=5).close()
    return path.stem


def endless() -> str:
    """A tiny run that nobody has started, which trains at a calm pace and does not end by itself."""
    path = catalogue.new_path("endless")
    file.begin(path, TINY)
    with Recorder(path) as recorder:
        recorder.event(0, "speed", {"value": PACE})
    return path.stem


def step(page: Page) -> int:
    return int(page.locator(".where .step").inner_text().replace(",", "").lstrip("≈ "))


def shows(page: Page, number: int) -> None:
    """The bar shows this step, and the pictures are of this step."""
    expect(page.locator(".where .step")).to_have_text(f"{number:,}")
    heads = page.locator(f'[aria-label*=", step {number}."]')
    expect(page.get_by_text(f"· step {number}", exact=False).or_(heads).first).to_be_visible()


def state(page: Page, words: str) -> None:
    expect(page.locator(".player-bar .state")).to_contain_text(words)


def keys(page: Page, *names: str) -> None:
    """Presses keys while nothing has the focus."""
    expect(page.locator(".player-bar .play")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    for name in names:
        page.keyboard.press(name)


def section(page: Page, name: str) -> None:
    """Opens a section of the page, by one press, which is not taken back while the page is drawn."""
    radio = page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True)
    radio.click()
    expect(radio).to_be_checked()
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    expect(radio).to_be_checked()


def unfold(page: Page) -> None:
    """Opens the fold at the end of a section."""
    fold = page.locator("[class*=st-key-details-] details")
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
        expect(fold).to_have_attribute("open", "")


def chart(page: Page, title: str) -> Locator:
    """A chart over steps, once it is painted."""
    found = page.locator(".curves", has_text=title).first
    expect(found).to_have_attribute("data-newest", re.compile(r"\d"))
    return found

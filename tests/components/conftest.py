"""One browser for all tests of components; each module has pages of its own in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import browser as found
import pytest
from playwright.sync_api import Browser, sync_playwright

from components.blank_page import LIGHT, BlankPage


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.find(), args=found.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def blank_page(browser: Browser) -> Iterator[Callable[..., BlankPage]]:
    """Makes blank pages in the light theme, by the kind of their window; no script may fail on one."""
    errors: list[str] = []
    made: list[BlankPage] = []

    def make(width: int, height: int, **kind: Any) -> BlankPage:
        page = browser.new_page(viewport={"width": width, "height": height}, **kind)
        page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
        made.append(BlankPage(page))
        made[-1].start()
        made[-1].theme(LIGHT)
        return made[-1]

    yield make
    for blank in made:
        blank.page.close()
    assert not errors

"""The first lesson from the start page, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from explorer.lessons.reading import lessons

pytestmark = pytest.mark.journey
TABS = 60  # to be pressed at most


def tab_to(page: Page, name: str, role: str) -> None:
    """Presses Tab until this element has the focus."""
    wanted = page.get_by_role(role, name=name)
    expect(wanted).to_be_visible()
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{name} is not reached by the keyboard")


def test_the_first_lesson_by_keyboard(visit: Callable):
    here = visit()
    page = here.open("/")
    lesson = next(iter(lessons().values()))
    words = lesson.words["en"]
    tab_to(page, "Begin the course", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=words.title)).to_be_visible()
    expect(page.get_by_text("See", exact=True)).to_have_count(0)
    tab_to(page, words.choices[0], "radio")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text(f"Yes: {words.choices[lesson.head.answer - 1]}")).to_be_visible()
    expect(page.get_by_role("heading", name="See", exact=True)).to_be_visible()
    tab_to(page, "Train it and open Train", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Train", exact=True, level=1)).to_be_visible()
    assert here.run.config == lesson.head.start.config

"""A lecture, beat by beat: at most two presses for each, and then something to see, or how far it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect
from waiting import until

from journeys.bar import section, stored
from journeys.conftest import Visit

pytestmark = pytest.mark.journey
MOST = 2  # presses of a beat
PROGRESS = ".in-the-making, [data-testid=stSkeleton], [data-testid=stMain] [data-testid=stCaptionContainer]"


class Lecture:
    """A visit whose presses are counted."""

    def __init__(self, visit: Visit, address: str):
        self.visit, self.page, self.presses = visit, visit.open(address), 0

    def press(self, button: Locator, key: str = "") -> None:
        """One click, or one key on what has its place on the page."""
        button.press(key) if key else button.click()
        self.presses += 1

    def page_of(self, title: str) -> None:
        """One click on a page's link."""
        self.press(self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True))

    def section(self, name: str) -> None:
        """One click on a section, once its row is there."""
        self.press(self.page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True))

    @contextmanager
    def beat(self, name: str, shows: str) -> Iterator[None]:
        """What is pressed within it, then what is to be seen: the picture, or in its place how far it is.

        A picture that is on its way is waited for too: a beat ends with it.
        """
        self.presses = 0
        yield
        assert 0 < self.presses <= MOST, f"{name} takes {self.presses} presses"
        picture = self.page.locator(shows)
        expect(picture.or_(self.page.locator(PROGRESS)).first, f"{name}: something to see").to_be_visible()
        expect(picture.first, name).to_be_visible()
        self.visit.sound()


def drawn(page: Page, number: int = 0) -> None:
    """A curve of the page has points."""
    expect(page.locator(".curves").nth(number)).to_have_attribute("data-newest", re.compile(r"[1-9]"))


def test_the_beats_of_a_training_take_at_most_two_presses_each(visit: Callable):
    lecture = Lecture(visit(), "/")
    page, tab = lecture.page, lecture.visit
    with lecture.beat("train", ".curves"):
        lecture.press(page.locator("[class*=st-key-train-reverse] button"))
    drawn(page)
    trunk = tab.run
    with lecture.beat("heads form", ".frame"):
        lecture.page_of("Attention")
    until(lambda: trunk.last > 30, "there is a past")
    with lecture.beat("scrub", ".player-bar .now:has-text('the past')"):
        lecture.press(page.locator(".player-bar .track"))  # in its middle
    at = int(page.locator(".where .step").inner_text().replace(",", "").lstrip("≈ "))
    with lecture.beat("branch with another learning rate", ".player-bar .name:has-text('branch at')"):
        lecture.press(page.locator(".player-bar .branch"))
        lecture.press(page.get_by_role("slider", name="Learning rate"), "ArrowRight")
    branch = tab.run
    rate = trunk.config.optimizer.lr
    until(lambda: branch.last > at + 2, "the branch goes on by itself")
    assert branch.meta("parent") == {"run": trunk.id, "step": at}
    until(
        lambda: branch.config_at(branch.last).optimizer.lr > rate, "the knob that was turned meanwhile is the branch's"
    )
    with lecture.beat("the branch on the loss", ".curves button:has-text('parent')"):
        lecture.page_of("Train")
    with lecture.beat("race of three", ".standings"):
        lecture.page_of("Optimizers")
        lecture.press(page.get_by_role("button", name=re.compile("Race SGD, AdamW and Muon")))
    expect(page.locator(".standings tbody tr")).to_have_count(3)


@pytest.mark.prove
def test_the_beats_that_look_into_a_run_take_at_most_two_presses_each(visit: Callable):
    lecture = Lecture(visit(), f"/train?run={stored('lecture')}")
    page = lecture.page
    drawn(page)
    with lecture.beat("gradient flow", ".microscope"):
        lecture.page_of("Gradients")
    with lecture.beat("backpropagation", ".backward"):
        lecture.section("Backpropagation")
    with lecture.beat("embeddings", ".point-map"):
        lecture.page_of("Embeddings")
    with lecture.beat("bench", "[class*=st-key-bench] button"):
        lecture.page_of("Positions")
        lecture.section("Bench")
    with lecture.beat("next token", ".stages"):
        lecture.page_of("Writing")
    with lecture.beat("break it", "[class*=st-key-train-large-lr]"):
        lecture.page_of("Start")
        lecture.press(page.get_by_text(re.compile(r"^More: .*, and trainings that fail on purpose$")))
    with lecture.beat("it breaks", ".curves"):
        lecture.press(page.locator("[class*=st-key-train-large-lr] button"))
    expect(page.get_by_text("on purpose").first).to_be_visible()


def test_back_and_forward_take_one_press_a_page_and_bring_its_section_back(visit: Callable):
    tab = visit()
    page = tab.open(f"/attention?run={stored('history')}")
    section(page, "What heads do")
    page.wait_for_url("**closer=*")
    section(page, "Two steps")
    page.wait_for_url("**closer=Two*")
    tab.go("Gradients")
    expect(page.locator(".microscope")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Attention", exact=True, level=1)).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("radio", name="Two steps", exact=True)).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("heading", name="Gradients", exact=True, level=1)).to_be_visible()

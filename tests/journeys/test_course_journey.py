"""The first lesson from the start page, by keyboard alone, until it is left; a lesson in Chinese on a small screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from waiting import until

from explorer.lessons.lesson import CHAPTERS, Lesson
from explorer.lessons.reading import lessons

pytestmark = pytest.mark.journey
COMPONENTS = "**/BidiComponent*.js"  # what a browser has to have before it draws any
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
    second = list(lessons().values())[1].words["en"]
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name=second.title)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=words.title)).to_be_visible()
    for _ in range(9):  # faster than pages are drawn
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    expect(page.get_by_role("heading", name=list(lessons().values())[9].words["en"].title)).to_be_visible()
    for _ in range(10):  # one more than there are
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=words.title)).to_be_visible()
    tab_to(page, words.choices[0], "radio")
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft"):  # among the choices, and to no other lesson
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name=words.choices[lesson.head.answer - 1])).to_be_checked()
    expect(page.get_by_role("heading", name=words.title)).to_be_visible()
    expect(page.get_by_role("heading", name="See", exact=True)).to_have_count(0)
    tab_to(page, "That is my guess", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Yes: {words.choices[lesson.head.answer - 1]}")).to_be_visible()
    expect(page.get_by_role("radio", name=words.choices[0])).to_be_disabled()
    expect(page.get_by_role("heading", name="See", exact=True)).to_be_visible()
    tab_to(page, "Train it and open Train", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Train", exact=True, level=1)).to_be_visible()
    assert here.run.config == lesson.head.start.config
    beside = page.locator(".st-key-lesson-beside")
    expect(beside.get_by_text(words.title)).to_be_visible()
    aim, run = lesson.head.aims[0].step, here.run
    until(lambda: run.last >= aim, f"the run takes {aim} steps", seconds=600)  # beside other journeys few a second
    expect(beside.get_by_text("check_circle")).to_be_visible()
    tab_to(page, "Leave", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Watch a Transformer learn.")).to_be_visible()
    expect(beside).to_have_count(0)


def test_a_key_pressed_before_the_page_hears_keys_is_heard_once_it_does(visit: Callable):
    here = visit()
    here.page.route(COMPONENTS, lambda route: None)
    first, second = (lesson.words["en"].title for lesson in list(lessons().values())[:2])
    with here.page.expect_request(COMPONENTS):
        page = here.open(f"/course?lesson={next(iter(lessons()))}")
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.unroute_all()  # what is held goes on
    expect(page.get_by_role("heading", name=second)).to_be_visible()


CUT = """elements => elements.filter((one) => one.scrollWidth > one.clientWidth + 1)
    .filter((one) => one.textContent.trim() && getComputedStyle(one).overflowX !== "visible" && !one.closest(".katex"))
    .map((one) => one.textContent.slice(0, 40))"""  # the texts that do not fit their place


SMALL = {"width": 1024, "height": 768}


def test_a_chinese_lesson_is_whole_on_a_small_screen(visit: Callable):
    page = visit(viewport=SMALL).open("/course?lesson=4.1-surprise&lang=zh")
    words = lessons()["4.1-surprise"].words["zh"]
    expect(page.get_by_role("heading", name=words.title)).to_be_visible()
    page.get_by_text(words.choices[0], exact=True).click()
    page.get_by_role("button", name="就这么猜").click()
    expect(page.get_by_role("heading", name="延伸阅读")).to_be_visible()
    assert page.locator(".st-key-course *").evaluate_all(CUT) == []
    assert page.locator(".st-key-course abbr").count() > 2


def guess(page: Page, lesson: Lesson) -> None:
    """Chooses the right answer, or draws a level curve, and makes it the guess."""
    if lesson.head.draw is not None:
        box = page.locator("[class*=st-key-draw-]").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2, steps=8)
        page.mouse.up()
    elif lesson.head.answer is not None:
        page.get_by_text(lesson.words["zh"].choices[lesson.head.answer - 1], exact=True).click()
    if lesson.head.asks:
        page.get_by_role("button", name="就这么猜").click()
    expect(page.get_by_role("heading", name="延伸阅读")).to_be_visible()


@pytest.mark.prove
def test_every_chinese_lesson_is_whole_on_a_small_screen(visit: Callable):
    here, cut = visit(viewport=SMALL), {}
    page = here.open(f"/course?lesson={next(iter(lessons()))}&lang=zh")
    for name, lesson in lessons().items():
        expect(page.get_by_role("heading", name=lesson.words["zh"].title, exact=True)).to_be_visible()
        guess(page, lesson)
        cut[name] = page.locator(".st-key-course *").evaluate_all(CUT)
        here.sound()
        if page.locator(".st-key-turn-next").count():
            page.locator(".st-key-turn-next button").click()
    assert not {where: texts for where, texts in cut.items() if texts}
    assert len(cut) == len(lessons())


@pytest.mark.prove
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chinese_lesson_is_whole_beside_its_page(visit: Callable, chapter: int):
    here, cut = visit(viewport=SMALL), {}
    for name, lesson in lessons().items():
        if lesson.head.chapter != chapter or lesson.lacks:
            continue
        page = here.open(f"/course?lesson={name}&lang=zh")
        guess(page, lesson)
        page.locator(f"[class*=st-key-start-{name.replace('.', '-')}] button").click()
        beside = page.locator(".st-key-lesson-beside")
        beside.get_by_text("观察", exact=True).click()
        expect(beside.get_by_role("button", name="离开")).to_be_visible()
        cut[name] = beside.locator("*").evaluate_all(CUT)
        here.sound()
        page.get_by_role("button", name="离开").click()
        expect(beside).to_have_count(0)
    assert not {where: texts for where, texts in cut.items() if texts}

"""Translating in a browser: ribbons that tell their numbers, a word that is put, and two steps that are scored."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded

from explorer.runs import catalogue
from journeys.bar import section

pytestmark = pytest.mark.journey


def drawing(page: Page, title: str) -> Locator:
    return page.locator(".ribbons", has_text=title)


def choose(page: Page, label: str, option: str | re.Pattern) -> None:
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option).first.click()


def test_ribbons_a_word_that_is_put_and_two_steps_scored(visit: Callable) -> None:
    path = catalogue.new_path("translating")
    recorded(path, 40, TINY, every=10).close()
    page = visit().open(f"/translate?run={path.stem}")
    ribbons = drawing(page, "· step 40")
    expect(ribbons.locator("path")).not_to_have_count(0)
    foot = ribbons.locator(".foot")
    expect(foot).to_contain_text("A ribbon is as wide as the attention.")
    expect(page.get_by_text("Alignment error rate", exact=True).first).to_be_visible()
    ribbons.locator(".written button").nth(2).hover()
    expect(foot).to_contain_text(re.compile(r"reads “.” [\d.]+\s%"))

    section(page, "What if")
    other = page.locator(".ribbons").nth(1)
    expect(other.locator("b")).to_have_text("Nothing is changed yet")
    page.locator(".ribbons").first.locator(".written button").nth(1).click()
    expect(page.locator(".ribbons .written .chosen").first).to_have_attribute("class", re.compile("chosen"))
    # each place has a list of its own, which comes when the server knows the place; the last one stays a moment
    expect(page.locator("[class*='st-key-answer-put-1']")).to_be_visible()
    expect(page.locator("[class*='st-key-answer-put-']")).to_have_count(1)
    choose(page, "put", re.compile(r"%$"))
    page.get_by_role("textbox", name="Let it begin with").fill("gh")
    page.keyboard.press("Enter")
    expect(other.locator("b")).to_have_text("With the change")
    expect(other.locator(".written .forced").first).to_have_text("g")

    section(page, "Scores")
    table = page.locator("table.scores")
    expect(table).to_contain_text("Perplexity per token")
    choose(page, "Compare with", "another step of this run")
    expect(table).to_contain_text("difference")
    expect(page.get_by_text(re.compile("the same 200 examples"))).to_be_visible()

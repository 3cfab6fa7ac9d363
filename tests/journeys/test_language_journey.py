"""One run in two languages: a switch changes the words and keeps what was chosen; an address brings its language."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from journeys.bar import stored

pytestmark = pytest.mark.journey


def chosen(page: Page, name: str) -> None:
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()


def test_a_switch_of_language_keeps_what_was_chosen(visit: Callable):
    here = visit()
    page = here.open(f"/gradients?run={stored('spoken')}")
    name = here.run.id
    expect(page.locator(".microscope")).to_have_attribute("data-newest", "59")
    page.get_by_role("radio", name="heads", exact=True).click()
    expect(page.locator(".microscope canvas").first).to_have_attribute("aria-label", re.compile("heads: 4 rows"))
    page.get_by_role("radio", name="中文").click()
    expect(page.get_by_role("heading", name="梯度", exact=True, level=1)).to_be_visible()
    chosen(page, "头")
    expect(page.locator(".microscope canvas").first).to_have_attribute("aria-label", re.compile("4 行"))
    expect(page.locator(".player-bar")).to_contain_text("第 60 / 60 步")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.wait_for_url("**lang=zh*")
    page.get_by_role("radio", name="诊断", exact=True).click()
    chosen(page, "诊断")
    page.wait_for_url("**inside=Diagnosis*")  # in English, for whoever follows it
    other = visit().open(page.url.replace(here.dashboard.url, ""))
    expect(other.get_by_role("heading", name="梯度", exact=True, level=1)).to_be_visible()
    chosen(other, "诊断")
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("heading", name="Gradients", exact=True, level=1)).to_be_visible()
    chosen(page, "Diagnosis")
    assert "inside=Diagnosis" in page.url
    assert here.run.id == name
    expect(other.get_by_role("heading", name="梯度", exact=True, level=1)).to_be_visible()


def test_an_address_in_chinese_words_is_understood_in_english_and_becomes_so(visit: Callable):
    page = visit().open(f"/gradients?run={stored('followed')}&inside={quote('诊断')}")
    expect(page.get_by_role("heading", name="Gradients", exact=True, level=1)).to_be_visible()
    chosen(page, "Diagnosis")
    page.wait_for_url("**inside=Diagnosis*")


def test_streamlits_own_words_are_in_the_language_of_the_page(visit: Callable):
    page = visit().open("/?lang=zh")
    expect(page.get_by_role("navigation", name="页面")).to_be_visible()
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("navigation", name="App pages")).to_be_visible()
    page.get_by_role("radio", name="中文").click()
    expect(page.get_by_role("navigation", name="页面")).to_be_visible()


def test_a_browser_that_asks_for_chinese_gets_it(visit: Callable):
    page = visit(locale="zh-CN").open("/")
    expect(page.get_by_role("heading", name="看一个 Transformer 学习。")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    assert "lang=" not in page.url

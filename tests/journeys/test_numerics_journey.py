"""The numbers lab in a real browser: bits are clicked, logits scaled, gradients saved from zero."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded

from explorer.answers import numerics
from explorer.runs import catalogue
from explorer.ui.numerics import scaling
from journeys.bar import unfold

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 1600}  # the whole page: nothing has to be scrolled to


def sentence(page: Page, key: str) -> Locator:
    """What to look for under a picture."""
    return page.locator(f".look-for-{key}").first


def test_a_clicked_bit_is_flipped_and_the_others_follow(visit: Callable):
    page = visit(viewport=TALL).open("/numerics?about=Formats")
    half = page.locator(".bits .format").nth(1)
    bit = half.get_by_role("button").nth(1)
    expect(half.locator(".value")).to_have_text("0.0999755859375")
    bit.hover()
    expect(page.locator(".bits .said")).to_have_text("float16: with this bit flipped, 0.0999755859375 becomes 6,552")
    bit.click()
    expect(page.get_by_label("Number", exact=True).filter(visible=True)).to_have_value("6552.0")
    expect(half.locator(".value")).to_have_text("6,552")
    expect(bit).to_have_attribute("aria-pressed", "true")
    expect(sentence(page, "bits")).to_contain_text("float16 holds it exactly")
    page.locator(".st-key-known").get_by_text("65520", exact=True).click()
    expect(half.locator(".value")).to_have_text("+∞")
    expect(half.locator(".formula")).to_have_text("= exponent all ones: +∞")
    page.get_by_text("Sums", exact=True).click()
    expect(sentence(page, "sums")).to_be_visible()
    page.get_by_text("Formats", exact=True).click()
    expect(page.get_by_label("Number", exact=True).filter(visible=True)).to_have_value("65520")


@pytest.mark.prove
def test_scaled_logits_break_plain_softmax_and_its_nan_is_told_on_hover(visit: Callable):
    page = visit(viewport=TALL).open("/numerics")
    expect(sentence(page, "softmax")).to_contain_text("no number in float16: e^62 is infinite there")
    page.get_by_role("slider").press("End")
    expect(sentence(page, "softmax")).to_contain_text("plain softmax is no number in float32, float16 and")
    picture = page.locator(".st-key-card-softmax-0 svg")
    expect(picture.get_by_text("NaN").first).to_be_visible()
    picture.get_by_text("NaN").first.hover(force=True)
    expect(page.locator("#vg-tooltip-element.visible")).to_contain_text(re.compile(r"float32 · plain.*nan", re.S))
    unfold(page)
    expect(page.locator("table.scores")).to_contain_text("∞")


@pytest.mark.prove
def test_a_loss_scale_saves_what_float16_flushes_to_zero(visit: Callable):
    run = recorded(catalogue.new_path("scaling"), 12, TINY, every=6)
    page = visit(viewport=TALL).open(f"/numerics?run={run.id}&about=Loss+scaling")
    for k in (0, 1):
        whole = numerics.scaling(str(run.path), 12, k).whole
        expect(sentence(page, "scaled")).to_contain_text(scaling.scaled_sentence(k, whole))
        page.get_by_test_id("stMain").get_by_role("slider", name="loss scale").press("ArrowRight")
    expect(sentence(page, "lost")).to_contain_text("no entry is infinite")

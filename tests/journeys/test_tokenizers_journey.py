"""The tokenizers page in a real browser: merges are stepped, played and slid through, a text is cut side by side."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from explorer.answers import tokenizers as views

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 1600}
OWN = "the cat sat on the mat. the hat, the cat and the rat sat on that. " * 20
TEXT = "the hat is a zebra"


def test_a_text_is_learned_from_merge_by_merge_and_cut_side_by_side(visit: Callable):
    one = visit(viewport=TALL)
    page = one.open("/tokenizers")
    page.get_by_text("own text", exact=True).click()
    for label, text in (("Your text", OWN), ("Text to look at", TEXT)):
        box = page.get_by_label(label, exact=True)
        box.fill(text)
        box.press("Control+Enter")
    answer = views.merging("own", 512, TEXT, OWN.strip())
    last = len(answer.merges)
    where, pane = page.locator(".merges .where"), page.locator(".merges .tokens-pane")
    expect(where).to_have_text(f"merge {min(40, last)} of {last}")
    slider = page.get_by_role("slider", name="Merges made")
    slider.press("Home")
    expect(where).to_have_text(f"merge 0 of {last}")
    expect(pane.locator("span")).to_have_count(len(TEXT))
    first, second, made, count = answer.merges[0]
    expect(page.locator(".merges .next")).to_contain_text(f"met {count:,} times")
    expect(page.locator(".merges .pair.wins")).to_contain_text(f"{answer.shown[first]} + {answer.shown[second]}")
    page.get_by_role("button", name="One merge on").click()
    expect(where).to_have_text(f"merge 1 of {last}")
    pane.get_by_text(answer.shown[made], exact=True).first.hover()
    expect(page.locator(".merges .tip")).to_contain_text("made by merge1")
    page.get_by_role("button", name="Play the merges").click()
    expect(where).not_to_have_text(re.compile("merge [012] of"))
    page.get_by_role("button", name=re.compile("Pause|Play the merges")).click()  # a slow machine sees it at its end
    slider.press("End")
    expect(pane.locator("span")).to_have_count(len(TEXT) - int((answer.gone > 0).sum()))
    page.get_by_text("Side by side", exact=True).click()
    words = page.locator(".rows .one", has_text="words")
    expect(words.locator("span.unknown")).to_have_text(["␣is", "␣a", "␣zebra"])
    words.get_by_text("␣zebra", exact=True).last.hover()
    expect(page.locator(".rows .tip")).to_contain_text("unknown")
    page.reload()  # the address holds what is chosen, and a visitor's own text stays out of it
    expect(page.get_by_text("Paste a text or upload a file to learn from.")).to_be_visible()
    page.get_by_text("Shakespeare", exact=True).click()
    expect(page.locator(".rows .one")).to_have_count(3)

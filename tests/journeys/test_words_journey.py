"""Word vectors in a real browser: trained on a text of one's own, neighbours then and now, one pair, back in time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from waiting import until

from journeys.bar import section

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 1700}
OWN = " ".join(
    ["the king loves the queen and the queen loves the king", "a man sees a woman and the woman sees the man"] * 150
)


def test_words_of_ones_own_text_find_their_kin(visit: Callable):
    one = visit(viewport=TALL)
    page = one.open("/words?map-by=PCA")
    page.get_by_text("Your own text", exact=True).last.click()
    page.get_by_label("Text", exact=True).fill(OWN)
    page.get_by_label("Text", exact=True).press("Control+Enter")
    page.get_by_role("button", name="Train on it").last.click()
    run = one.run
    until(lambda: run.last > 60, "it learns")
    section(page, "Neighbours")
    expect(page.locator(".look-for-nearest").first).to_contain_text("is nearest (cosine")
    page.get_by_role("button", name="Pause").first.click()
    until(lambda: run.status.state == "paused", "it is paused")
    word = page.get_by_label("Word", exact=True)
    word.fill("quene")
    word.press("Enter")
    expect(page.get_by_text("it knows queen")).to_be_visible()
    word.fill("queen")
    word.press("Enter")
    expect(page.get_by_text("Nearest to “queen”")).to_be_visible()
    expect(page.locator(".look-for-nearest").first).to_contain_text(f"occurs {OWN.split().count('queen')} times")
    section(page, "Co-occurrence")
    expect(page.locator(".look-for-beside").first).to_contain_text("with a correlation of")
    section(page, "Analogies")
    expect(page.locator(".look-for-questions").first).to_contain_text("only 1 of 30 built-in questions")
    section(page, "One pair")
    expect(page.locator(".pair th .true")).to_have_count(1)
    expect(page.locator(".pair tr")).to_have_count(7)  # a head, the true word, five of noise
    page.get_by_role("button", name="Increment").filter(visible=True).click()
    expect(page.get_by_text("Example 1 of step")).to_be_visible()
    page.get_by_role("slider", name="Step").first.press("Home")
    expect(page.get_by_text("Example 1 of step 0")).to_be_visible()
    expect(page.locator(".pair tr").nth(1).locator("td").first).to_have_text("0")  # context vectors begin at zero
    one.go("Attention")
    expect(page.get_by_text("it has no attention to look into")).to_be_visible()
    page.get_by_role("link", name="Open it on Words").click()
    expect(page.get_by_role("heading", name="Words", exact=True, level=1)).to_be_visible()


@pytest.mark.prove
def test_word_vectors_are_begun_from_the_page_of_a_transformer(visit: Callable):
    one = visit(viewport=TALL)
    page = one.open("/words?preset=reverse&paused=1")
    transformer = one.run
    expect(page.get_by_text("This run is a Transformer")).to_be_visible()
    page.locator(".st-key-train-words-glove button").click()
    expect(page.locator(".st-key-board-words")).to_be_visible()
    until(lambda: one.run.id != transformer.id, "the address names the new run")
    assert one.run.config.model.kind == "glove"
    assert transformer.last == 0

"""Reading in a real browser: a token is hidden by a click, and both readers say what stands there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded

from explorer import RunConfig
from explorer.answers.reading import digits, gaps
from explorer.measure.names import percent
from explorer.runs import catalogue

pytestmark = pytest.mark.journey
STEPS = 6
SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 4, "model.context": 24}


def test_a_click_hides_a_token_and_both_readers_answer(visit: Callable):
    runs = [
        recorded(catalogue.new_path(name), STEPS, RunConfig.preset(name).replace(SMALL), every=3)
        for name in ("fill-shakespeare", "shakespeare")
    ]
    page = visit().open(f"/reading?run={runs[0].id}")
    rows = page.locator(".strips .text")
    expect(rows).to_have_count(2)
    tokens = rows.first.locator("span")
    expect(tokens).to_have_count(24)
    expect(page.locator(".strips .masked")).to_have_count(2)  # one gap at first, in both rows

    tokens.nth(5).click()
    expect(tokens.nth(5)).to_have_text("▢")
    expect(tokens.nth(5)).to_have_class(re.compile(r"\bon\b"))
    masked = tuple(int(span.get_attribute("data-place")) for span in rows.first.locator(".masked").all())
    assert len(masked) == 2
    said = page.locator(".look-for-gaps")
    for run in runs:
        answer = gaps.gap(str(run.path), STEPS, masked=masked, at=5)
        chance = percent(float(answer.p[answer.symbols.index(answer.hidden)]))
        expect(said).to_contain_text(f"it is given {chance}")
    expect(said).to_contain_text("At 256 held-out gaps")

    tokens.nth(5).press("Enter")  # the one that is looked at is shown again
    expect(tokens.nth(5)).not_to_have_text("▢")
    page.get_by_role("button", name="Hide all").click()
    expect(page.locator(".strips .masked")).to_have_count(48)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".strips .masked")).to_have_count(0)
    expect(page.get_by_text("No token is hidden.")).to_be_visible()


@pytest.mark.prove
def test_the_attention_of_each_letter_lies_on_the_picture_of_a_digit(visit: Callable):
    config = RunConfig.preset("digits").replace({"model.width": 16, "model.heads": 2, "train.batch": 8})
    run = recorded(catalogue.new_path("digits"), STEPS, config, every=3)
    page = visit().open(f"/reading?run={run.id}")
    figures, answer = page.locator(".tiles figure"), digits.written(str(run.path), STEPS)
    expect(figures).to_have_count(len(answer.letters))
    expect(figures.first.locator("rect")).to_have_count(64 + 16)
    page.get_by_label("Picture", exact=True).fill("5")
    page.get_by_label("Picture", exact=True).press("Enter")
    expect(page.locator(".tiles .foot")).to_contain_text("Picture 5 of 1,797")
    answer = digits.written(str(run.path), STEPS, 5)
    expect(page.locator(".tiles figcaption b")).to_have_text(answer.letters)
    most = int(answer.attention.mean(0)[0].argmax())
    words = figures.first.locator("rect").nth(64 + most).locator("title").text_content()
    share = float(answer.attention.mean(0)[0, most])
    assert words is not None
    assert float(words.rpartition(": ")[2]) == pytest.approx(share, rel=0.01)

"""A visitor's words in a real browser: nothing in them becomes a link, a picture, a formula or a colour, anywhere.

And nothing of what they are makes a page wider than its window.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tiny_runs import TINY, recorded

from explorer import RunConfig
from explorer.runs import catalogue

pytestmark = pytest.mark.journey
PICTURE = "![x](https://example.com/x.png)"
HOSTILE = f"{PICTURE} $5 and $x^2$ **b** <b> :red[x] :smile: :material/home: www.example.com me@example.com -> "
MADE = "a[href*=example], img[src*=example], strong:text-is('b'), .katex:has-text('and')"
MADE += ", .stMarkdownColoredText:text-is('x')"


def drawn(visit) -> None:
    """The page is drawn, and harmless."""
    expect(visit.page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(visit.page.locator("[data-stale=true]")).to_have_count(0)
    harmless(visit)


def harmless(visit) -> None:
    """No words of a visitor's were read as Markdown, and none asked another machine (`sound` says so)."""
    assert visit.page.locator(MADE).count() == 0, visit.page.locator(MADE).first.evaluate("e => e.outerHTML")
    visit.sound()


def test_an_address_that_names_no_run_is_said_as_it_is(visit):
    here = visit()
    here.open(f"/train?run={PICTURE}&step=3")
    expect(here.page.get_by_test_id("stAlert")).to_contain_text("![x](https")
    harmless(here)
    here.open("/train?preset=" + "w" * 900)
    harmless(here)


def test_a_text_of_any_words_stays_text_on_every_page(visit, dashboard):
    words = HOSTILE + "w" * 400 + " "
    config = RunConfig.preset("words-glove").replace({"task.text": words * 9, "train.steps": 20, "task.vocabulary": 12})
    vectors = recorded(catalogue.new_path("vectors"), 6, config)
    text = {
        "task.name": "text",
        "task.text": words * 9,
        "task.tokenizer": "bpe",
        "model.width": 16,
        "model.context": 16,
    }
    config = RunConfig.preset("shakespeare").replace(text | {"train.batch": 4, "train.steps": 20})
    letters = recorded(catalogue.new_path("letters"), 6, config)
    here = visit()
    pages = {letters: ("Embeddings", "Tokenizers", "Attention", "Gradients", "Runs"), vectors: ("Words", "Embeddings")}
    for run, titles in pages.items():
        here.open(f"/train?run={run.id}")
        drawn(here)
        for title in titles:
            here.go(title)
            drawn(here)


@pytest.mark.prove
def test_a_refusal_is_there_to_be_read_until_something_else_is_done(visit):
    run = recorded(catalogue.new_path("short"), 6, TINY)
    here = visit()
    here.open(f"/words?run={run.id}")
    here.page.get_by_text("Your own text").click()
    here.page.get_by_label("Text", exact=True).fill("one two")
    here.page.get_by_label("Text", exact=True).press("Control+Enter")  # taken over before the press
    expect(here.page.locator("[data-stale=true]")).to_have_count(0)
    here.page.get_by_role("button", name="Train on it").click()
    refused = here.page.get_by_test_id("stAlert").filter(has_text="different words only")
    expect(refused).to_be_visible()
    drawn = here.page.evaluate("performance.now()")
    here.page.wait_for_function("since => performance.now() - since > 3000", arg=drawn)  # several ticks of the page
    expect(refused).to_be_visible()


def test_a_press_while_a_refusal_stands_on_top_is_answered_and_what_is_typed_stays(visit):
    """The refusal goes with the press, and the page moves up: nothing on it may be built anew for that."""
    run = recorded(catalogue.new_path("short"), 6, TINY)
    here = visit()
    here.open(f"/words?run={run.id}&step=999")
    above = here.page.get_by_test_id("stAlert").filter(has_text="and not 999")
    expect(above).to_be_visible()
    here.page.get_by_text("Your own text").click()
    here.page.get_by_label("Text", exact=True).fill("one two")
    here.page.evaluate("window.before = document.querySelector('.st-key-page')")
    # by its key: what was typed is taken in as the field is left, the refusal goes and the page moves up, and a pointer
    # that is released only then is over something else
    here.page.get_by_role("button", name="Train on it").press("Enter")
    expect(here.page.get_by_test_id("stAlert").filter(has_text="different words only")).to_be_visible()
    expect(above).to_have_count(0)
    assert here.page.evaluate("window.before.isConnected")
    expect(here.page.get_by_label("Text", exact=True)).to_have_value("one two")

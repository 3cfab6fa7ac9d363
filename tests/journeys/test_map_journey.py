"""The attention map in a real browser, on a page of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from journeys.apart import noted, said, served

pytestmark = pytest.mark.journey
MAP = """
import numpy as np, streamlit as st
from explorer.ui.components.matrix_grid import Head, Mode, Row, attention_map
st.set_page_config(layout="wide")
state = st.session_state
state.run = state.get("run", 0) + 1
step = st.number_input("step", value=310)
modes = [Mode("pattern", "probability", "probability"), Mode("scores", "scores", "signed", masked=True),
    Mode("gradient", "gradient", "signed"), Mode("product", "product", "signed", product=(0, 2)),
    Mode("size", "size", "magnitude")]
tokens = list("attention grid.!")
rng, rows = np.random.default_rng(step), []
for r in range(2):
    scores = np.where(np.tri(16), rng.normal(size=(4, 16, 16)) * 3, -np.inf)
    pattern = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    gradient = pattern * rng.normal(size=(4, 16, 16)) * 10.0 ** -np.arange(4)[:, None, None]
    heads = [Head(f"blocks.{r}.attention.{h}", f"head {r + 1}.{h + 1}") for h in range(4)]
    rows.append(Row(f"layer {r + 1}", [pattern, scores, gradient, pattern], heads, tokens, tokens, True,
        {"sharpness": [0.25, 0.75, 0.5, 0.0]}, [(3, 1), (9, 4)], {"rollout": pattern.mean(0)}))
chosen = attention_map(rows, modes, key="map", selected=state.get("chosen"), query=state.get("query"), step=step,
    on_head=lambda: state.update(chosen=state.map.selected), on_query=lambda: state.update(query=state.map.query))
st.write(f"run {state.run}, chosen {chosen[0]}, query {chosen[1]}.")
"""


@pytest.fixture(scope="module")
def map_address(tmp_path_factory) -> Iterator[str]:
    yield from served(tmp_path_factory.mktemp("map"), MAP)


@dataclass
class Map:
    """A page with an attention map; `sent` is what the browser sent to the server."""

    page: Page
    sent: list[str | bytes]

    def tokens(self, position: int, side: str = "query") -> tuple[float, float]:
        """Where a token of the head view is, in pixels of the page."""
        box = self.page.locator("canvas.edges").bounding_box()
        x = box["x"] + (50 if side == "query" else box["width"] - 50)
        return x, box["y"] + 22 + (position + 0.5) * (box["height"] - 26) / 16

    def picture(self, number: int) -> str:
        return self.page.locator(".frame canvas").nth(number).evaluate("canvas => canvas.toDataURL()")

    def edges(self) -> str:
        return self.page.locator("canvas.edges").evaluate("canvas => canvas.toDataURL()")

    def heading(self, words: str) -> None:
        expect(self.page.locator(".view .heading")).to_have_text(words)


@pytest.fixture
def attention(map_address, browser) -> Iterator[Map]:
    with browser.new_page(viewport={"width": 1440, "height": 900}) as page:
        errors, sent = noted(page), []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
        page.goto(map_address)
        expect(page.locator(".frame")).to_have_count(8)
        said(page, r"run 1, chosen None, query None")
        sent.clear()
        yield Map(page, sent)
        assert not errors


@pytest.mark.prove
def test_mode_scope_order_and_gold_change_in_the_browser_alone(attention):
    page = attention.page
    pattern = attention.picture(3)
    page.get_by_role("radio", name="scores").click()
    expect(page.get_by_text("−∞, masked")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="gradient")).to_have_attribute("aria-checked", "true")
    one_scale = attention.picture(3)
    page.get_by_label("scale of").select_option("this head")
    assert len({pattern, one_scale, attention.picture(3)}) == 3
    page.get_by_role("radio", name="product").click()
    page.locator(".frame").nth(0).hover()
    expect(page.locator(".matrix-grid .tip strong")).to_have_text(re.compile(r"\d|0"))
    page.get_by_label("order").select_option("by sharpness")
    assert page.locator(".row").first.locator(".caption span").all_inner_texts() == [
        "head 1.2",
        "head 1.3",
        "head 1.1",
        "head 1.4",
    ]
    assert page.locator(".row").first.locator(".score").all_inner_texts() == ["0.75", "0.50", "0.25", "0.00"]
    outlined = page.locator("svg.gold .core").first
    expect(outlined).to_have_attribute("d", "M1 3h1v1h-1zM4 9h1v1h-1z")
    page.get_by_label("gold alignment").uncheck()
    expect(outlined).to_have_attribute("d", "")
    assert not attention.sent


@pytest.mark.prove
def test_heads_are_toggled_isolated_and_taken_together_in_the_browser(attention):
    page, chip = attention.page, attention.page.locator(".chip")
    attention.heading("4 heads · layer 1")
    chip.nth(2).click()
    attention.heading("3 heads · layer 1")
    page.get_by_label("Heads taken together").select_option("mean of heads on")
    attention.heading("Mean of 3 heads · layer 1")
    page.get_by_label("Heads taken together").select_option("rollout")
    attention.heading("Rollout · layer 1")
    page.get_by_label("Heads taken together").select_option("heads on, each")
    assert not attention.sent
    chip.nth(1).dblclick()
    attention.heading("Head 1.2 · layer 1")
    said(page, r"chosen blocks\.0\.attention\.1")
    chip.nth(1).dblclick()
    attention.heading("4 heads · layer 1")


@pytest.mark.prove
def test_a_token_pointed_at_lights_its_place_in_the_grid_and_a_place_in_the_grid_its_edges(attention):
    page = attention.page
    page.mouse.move(*attention.tokens(9))
    attention.heading("4 heads · query 9 “␣”")
    query_edges = attention.edges()
    expect(page.locator(".row.at-q")).to_have_count(2)
    expect(page.locator(".row.at-k")).to_have_count(0)
    page.mouse.move(*attention.tokens(4, "key"))
    attention.heading("4 heads · key 4 “n”")
    expect(page.locator(".row.at-k")).to_have_count(2)
    box = page.locator(".frame").nth(5).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 32, box["y"] + box["height"] * 31 / 32)
    attention.heading("4 heads · query 15 “!”")
    page.mouse.move(5, 5)
    attention.heading("4 heads · layer 1")
    assert attention.edges() != query_edges
    page.mouse.move(*attention.tokens(9))
    attention.heading("4 heads · query 9 “␣”")
    assert attention.edges() == query_edges
    assert not attention.sent


@pytest.mark.prove
def test_what_is_chosen_in_the_map_goes_to_python_and_stays_through_a_repaint(attention):
    page = attention.page
    page.locator(".frame").nth(6).click()
    said(page, r"chosen blocks\.1\.attention\.2, query None")
    page.mouse.click(*attention.tokens(11))
    said(page, r"chosen blocks\.1\.attention\.2, query 11")
    page.mouse.move(5, 5)
    attention.heading("Head 2.3 · query 11 “r”")
    page.get_by_role("radio", name="gradient").click()
    held = attention.edges()
    page.get_by_role("spinbutton").fill("311")
    page.get_by_role("spinbutton").press("Enter")
    expect(page.get_by_label(re.compile("step 311"))).to_be_visible()
    attention.heading("Head 2.3 · query 11 “r”")
    expect(page.get_by_role("radio", name="gradient")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_text(["3"])
    assert attention.edges() != held
    page.locator("canvas.edges").press("Escape")
    said(page, r"chosen blocks\.1\.attention\.2, query None")
    attention.heading("Head 2.3 · layer 2")


@pytest.mark.prove
def test_keys_walk_through_the_tokens_and_hold_one(attention):
    edges = attention.page.locator("canvas.edges")
    edges.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        edges.press(key)
    attention.heading("4 heads · key 1 “t”")
    edges.press("ArrowLeft")
    edges.press("Enter")
    said(attention.page, r"query 1\.")


@pytest.mark.prove
def test_a_double_click_enlarges_a_head_and_the_head_view_can_be_saved(attention):
    page = attention.page
    page.locator(".frame").nth(2).dblclick()
    expect(page.locator(".loupe canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".loupe canvas")).to_be_hidden()
    page.get_by_label("Save").click()
    with page.expect_download() as download:
        page.get_by_text("Save head view (SVG)").click()
    assert download.value.suggested_filename == "head-view-step-310.svg"
    words = [element.text for element in ElementTree.parse(download.value.path()).iter() if element.text]
    assert words.count("query") == 1
    assert words.count("g") == 2

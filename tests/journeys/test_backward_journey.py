"""The walk through the model in a real browser: forwards in values, back in gradients, an operation opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import TINY, recorded

from explorer.answers.backward import walk
from explorer.answers.records.backward import Backpropagation
from explorer.answers.records.record import pack
from journeys.apart import served

pytestmark = pytest.mark.journey
APP = """
from pathlib import Path
import streamlit as st
from explorer.answers.records.backward import Backpropagation
from explorer.answers.records.record import unpack
from explorer.ui.components.backward import backward
answer = unpack((Path(__file__).parent / st.query_params["which"]).read_bytes(), Backpropagation)
tokens = {"tokens": answer.tokens, "targets": answer.targets, "source": answer.source or []}
backward(answer, key="walk", tokens=tokens, height=760)
"""
RUNS = {
    "decoder": TINY,
    "post": TINY.replace({"model.norm": "post", "model.positions": "none", "model.layers": 1}),
    "no skip": TINY.replace({"model.norm": "none", "model.residual": "none", "model.scale": "none", "model.layers": 1}),
    "translator": TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1}),
}
LAST = {"decoder": 11, "post": 11, "no skip": 11, "translator": 5}  # position
OVERLAPS = """sheet => {
  const boxes = [...sheet.querySelectorAll(".box")].map((box) => [box.dataset.box, box.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom)
    .map(([b]) => [a, b]));
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def answers(folder) -> Callable[[str], Backpropagation]:
    """The walk through a run, which the app can read from then on; each is made when it is first needed."""

    @cache
    def of(name: str) -> Backpropagation:
        run = recorded(folder / f"{name}.run", 3, RUNS[name])
        answer = walk(str(run.path), 3, target=LAST[name])
        (folder / name).write_bytes(pack(answer))
        return answer

    return of


@pytest.fixture(scope="module")
def address(folder) -> Iterator[str]:
    yield from served(folder, APP)


@pytest.fixture
def page(browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def opened(page: Page, address: str, which: str) -> None:
    page.goto(f"{address}/?which={which}")
    expect(page.locator(".backward .words")).to_contain_text("Forward")


def words(page: Page):
    return page.locator(".backward .words")


@pytest.mark.prove
@pytest.mark.parametrize("which", RUNS)
def test_the_walk_lights_every_operation_forwards_and_back_and_opens_it(page, address, answers, which):
    boxes = answers(which).boxes
    opened(page, address, which)
    expect(page.locator(".backward .box")).to_have_count(len(boxes))
    assert page.locator(".backward .sheet").evaluate(OVERLAPS) == []
    back = [box for box in boxes if box.kind != "tokens"]
    expect(words(page)).to_contain_text(f"Forward, {len(boxes)} of {len(boxes)}: cross-entropy")
    panel = page.locator(".backward .panel")
    page.locator(".backward").focus()
    for number, box in enumerate(reversed(back), 1):
        page.keyboard.press("ArrowRight")
        expect(words(page)).to_contain_text(f"Back, {number} of {len(back)}: ")
        expect(page.locator(".backward .box.lit")).to_have_attribute("data-box", box.id)
        expect(page.locator(".backward .box.lit span")).to_contain_text("‖∂‖ ")
        expect(panel).to_contain_text("✓")
    page.keyboard.press("ArrowRight")  # the end: nothing more
    expect(words(page)).to_contain_text(f"Back, {len(back)} of {len(back)}: ")
    expect(panel).not_to_contain_text("✗")
    page.keyboard.press("Home")
    expect(words(page)).to_contain_text(f"Forward, 1 of {len(boxes)}: tokens")
    expect(page.locator(".backward .box.ahead")).to_have_count(len(boxes) - 1)


@pytest.mark.prove
def test_an_opened_operation_tells_its_rule_its_numbers_and_the_maps_of_its_heads(page, address, answers):
    panel, answer = page.locator(".backward .panel"), answers("decoder")
    opened(page, address, "decoder")
    expect(panel).to_contain_text(re.compile("p − onehot.*at position 11"))
    right = answer.tail.rows[0]
    row = panel.locator("tr.right td")
    assert float(row.nth(2).inner_text().replace("−", "-")) == pytest.approx(right.p, rel=0.01)
    assert float(row.nth(5).inner_text().replace("−", "-")) == pytest.approx(right.p - 1, rel=0.01)
    page.locator('.box[data-box="blocks.1.attention.pattern"]').click()
    expect(words(page)).to_contain_text("pattern A of layer 2 attention")
    expect(panel).to_contain_text("∂L/∂A of each head")
    expect(panel.locator("figure")).to_have_count(2)
    expect(panel).to_contain_text("verified: the rule, recomputed in float64 for every entry")
    page.keyboard.press("End")
    page.locator('.box[data-box="blocks.1.residual_mid"]').click()
    expect(words(page)).to_contain_text("Back")
    expect(panel).to_contain_text("It is read 2 times, and gradients add up: ")
    expect(panel).to_contain_text("the skip path")


@pytest.mark.prove
def test_playing_walks_by_itself_and_rests_when_asked(page, address, answers):
    answers("post")
    opened(page, address, "post")
    play = page.locator(".backward .play")
    play.click()
    expect(words(page)).to_contain_text("Back, 2 of")
    play.click()
    expect(play).to_contain_text("play")
    page.get_by_role("button", name="To the tokens").click()
    expect(words(page)).to_contain_text("Forward, 1 of")

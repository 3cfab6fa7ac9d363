"""The arithmetic of a head in a real browser: every number is what its formula says, and its sources are lit."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from explorer import RunConfig
from explorer.analysis.arithmetic import head_arithmetic
from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.record import pack
from explorer.training.loop import Training
from journeys.apart import served

pytestmark = pytest.mark.journey
APP = """
from pathlib import Path
import streamlit as st
from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.record import unpack
from explorer.ui.components.arithmetic import arithmetic
answer = unpack((Path(__file__).parent / st.query_params["which"]).read_bytes(), HeadArithmetic)
tokens = list("abcdefghijklmnop")
held = arithmetic(answer, key="sums", queries=tokens, keys=tokens[:len(answer.keys)], height=1100)
st.write(f"held {held}.")
"""
SMALL = {"model.width": 16, "model.heads": 2, "model.context": 12, "task.length": 4}
ANSWERS = {  # config, attention
    "rotary": (RunConfig.preset("reverse").replace(SMALL | {"model.positions": "rotary"}), "blocks.1.attention"),
    "alibi": (
        RunConfig.preset("reverse").replace(SMALL | {"model.positions": "alibi", "model.norm": "post"}),
        "blocks.0.attention",
    ),
    "cross": (
        RunConfig.preset("reverse").replace(SMALL | {"model.kind": "encoder-decoder"}),
        "decoder.blocks.0.cross",
    ),
}
# points at the whole sheet, in the browser; gives what it read and where it met each name first
SWEEP = """reading => {
  const root = reading.getRootNode(), lights = root.querySelector(".lights"), box = lights.getBoundingClientRect();
  const read = {};
  for (let y = 2; y < box.height; y += 6)
    for (let x = 2; x < box.width; x += 11) {
      lights.dispatchEvent(new PointerEvent("pointermove", { clientX: box.x + x, clientY: box.y + y, bubbles: true }));
      const name = reading.querySelector(".line span")?.textContent;
      if (name && !(name in read)) read[name] = { text: reading.innerText, x: box.x + x, y: box.y + y };
    }
  return read;
}"""
LIT = """reading => {
  const lights = reading.getRootNode().querySelector(".lights");
  const { data } = lights.getContext("2d").getImageData(0, 0, lights.width, lights.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("app")
    for name, (config, path) in ANSWERS.items():
        training = Training(config)
        for _ in range(3):
            next(training)
        plain, arrays = head_arithmetic(training.model, training.task.probe(), path, 1, 3)
        (folder / name).write_bytes(pack(HeadArithmetic(step=3, **plain, **arrays)))
    yield from served(folder, APP)


@pytest.fixture
def page(address, browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 1280, "height": 1250}) as page:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        yield page
        assert not errors


def opened(page: Page, address: str, which: str):
    page.goto(f"{address}/?which={which}")
    reading = page.locator(".arithmetic .reading")
    expect(reading).to_contain_text("Point at a number")
    return reading


def held(page: Page, words: str) -> None:
    expect(page.get_by_text(re.compile(rf"^held {words}\.$"))).to_be_visible()


STAGES = ["x[", "W_Q[", "bq[", "q[", "key of", "q·k", "mask[", "score[", "largest score", "exp[", "sum of exp", "A["]
STAGES += ["value of", "A₀ · v₀", "head output[", "W_O[", "the head’s part"]


@pytest.mark.prove
@pytest.mark.parametrize("which", ANSWERS)
def test_every_number_of_every_stage_is_what_its_operands_make(page, address, which):
    reading = opened(page, address, which)
    read = reading.evaluate(SWEEP)
    for stage in [*STAGES, *(["normed"] if which != "alibi" else [])]:
        assert any(name.startswith(stage) for name in read), stage
    assert any("before it is turned" in name for name in read) == (which == "rotary")
    for kind, weight in (("key of", "W_K["), ("value of", "W_V[")):
        place = next(place for name, place in read.items() if name.startswith(kind))
        page.mouse.click(place["x"], place["y"])
        expect(reading).to_contain_text("held · Esc lets go")
        expect(reading).to_contain_text(kind)
        weights = next(place for name, place in read.items() if name.startswith("W_Q["))
        page.mouse.click(weights["x"], weights["y"])
        expect(reading).to_contain_text(weight)
        page.keyboard.press("Escape")
        read |= reading.evaluate(SWEEP)
    differing = [place["text"] for place in read.values() if "float64" in place["text"]]
    assert not differing  # it says so where the operands give another number than the run's


@pytest.mark.prove
def test_a_score_tells_its_operands_and_lights_them_and_is_held_until_escape(page, address):
    reading = opened(page, address, "cross")
    place = next(place for name, place in reading.evaluate(SWEEP).items() if name.startswith("score[2]"))
    assert reading.evaluate(LIT) == 0
    page.mouse.move(place["x"], place["y"])
    expect(reading).to_contain_text(re.compile(r"q·k₂ / √8 \+ mask.*… 5 more\) / 2\.83 \+ 0 = ", re.S))
    assert reading.evaluate(LIT) > 0
    page.mouse.click(place["x"], place["y"])
    held(page, r"\{'stage': 'scores', 'row': 2, 'column': 0\}")
    page.mouse.move(5, 5)
    expect(reading).to_contain_text("score[2]")
    page.keyboard.press("ArrowRight")
    expect(reading).to_contain_text("exp[2]")
    held(page, r"\{'stage': 'exponentials', 'row': 2, 'column': 0\}")
    page.keyboard.press("Escape")
    held(page, "None")
    expect(reading).to_contain_text("Point at a number")
    page.keyboard.press("ArrowDown")  # begins where the head looks most
    expect(reading).to_contain_text("A[")

"""Through the layers, and two steps compared, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from playwright.sync_api import Error, Locator, Page, expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run
from explorer.answers import attention
from explorer.answers import lens as layers
from explorer.measure.names import percent, signed
from explorer.runs import catalogue
from journeys.bar import unfold

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 2200}  # the whole page: nothing has to be scrolled to


def stored(name: str, **changes: object) -> Run:
    """A recording of a tiny run."""
    config = TINY.replace({path.replace("_", "."): value for path, value in changes.items()})
    return recorded(catalogue.new_path(name), 40, config, every=5)


def sentence(page: Page, key: str) -> Locator:
    """What to look for under a picture."""
    return page.locator(f".look-for-{key}").first


def exactly(text: str) -> re.Pattern:
    return re.compile(f"^{re.escape(text)}$")


def painted(page: Page) -> list[str]:
    """The pictures of the difference."""
    found = page.locator(".st-key-patterns-difference .frame canvas")
    return found.evaluate_all("all => all.map((canvas) => canvas.toDataURL())")


@pytest.mark.prove
def test_a_cell_of_the_lens_tells_the_models_own_numbers(visit: Callable):
    run = stored("lens")
    page = visit(viewport=TALL).open(f"/attention?run={run.id}&closer=Through+the+layers")
    answer = layers.lens(str(run.path), 40)
    right = (answer.rank == 1).sum(axis=1)
    targets = sum(map(bool, answer.targets))
    expect(sentence(page, "lens")).to_contain_text(
        f"after MLP 2, the last sublayer, the right token is first at {right[-1]} of {targets} positions"
    )
    cell = page.locator(".st-key-card-lens-0 svg .mark-rect path").nth(targets * len(answer.junctions) - 1)
    tip = page.locator("#vg-tooltip-element.visible")

    def tell() -> dict[str, str]:
        with suppress(Error):  # the chart is being drawn anew
            cell.hover(force=True)  # again where what lies above has grown meanwhile
        return dict(zip(*(tip.locator(f"td.{column}").all_inner_texts() for column in ("key", "value")), strict=False))

    until(lambda: "position" in tell(), "the cell tells its numbers")
    tooltip = tell()
    t = int(tooltip["position"].split(":")[0])
    assert tooltip["after"] == "MLP 2"
    assert tooltip["its rank"] == str(answer.rank[-1, t])
    assert float(tooltip["its probability"]) == pytest.approx(answer.p[-1, t], rel=1e-3, abs=1e-4)


@pytest.mark.prove
def test_components_sum_to_the_difference_that_is_chosen(visit: Callable):
    run = stored("who")
    page = visit(viewport=TALL).open(f"/attention?run={run.id}&closer=Through+the+layers")
    unfold(page)
    said = sentence(page, "attribution")
    last = run.config.model.context - 1
    answer = layers.attribution(str(run.path), 40, last)
    expect(said).to_contain_text(
        f"for “{answer.a}” over “{answer.b}” at position {last} components sum to "
        f"{signed(answer.parts.sum())}, the model’s own difference is {signed(answer.difference)}"
    )
    shown = page.locator(".st-key-card-stream-0 svg text")
    expect(shown.filter(has_text=exactly(signed(answer.parts.sum())))).not_to_have_count(0)
    page.locator(".st-key-logit-b input").click()
    page.get_by_role("option", name="mean of all tokens").click()
    page.locator(".st-key-logit-position input").click()
    page.get_by_role("option", name=re.compile("^8: ")).click()
    answer = layers.attribution(str(run.path), 40, 8, b="mean")
    likeliest = ", the likeliest, as nothing is asked there," if answer.guessed else ""
    expect(said).to_contain_text(
        f"for “{answer.a}”{likeliest} over the mean token at position 8 components sum to {signed(answer.parts.sum())}"
    )
    expect(shown.filter(has_text=exactly(signed(answer.parts.sum())))).not_to_have_count(0)
    page.get_by_text("Two steps").click()
    expect(sentence(page, "compare")).to_be_visible()
    page.get_by_text("Through the layers").click()
    unfold(page)
    expect(said).to_contain_text("over the mean token at position 8")  # what was chosen is kept


def moved(run: Run, a: int, b: int) -> str:
    """How much the head that moved most did, by a plain loop."""
    before, after = (attention.patterns(str(run.path), step).attentions for step in (a, b))
    shares = [
        np.mean(
            [sum(abs(float(x) - float(y)) for x, y in zip(*rows, strict=True)) for rows in zip(*heads, strict=True)]
        )
        for name in before
        for heads in zip(before[name].pattern, after[name].pattern, strict=True)
    ]
    return percent(max(shares) / 2)


@pytest.mark.prove
def test_two_steps_of_an_encoder_decoder_are_compared(visit: Callable):
    run = stored("two", model_kind="encoder-decoder", model_layers=1)
    page = visit(viewport=TALL).open(f"/attention?run={run.id}&closer=Two+steps")
    said = sentence(page, "compare")
    expect(said).to_contain_text(f"{moved(run, 0, 40)} of its attention went elsewhere (total variation distance)")
    page.get_by_text("all layers", exact=True).click()
    cells = page.locator(".st-key-patterns-difference .cell")
    expect(cells).to_have_count(6)  # encoder, decoder and cross, two heads each
    cells.nth(1).click()
    expect(page.locator(".st-key-patterns-a .cell.selected")).to_contain_text("head 1.2")
    page.keyboard.press("Escape")
    first = painted(page)
    page.get_by_label("Step a", exact=True).filter(visible=True).fill("30")
    page.keyboard.press("Enter")
    expect(said).to_contain_text(f"{moved(run, 30, 40)} of its attention went elsewhere (total variation distance)")
    until(lambda: painted(page) != first, "the difference is painted anew")
    page.get_by_text("b is the step looked at").click()
    page.locator(".st-key-compare-b input").fill("9999")
    page.keyboard.press("Enter")
    expect(page.get_by_text("step 9,999 is not trained yet: this run has steps 0 to 40")).to_be_visible()
    page.locator(".st-key-compare-b input").fill("30")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("the same step, so nothing differs")

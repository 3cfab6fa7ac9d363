"""The attention page as a lecturer uses it: choose a head, go back in time, read another text, see since when."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import recorded

from explorer import RunConfig
from explorer.answers import attention, heads
from explorer.measure.heads import stands_out
from explorer.measure.names import head_name
from explorer.runs import catalogue
from explorer.ui.attention.naming import claims
from journeys.bar import section

pytestmark = pytest.mark.journey
LAST = 160  # step; from 140 on a head looks up what came next


@pytest.fixture(scope="module")
def induction(dashboard) -> str:
    """A run in which heads come to look up what came next the last time."""
    path = catalogue.new_path("induction")
    recorded(path, LAST, RunConfig.preset("induction"), every=20).close()
    return path.stem


def map_of(page: Page, step: int) -> None:
    expect(page.locator(f'[aria-label*=", step {step}."]')).to_have_count(1)


def test_a_chosen_head_stays_chosen_through_time_and_input(visit: Callable, induction: str):
    tab = visit()
    page = tab.open(f"/attention?run={induction}")
    expect(page.locator(".frame")).to_have_count(8)
    maps = attention.patterns(str(tab.run.path), LAST)
    found = claims(maps)
    best, middle = max(found, key=lambda head: found[head].lead), maps.predicted[len(maps.predicted) // 2]
    opened = page.locator(".view .heading")
    expect(opened).to_contain_text(f"{head_name(best).capitalize()} · query {middle}")  # before anything is chosen
    expect(page.locator(".player-bar .event[aria-label*=head]").first).to_be_visible()  # all of the page is drawn
    page.locator(".cell").nth(5).click()
    expect(page.locator(".view .heading")).to_contain_text("Head 2.2")
    page.get_by_role("radio", name="∂L/∂A", exact=True).click()
    page.locator(".player-bar .track").focus()
    page.keyboard.press("Home")
    map_of(page, 0)
    expect(page.locator(".view .heading")).to_contain_text("Head 2.2")
    expect(page.get_by_role("radio", name="∂L/∂A", exact=True)).to_have_attribute("aria-checked", "true")
    section(page, "Arithmetic")
    expect(page.get_by_text(re.compile(rf"Head 2\.2, seen by position {middle}.*step 0"))).to_be_visible()
    page.get_by_text("own text", exact=True).click()
    text = page.get_by_label("Own text")
    text.fill("abc")
    text.press("Enter")
    expect(page.get_by_text(re.compile(rf"seen by position {middle}.*[abc]"))).to_be_visible()
    text.fill("§")
    text.press("Enter")
    expect(page.get_by_text(re.compile("§")).first).to_be_visible()
    assert tab.run.last == LAST, "looking trains nothing"


@pytest.mark.prove
def test_the_proof_recomputes_the_row_that_is_shown(visit: Callable, induction: str):
    page = visit().open(f"/attention?run={induction}&step=140&closer=Arithmetic")
    page.get_by_role("button", name="Prove it in float64").click()
    verdict = page.get_by_text(re.compile(r"Step 140: float64 gives 0\.\d+ where the model has"))
    expect(verdict).to_be_visible()
    off = re.search(r"difference of the row: [\d.]+(\s×\s10⁻([⁵⁶⁷⁸⁹]|¹\S))?", verdict.inner_text())
    assert off
    assert off[1] or off[0].endswith(": 0"), off  # at most some 10⁻⁵


@pytest.mark.prove
def test_what_a_head_learned_is_marked_and_a_click_goes_there(visit: Callable, induction: str):
    tab = visit()
    page = tab.open(f"/attention?run={induction}&closer=What+heads+do")
    mark = page.locator(".player-bar .event[aria-label*=induction]").first
    expect(mark).to_be_visible()
    found = re.search(r"step (\d+): (head [\d.]+): induction", mark.get_attribute("aria-label"))
    history = heads.history(str(tab.run.path), LAST)
    names = [f"head {int(h.split('.')[1]) + 1}.{int(h[-1]) + 1}" for h in history.heads]
    column = names.index(found[2])
    scores, chance = history.scores["induction"][:, column], history.chance["induction"][-1, column]
    since = history.steps.tolist().index(int(found[1]))
    assert stands_out(scores[since:], chance).all()
    assert not stands_out(scores[since - 1], chance)
    mark.click()
    expect(page.get_by_text(re.compile(rf"Every head · step {found[1]}$"))).to_be_visible()
    expect(page.locator(".scores .good").first).to_be_visible()

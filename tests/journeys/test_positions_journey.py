"""Positions as a lecturer shows them: a pair turned, positions shuffled and put back, five encodings on a bench."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from waiting import until

from explorer import Run
from explorer.answers import reach
from explorer.config.encodings import ENCODINGS
from explorer.measure.names import percent
from explorer.runs import race
from explorer.ui.positions import shuffling
from journeys.bar import section, stored, unfold
from journeys.test_walk_journey import DRAWN, FRAMES, SIZES, TALLEST
from journeys.test_walk_journey import TALL as TALL_PAGE

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 1700}  # the whole page: nothing has to be scrolled to


def sentence(page: Page, key: str) -> Locator:
    """What to look for under a picture."""
    return page.locator(f".look-for-{key}").first


def product(page: Page) -> str:
    return page.locator(".rotation .said div", has_text="of all pairs").locator("b").inner_text()


def test_encodings_are_seen_a_wave_is_chosen_and_a_pair_turned_without_a_run(visit: Callable):
    page = visit(viewport=TALL).open("/positions")
    expect(sentence(page, "encoding")).to_contain_text("neighbours have a cosine of 0.97")
    table = page.locator(".heat-map").first
    table.locator(".over").focus()
    page.keyboard.press("ArrowDown")
    expect(table.locator(".tip")).to_contain_text(re.compile(r"position\s*1\s*channel\s*0\s*value\s*0\.8414"))
    with page.expect_download() as saved:
        table.get_by_role("button", name="Save", exact=True).click()
        table.get_by_role("button", name="Save numbers (CSV)").click()
    assert saved.value.path().read_text().splitlines()[1].endswith('"0","0",0')
    section(page, "Waves")
    page.locator(".st-key-wave-32").get_by_role("slider").press("ArrowRight")
    expect(sentence(page, "wave")).to_contain_text("wave 5 comes round")
    section(page, "Rotation")
    plane = page.locator(".rotation .plane")
    expect(plane).to_have_attribute("aria-label", re.compile("query at 3, key at 1, product −0.4161"))
    before = product(page)
    page.get_by_role("button", name="move both").click()
    expect(plane).to_have_attribute("aria-label", re.compile(r"query at (?!3,)\d+, key at (?!1,)\d+, product −0.4161"))
    page.get_by_role("button", name="pause").click()
    assert product(page) == before, "only the distance counts"
    plane.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".rotation .said")).to_contain_text("distance3")
    assert product(page) != before


def test_every_encoding_fits_the_first_screen_and_one_and_a_half_of_a_small_window(visit: Callable):
    page = visit().open(f"/positions?run={stored('positions')}&encoding-heads=8")
    names = [encoding.title for encoding in ENCODINGS.values()]
    for size, name in itertools.product(SIZES, names):
        page.set_viewport_size(size)
        page.get_by_role("radio", name=name, exact=True).click()
        page.wait_for_function(DRAWN)
        page.evaluate(FRAMES)
        assert page.evaluate(TALL_PAGE) <= TALLEST[size["width"]], (name, size)


@pytest.mark.prove
def test_five_encodings_are_trained_side_by_side_read_further_and_are_shuffled(visit: Callable):
    tab = visit(viewport=TALL)
    page = tab.open("/positions?order=Bench")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("20")
    steps.press("Enter")
    page.get_by_role("button", name="Train the five").click()
    runs = race.members(tab.run)
    assert list(runs) == [encoding.title for encoding in ENCODINGS.values()]
    until(lambda: all(run.status.state == "finished" for run in runs.values()), "all five are trained")
    assert [run.last for run in runs.values()] == [20] * 5
    said = "None, Sinusoidal, Rotary and ALiBi began from the same weights"
    expect(sentence(page, "bench-curves")).to_contain_text(said)
    expect(sentence(page, "reach")).to_contain_text("at step 20 ")
    rows = page.locator(".standings tbody tr")
    expect(rows).to_have_count(6)
    for row, run in zip(rows.all(), runs.values(), strict=False):
        shares = [percent(stretch.right, 1) for stretch in reach.lengths(str(run.path), 20).stretches]
        expect(row.locator("td").nth(3)).to_have_text(shares[2])
        assert row.locator("td").all_inner_texts()[1:] == shares
    unfold(page)
    expect(page.locator(".heat-map canvas").first).to_have_attribute("aria-label", re.compile("None, Learned, Sinus"))
    shuffled_and_put_back(page, runs)


def shuffled_and_put_back(page: Page, runs: dict[str, Run]) -> None:
    """The first of the bench, which gets no positions, and then the learned one."""
    section(page, "Shuffle")
    page.get_by_role("button", name="Shuffle positions").click()
    expect(sentence(page, "shuffle")).to_contain_text("nothing changed, to the last bit")
    page.wait_for_url("**order=Shuffle**")  # also where the run began on this very page
    run = runs["Learned"]
    events = run.events
    page.goto(re.sub(r"run=[^&]*", f"run={run.id}", page.url))
    expect(sentence(page, "shuffle")).to_contain_text("What remains of that")
    page.get_by_role("button", name="Shuffle positions").click()
    expect(sentence(page, "shuffle")).to_contain_text(shuffling.sentence(reach.shuffle(str(run.path), 20, 1.0, 1)))
    unfold(page)
    expect(page.locator("table.samples tr", has_text="counts as")).to_have_count(1)
    page.get_by_role("button", name="Put them back").click()
    expect(page.locator("table.samples tr", has_text="counts as")).to_have_count(0)
    assert Run.open(run.path).events == events, "the run was told nothing"

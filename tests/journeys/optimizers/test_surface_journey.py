"""The loss surface appears and refines, and a click on a toy surface restarts all, in a real browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import recorded
from waiting import until

from explorer.runs import catalogue
from explorer.ui import sitemap
from journeys.bar import section, unfold

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif("optimizers" not in sitemap.TITLES, reason="the page of optimizers is not there yet"),
]
WHOLE = 41 * 41
WATCH = """() => {
    window.known = [];
    setInterval(() => {
        for (const host of document.querySelectorAll('*')) {
            const count = Number(host.shadowRoot?.querySelector('.landscape')?.dataset.known ?? NaN);
            if (!Number.isNaN(count) && count !== window.known.at(-1)) window.known.push(count);
        }
    }, 10);
}"""


def saved(page: Page) -> list[dict[str, str]]:
    """The numbers of what is drawn, as the menu saves them."""
    page.locator(".landscape").get_by_role("button", name="Save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save numbers (CSV)").click()
    with open(download.value.path(), encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.prove
def test_the_surface_appears_refines_and_stays_while_steps_are_walked(visit: Callable):
    path = catalogue.new_path("surface")
    run = recorded(path, 24, every=3)
    page = visit().open(f"/optimizers?run={run.id}")
    page.evaluate(WATCH)
    section(page, "Surface")
    land = page.locator(".landscape")
    expect(land).to_have_attribute("data-known", str(WHOLE), timeout=90_000)
    known = page.evaluate("window.known")
    assert len(known) > 1, "coarse first"
    assert known == sorted(known)
    land.locator("canvas.over").hover(position={"x": 300, "y": 150})
    expect(land.locator(".tip")).to_contain_text("loss on the plane, nats")
    rows = saved(page)
    losses = [float(row["value"]) for row in rows if row["kind"] == "surface"]
    assert len(losses) == WHOLE
    middle = next(row for row in rows if row["kind"] == "path" and row["step"] == "24")
    assert float(middle["x"]) == pytest.approx(0, abs=1e-6)
    assert float(middle["y"]) == pytest.approx(0, abs=1e-6)
    expect(page.locator(".look-for-surface").first).to_contain_text("the plane holds")
    unfold(page)
    expect(page.locator(".look-for-slice").first).to_contain_text("at step 0 of this run")
    page.keyboard.press("Home")
    expect(page.get_by_text("A path needs 3 snapshots")).to_be_visible()
    page.keyboard.press("End")
    expect(land).to_have_attribute("data-known", str(WHOLE), timeout=90_000)
    section(page, "Random directions")
    expect(page.locator(".landscape b").first).to_have_text("Loss around step 24 · random directions")


@pytest.mark.prove
def test_a_click_on_a_toy_surface_restarts_all_from_there(visit: Callable):
    page = visit().open(f"/optimizers?run={recorded(catalogue.new_path('toys'), 6).id}")
    section(page, "Toy surfaces")
    section(page, "Ravine")
    land, place = page.locator(".landscape"), page.locator(".landscape .chosen b")
    expect(land.locator("b").first).to_contain_text("Ravine")
    expect(land).to_have_attribute("data-walk", re.compile("ravine"))
    expect(place).to_contain_text("of 100")
    before = land.get_attribute("data-walk")
    land.locator("canvas.over").click(position={"x": 200, "y": 120})
    expect(land).not_to_have_attribute("data-walk", before)
    until(lambda: place.inner_text() not in ("step 0 of 100", "step 100 of 100"), "the walk is played")
    land.get_by_role("button", name="Pause").click()
    step = int(place.inner_text().split()[1])
    land.get_by_role("button", name="One step on").click()
    expect(place).to_have_text(f"step {step + 1} of 100")
    expect(land.locator("ol")).to_contain_text("gradient")
    page.get_by_role("button", name="Optimizers …").click()
    fields = [page.get_by_label(f"Start {axis}").filter(visible=True) for axis in "xy"]
    start = tuple(float(field.input_value()) for field in fields)
    assert start != (-3.5, 1.0)

    def starts() -> list[tuple[float, float]]:
        rows = [row for row in saved(page) if row["kind"] == "path" and row["step"] == "0"]
        return [(float(row["x"]), float(row["y"])) for row in rows]

    until(lambda: starts() == [pytest.approx(start, rel=1e-4)] * 4, "all four are saved as they start from there")
    land.get_by_label("Whose sub-steps are told").select_option("adam")
    expect(land.locator("ol")).to_contain_text("bias correction")
    land.get_by_role("button", name="One sub-step on").click()
    expect(place).to_have_text(f"step {step + 2} of 100, sub-step 1 of 10")
    expect(land.locator("li.now")).to_contain_text("where it was")
    land.get_by_role("button", name="One sub-step on").click()
    expect(land.locator("li.now")).to_contain_text("gradient")

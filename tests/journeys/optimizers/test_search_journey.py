"""A small search with early stopping, and a sweep of learning rates that ends in a race, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from searches import SMALL
from tiny_runs import TINY, recorded
from waiting import until

from explorer.runs import catalogue
from explorer.search import search as file
from explorer.search.ledger import Ledger, best

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 2400}
PATIENT = SMALL.model_copy(update={"prune": False, "patience": 30, "steps": 160, "every": 10, "trials": 3, "seed": 1})


def test_a_search_is_begun_stopped_continued_and_its_best_trial_opened(visit: Callable):
    path = file.new_path(PATIENT)
    file.write(path, PATIENT, "waiting")
    tab = visit(viewport=TALL)
    page = tab.open(f"/search?search={path.stem}")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".search-state")).to_contain_text("searching")
    expect(page.get_by_text("Every trial’s course").first).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".search-state")).to_contain_text("stopped · by hand")
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.locator(".search-state")).to_contain_text("finished · all 3 trials")
    trials = Ledger(path).trials(PATIENT)
    early = [t for t in trials if t.end == "stopped early"]
    assert early
    expect(page.locator(".figures div").filter(has_text="Stopped early")).to_contain_text(str(len(early)))
    expect(page.get_by_text(f"{len(early)} stopped early (the last at step {early[-1].last})")).to_be_visible()
    dots = page.locator(".stVegaLiteChart").filter(has_text="Every trial, and the best so far").locator("canvas, svg")
    expect(dots.first).to_be_visible()
    found = best(trials)
    assert found is not None
    expect(page.get_by_text(f"Trial {found.number} ·")).to_be_visible()
    page.get_by_role("button", name="Open the best").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert tab.run.id == found.path.stem


@pytest.mark.prove
def test_a_sweep_shows_its_valleys_and_its_best_rates_race(visit: Callable):
    path = catalogue.new_path("alone")
    recorded(path, 5, TINY.replace({"train.steps": 60})).close()
    tab = visit(viewport=TALL)
    page = tab.open(f"/optimizers?run={path.stem}&contest=Tuning")
    for label, word in (("Rates from", "1e-3"), ("Rates", "3"), ("Steps each", "20")):
        field = page.get_by_label(label, exact=True)
        field.fill(word)
        field.press("Enter")
    page.get_by_role("button", name="Start tuning").click()
    expect(page.locator(".search-state")).to_contain_text(re.compile(r"12 of 12 trainings over .* finished"))
    expect(page.locator(".sweeps tbody tr")).to_have_count(4)
    expect(page.locator(".sweeps tbody")).to_contain_text("×")
    expect(page.locator(".look-for-tuning").first).to_contain_text("comes lowest")
    page.get_by_role("button", name="Race with the best").first.click()
    page.wait_for_url("**run=tuned*")
    until(lambda: tab.run.meta("race") is not None, "it is a race")
    assert len(tab.run.meta("race")["members"]) == 4

"""The gradients page as a lecturer uses it: a training that fails is named and cured; learning is seen flowing back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import recorded
from waiting import until

from explorer import RunConfig
from explorer.runs import catalogue
from journeys.bar import section

pytestmark = pytest.mark.journey


@pytest.mark.prove
def test_what_is_broken_is_named_with_evidence_and_cured_in_a_branch(visit: Callable):
    path = catalogue.new_path("no-mask")
    recorded(path, 90, RunConfig.preset("no-mask"), every=30).close()
    tab = visit()
    page = tab.open(f"/gradients?run={path.stem}")
    broken = tab.run
    expect(page.get_by_text("Looks ahead", exact=False).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"with the future in sight"))).to_be_visible()
    page.get_by_role("button", name="Cure it from here on").click()
    page.wait_for_url(lambda url: f"run={broken.id}" not in url)
    cured = tab.run
    until(lambda: cured.last > 100, "the cured branch trains")
    assert cured.config_at(cured.last).model.mask == "causal"
    assert cured.steps["loss"][:90].tolist() == broken.steps["loss"][:90].tolist()
    expect(page.get_by_text(re.compile("Cured at step 90"))).to_be_visible()
    assert cured.steps["loss"][95] > 2 * broken.steps["loss"][85], "it has to guess now"


def test_the_microscope_goes_to_a_clicked_step_and_backpropagation_walks_back(visit: Callable):
    path = catalogue.new_path("walked")
    recorded(path, 60, every=5).close()
    page = visit().open(f"/gradients?run={path.stem}")
    map_ = page.locator(".microscope")
    expect(map_).to_have_attribute("data-newest", "59")
    map_.locator(".over").click(position={"x": 420, "y": 60})
    chosen = page.locator(".where .step")
    expect(chosen).to_have_text(re.compile(r"^[1-5]?\d$"))  # not ≈: its weights are there
    step = int(chosen.inner_text())
    expect(page.get_by_text(re.compile(rf"at step {step} the gradient")).first).to_be_visible()
    page.get_by_text("heads", exact=True).click()
    expect(map_.locator("canvas").first).to_have_attribute("aria-label", re.compile("Gradients of heads: 4 rows"))
    section(page, "Backpropagation")
    expect(page.get_by_text(re.compile(r"has p = 0\.\d+")).first).to_be_visible()

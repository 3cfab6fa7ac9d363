"""The instruments in a real browser: what is measured, switched off, measured on demand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import instruments as views
from explorer.runs import catalogue
from explorer.ui.gradients import curvature, findings
from journeys.bar import unfold

pytestmark = pytest.mark.journey
TALL = {"width": 1440, "height": 2400}


def stored(name: str, **changes: object) -> Run:
    """A recording of a tiny run."""
    config = TINY.replace({path.replace("_", "."): value for path, value in changes.items()})
    return recorded(catalogue.new_path(name), 40, config, every=5)


def sentence(page: Page, key: str) -> Locator:
    """What to look for under a picture."""
    return page.locator(f".look-for-{key}").first


@pytest.mark.prove
def test_the_instruments_tell_the_steps_own_numbers(visit: Callable):
    run = stored("instruments")
    page = visit(viewport=TALL).open(f"/gradients?run={run.id}&step=20&inside=Instruments")
    unfold(page)
    measured = views.measure(str(run.path), 20)
    expect(sentence(page, "pulls")).to_contain_text(findings.samples_sentence(measured))
    expect(sentence(page, "instrument-tests")).to_contain_text(findings.tests_sentence(measured))
    history = views.history(str(run.path), 40)
    expect(sentence(page, "instrument-noise")).to_contain_text(findings.noise_sentence(measured, history))
    quality = findings.quality_sentence(measured, history.numbers["quality"])
    expect(sentence(page, "instrument-quality")).to_contain_text(quality)
    dots = page.locator(".st-key-card-instruments-samples-0 svg .mark-symbol path")
    expect(dots).to_have_count(5)  # four samples and their mean
    expect(page.locator(".figures").filter(has_text="one measurement")).to_contain_text("ms")
    page.get_by_role("button", name="Noise scale").click()
    expect(page.get_by_text("Noise scale: switched off.")).to_be_visible()
    expect(sentence(page, "instrument-noise")).to_have_count(0)
    expect(sentence(page, "instrument-tests")).to_be_visible()


@pytest.mark.prove
def test_the_curvature_is_measured_when_it_is_asked_for(visit: Callable):
    run = stored("curved")
    page = visit(viewport=TALL).open(f"/gradients?run={run.id}&step=30&inside=Instruments")
    unfold(page)
    page.get_by_role("button", name="Measure at step 30").click()
    measured = views.curvature(str(run.path), 30)
    expect(sentence(page, "curvature")).to_contain_text(curvature.curvature_sentence(measured))
    shown = page.locator(".st-key-card-instruments-step-1 table")
    expect(shown.locator("tr").filter(has_text=re.compile("^edge, 2/η"))).to_contain_text(
        curvature.number(measured.descent_edge)
    )


@pytest.mark.prove
def test_a_batch_of_one_is_told_that_it_says_nothing_of_noise(visit: Callable):
    run = stored("single", train_batch=1)
    page = visit(viewport=TALL).open(f"/gradients?run={run.id}&inside=Instruments")
    expect(page.get_by_text("This run trains on one sample a step")).to_be_visible()
    unfold(page)
    expect(page.get_by_role("button", name="Measure at step 40")).to_be_visible()
    expect(sentence(page, "pulls")).to_have_count(0)

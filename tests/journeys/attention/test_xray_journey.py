"""One weight's X-ray and the NaN autopsy, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
import torch
from playwright.sync_api import Page, expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, RunConfig
from explorer.answers import weight as xray
from explorer.measure.names import number, tensor_name
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.training.divergence import Diverged
from journeys.bar import unfold

pytestmark = pytest.mark.journey
WEIGHT, AUTOPSY = "One+weight", "NaN+autopsy"
NAME = "blocks.0.attention.project.weight"


def diverged(name: str, config: RunConfig) -> Run:
    """A recording that ends at a step that could not be taken."""
    path = catalogue.new_path(name)
    file.begin(path, config)
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        what = ""
        try:
            for step in training:
                recorder.add(step, training)
        except Diverged as error:
            what = error.what
        recorder.event(training.step, "diverged", {"reason": what})
        recorder.snapshot(training)
        recorder.status("diverged", what)
    return Run.open(path)


def strip(page: Page) -> dict[str, str]:
    """Each box of the strip: its name and what stands behind the equals sign."""
    boxes = page.locator(".strip li").evaluate_all(
        "all => all.map((box) => [box.querySelector('span').textContent, box.querySelector('b').textContent])"
    )
    return {name: text.split("= ")[-1] for name, text in boxes}


def test_a_weight_is_picked_followed_and_proved(visit: Callable):
    run = recorded(catalogue.new_path("weight"), 20, TINY, every=5)
    page = visit().open(f"/gradients?run={run.id}&step=10&inside={WEIGHT}")
    expect(page.locator(".strip")).to_be_visible()
    first = xray.weight(str(run.path), 10, NAME, 0, 0)
    strip_of = strip(page)
    assert strip_of["old weight"] == number(first.before, 5)
    assert strip_of["new weight"] == number(first.before + first.step_size + first.decay, 5)
    assert strip_of["decay"] == number(first.decay, 5)
    page.locator(".tensor-map canvas").click(position={"x": 100, "y": 25})
    row, column = (page.get_by_label(name, exact=True).filter(visible=True) for name in ("Row", "Column"))
    expect(row).not_to_have_value("0")
    expect(column).not_to_have_value("0")  # the two fields do not change in one moment
    at = int(row.input_value()), int(column.input_value())
    chosen = xray.weight(str(run.path), 10, NAME, *at)
    until(lambda: strip(page)["old weight"] == number(chosen.before, 5), "the strip is of the cell that was clicked")
    expect(page.locator(".look-for-strip").first).to_contain_text("the same to the last bits of a float32 weight")
    unfold(page)
    page.get_by_role("button", name="Prove its gradient").click()
    proof = page.locator(".st-key-card-proof-0")
    expect(proof).to_contain_text("relative error")
    expect(proof).to_contain_text(number(xray.proved(str(run.path), 10, NAME, *at).exact, 9))
    expect(proof.get_by_role("img", name="check_circle")).to_be_visible()
    row.fill("2")
    row.press("Enter")
    typed = xray.weight(str(run.path), 10, NAME, 2, at[1])
    until(lambda: strip(page)["old weight"] == number(typed.before, 5), "the strip is of the row that was typed")
    expect(page.locator(".look-for-weight-past").first).to_contain_text("from step 0 to step 10")


@pytest.mark.prove
def test_what_overflowed_is_named_and_a_branch_at_half_the_rate_trains(visit: Callable):
    config = TINY.replace({"train.clip": None, "optimizer.name": "sgd", "optimizer.lr": 100})
    # which operation is the first depends on the processor's kernels
    run = diverged("broken", config)
    visitor = visit()
    page = visitor.open(f"/gradients?run={run.id}&inside={AUTOPSY}")
    card = page.locator(".st-key-card-autopsy-0")
    expect(card).to_contain_text(f"Step {run.last} could not be taken")
    expect(card).to_contain_text(re.compile("The scores of layer . overflowed|LayerNorm of layer . gave NaN"))
    expect(card).to_contain_text(re.compile("the largest .q · k. is|is too large for float32"))
    expect(card.locator("tbody tr")).to_have_count(4)  # three that went in, and the result
    page.get_by_role("button", name="and halve the learning rate").click()
    page.wait_for_function("id => !location.search.includes(id)", arg=run.id)
    new = visitor.run
    until(lambda: any(e.kind == "set" and e.detail == {"optimizer.lr": 50.0} for e in new.events), "the rate is halved")
    until(lambda: new.last > 0, "the branch trains")
    assert new.meta("parent") == {"run": run.id, "step": max(0, run.last - 20)}


@pytest.mark.prove
def test_a_weight_that_was_broken_by_hand_is_found(visit: Callable):
    path = catalogue.new_path("planted")
    recorded(path, 25, every=5).close()
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 25)
        with torch.no_grad():
            training.named[NAME][3, 4] = float("nan")
        recorder.snapshot(training)
        with suppress(Diverged):
            next(training)
        recorder.event(25, "diverged", {"reason": "the loss is not finite"})
        recorder.status("diverged", "the loss is not finite")
    visitor = visit()
    page = visitor.open(f"/gradients?run={run.id}&inside={AUTOPSY}")
    expect(page.locator(".st-key-card-autopsy-0")).to_contain_text(
        f"The weight {tensor_name(NAME)} was broken before the step"
    )
    page.get_by_role("button", name="Rewind 20 steps and halve the learning rate").click()
    page.wait_for_function("id => !location.search.includes(id)", arg=run.id)
    until(lambda: visitor.run.last > 30, "the branch goes beyond where the run broke")


@pytest.mark.prove
def test_a_run_that_is_well_has_nothing_to_examine(visit: Callable):
    run = recorded(catalogue.new_path("well"), 10)
    page = visit().open(f"/gradients?run={run.id}&inside={AUTOPSY}")
    expect(page.locator(".look-for-autopsy").first).to_contain_text("the loss and the gradient of all 10 steps")

"""A race as a lecturer uses it: three contenders in one click, the class guesses, the race tells who was right."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, train
from explorer.runs import catalogue, race

pytestmark = pytest.mark.journey


def test_a_race_of_three_is_predicted_run_revealed_and_scrubbed(visit: Callable):
    names = ("sgd", "adamw", "muon")
    configs = race.named([TINY.replace({"optimizer.name": name, "train.steps": 60}) for name in names])
    paths = race.begin(configs, "raced")
    tab = visit()
    page = tab.open(f"/optimizers?run={paths[0].stem}&contest=Predict")
    expect(page.get_by_text("Who wins?")).to_be_visible()
    expect(page.locator(".curves:not(.sketch)")).to_have_count(0)
    votes = page.get_by_label("Muon")
    votes.fill("9")
    votes.press("Enter")
    expect(page.get_by_text("the class is for Muon with 9 of 9 votes")).to_be_visible()
    paper = page.locator(".sketch")
    paper.locator(".over").scroll_into_view_if_needed()
    box = paper.locator(".over").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + box["height"] - 40, steps=12)
    page.mouse.up()
    expect(paper).to_have_attribute("data-drawn", "21")
    paper.locator(".over").press("ArrowUp")
    expect(paper.locator(".said")).to_contain_text("step 60: ")
    page.get_by_role("button", name="Reveal: run the race").click()
    runs = [Run.open(path) for path in paths]
    until(lambda: all(run.status.state == "finished" for run in runs), "the race is run")
    expect(page.get_by_text(re.compile(r"wins with .* nats. (9|0) of 9 saw it coming"))).to_be_visible()
    expect(page.locator(".look-for-revealed").first).to_contain_text("the class’s curve for SGD is off by")
    expect(page.locator(".curves .legend")).to_contain_text("as the class drew it")
    assert [r.steps["loss"].tolist() for r in runs] == [[s.loss for s in train(c)] for c in configs.values()]
    page.get_by_test_id("stMain").get_by_text("Race", exact=True).click()
    rows = page.locator(".standings tbody tr")
    expect(rows).to_have_count(3)
    assert len({row.locator("td").last.inner_text() for row in rows.all()}) == 1, "the same initial weights"
    loss = page.locator(".curves").first
    expect(loss).to_have_attribute("data-newest", "59")
    loss.locator(".over").click(position={"x": 420, "y": 60})
    page.wait_for_url("**step=*")
    step = re.search(r"step=(\d+)", page.url)[1]
    expect(page.get_by_text(re.compile(rf"at step {step} .* leads with"))).to_be_visible()


@pytest.mark.prove
def test_one_click_races_three_from_nothing(visit: Callable):
    tab = visit()
    page = tab.open("/optimizers")
    page.get_by_role("button", name=re.compile("Race SGD, AdamW and Muon")).click()
    expect(page.locator(".curves").first).to_have_attribute("data-newest", re.compile(r"\d+"))
    runs = race.members(tab.run)
    assert len(runs) == 3
    until(lambda: all(run.last > 3 for run in runs.values()), "all three train")
    page.close()
    until(lambda: all(run.status.state != "training" for run in runs.values()), "nobody watches, so all pause")


@pytest.mark.prove
def test_a_race_begun_from_the_page_of_a_single_run_is_looked_at(visit: Callable):
    single = recorded(catalogue.new_path("single"), 20)
    page = visit().open(f"/optimizers?run={single.path.stem}")
    expect(page.locator(".curves").first).to_have_attribute("data-newest", "19")
    page.get_by_role("button", name=re.compile("Race SGD, AdamW and Muon")).click()
    page.wait_for_url("**run=reverse-race*")
    expect(page.locator(".standings tbody tr")).to_have_count(3)

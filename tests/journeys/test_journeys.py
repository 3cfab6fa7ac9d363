"""What a person does, in a real browser with the real server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from waiting import until

from explorer import RunConfig
from explorer.config.presets import ORDINARY
from journeys.bar import chart, endless, keys, shows, state, stored

pytestmark = pytest.mark.journey


def picture(page: Page, step: int) -> str:
    """All heads, as they are painted at a step. The grid's label names the step once all of them are."""
    expect(page.locator(f'[aria-label*=", step {step}."]')).to_have_count(1)
    return page.evaluate(
        """() => {
            const hosts = [...document.querySelectorAll('*')].filter((e) => e.shadowRoot);
            const roots = [document, ...hosts.map((e) => e.shadowRoot)];
            const painted = roots.flatMap((root) => [...root.querySelectorAll('.frame canvas')]);
            return painted.map((canvas) => canvas.toDataURL()).join();
        }"""
    )


def test_first_use(visit: Callable):
    tab = visit()
    page = tab.open("/")
    expect(page.locator(".st-key-preset-cards img")).to_have_count(len(ORDINARY))
    card = page.locator(".st-key-card-reverse").bounding_box()
    page.mouse.click(card["x"] + 40, card["y"] + card["height"] - 12)  # wherever a card is clicked, it trains
    chart(page, "Loss")
    run = tab.run
    until(lambda: run.last > 60, "it trains")
    state(page, "training")
    loss = page.get_by_text(re.compile(r"the loss is [\d.]+ nats"))
    expect(loss).to_be_visible()
    tab.go("Attention")
    expect(page.locator(".frame")).to_have_count(8)
    expect(page.get_by_text("reads back").first).to_be_visible(timeout=60_000)
    until(lambda: run.steps["loss"][-20:].mean() < 0.6 * run.steps["loss"][:20].mean(), "it learns")
    keys(page, "Space")  # all that is looked at from here on is there, and training takes a core
    state(page, "paused · by hand")
    tab.go("Gradients")
    expect(page.locator(".microscope")).to_have_attribute("data-newest", re.compile(r"\d"))
    tab.go("Train")
    expect(loss).to_be_visible()
    state(page, "paused · by hand")
    tab.go("Runs")
    page.locator(f".st-key-open-{run.id} button").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert tab.run.id == run.id


def test_scrubbing_back_and_forth_shows_each_step_as_it_was(visit: Callable):
    tab = visit()
    page = tab.open(f"/attention?run={stored('scrub')}")
    shows(page, 60)
    newest = picture(page, 60)
    keys(page, "Home")
    shows(page, 0)
    expect(page.get_by_text("the past")).to_be_visible()
    page.wait_for_url("**step=0*")
    first = picture(page, 0)
    assert first != newest
    track = page.locator(".track").bounding_box()
    y = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, y, steps=8)
    page.mouse.up()
    shows(page, 30)
    middle = picture(page, 30)
    assert middle not in (first, newest)
    keys(page, "ArrowRight")
    shows(page, 31)
    keys(page, "ArrowLeft")
    shows(page, 30)
    assert picture(page, 30) == middle
    tab.go("Gradients")
    expect(page.locator(".where .step")).to_have_text("30")
    tab.go("Attention")
    page.get_by_text("back to live").click()
    shows(page, 60)
    assert picture(page, 60) == newest
    expect(page.get_by_text("the past")).to_have_count(0)


def test_the_learning_rate_and_a_head_are_changed_while_it_trains(visit: Callable):
    tab = visit()
    page = tab.open(f"/attention?run={endless()}")
    run = tab.run
    state(page, "ready at step 0")
    keys(page, "Space")
    until(lambda: run.last > 5, "it trains")
    slider = page.get_by_test_id("stSidebar").get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    until(lambda: "set" in [e.kind for e in run.events], "the learning rate is set")
    (changed,) = [e for e in run.events if e.kind == "set"]
    assert changed.detail["optimizer.lr"] > run.config.optimizer.lr
    until(lambda: run.last > changed.step + 5, "it goes on without a reset")
    assert run.steps["lr"][changed.step] == changed.detail["optimizer.lr"]
    page.get_by_text("More that acts now").click()
    page.get_by_role("button", name="Off", exact=True).click()
    until(lambda: "ablate" in [e.kind for e in run.events], "the head is switched off")
    expect(page.locator(".caption", has_text="switched off")).to_have_count(1)
    expect(page.get_by_role("button", name="On", exact=True)).to_be_visible()
    keys(page, "Space")
    state(page, "paused · by hand")


def test_pause_play_and_single_steps(visit: Callable):
    tab = visit()
    page = tab.open(f"/train?run={endless()}")
    run = tab.run
    for count in (1, 2):
        page.locator(".player-bar .single").click()
        until(lambda count=count: run.last == count, "a single step")
    state(page, "paused · after a single step")
    keys(page, "Space")
    state(page, "training")
    until(lambda: run.last > 20, "it trains")
    keys(page, "Space")
    state(page, "paused · by hand")
    stopped = run.last
    chart(page, "Loss")
    expect(page.locator(".where .step")).to_have_text(f"{stopped:,}")
    assert run.last == stopped


def test_a_curve_tells_its_exact_numbers_and_a_click_goes_to_that_step(visit: Callable):
    tab = visit()
    page = tab.open(f"/train?run={stored('read')}")
    loss = chart(page, "Loss")
    loss.locator(".over").hover(position={"x": 200, "y": 120})
    tip = loss.locator(".tip")
    expect(tip).to_contain_text("go to this step")
    number, step = (float(text) for text in tip.locator("b").all_inner_texts()[:2])
    assert number == pytest.approx(tab.run.steps["loss"][int(step)], rel=1e-5)
    loss.locator(".over").click(position={"x": 200, "y": 120})
    expect(page.locator(".where .step")).to_have_text(f"{int(step)}")
    loss.get_by_role("button", name="training").click()
    expect(loss.get_by_role("button", name="training")).to_have_attribute("aria-pressed", "false")
    loss.get_by_role("button", name="Save").click()
    for words, ending in (("drawing", b"<svg"), ("numbers", b"series,name,step"), ("picture", b"\x89PNG")):
        if not loss.locator(".menu").is_visible():
            loss.get_by_role("button", name="Save").click()
        with page.expect_download() as saved:
            loss.get_by_role("button", name=words).click()
        assert Path(saved.value.path()).read_bytes().startswith(ending)


def test_a_branch_goes_on_from_its_step_as_a_run_of_its_own(visit: Callable):
    tab = visit()
    page = tab.open(f"/attention?run={stored('trunk')}&step=20")
    trunk = tab.run
    shows(page, 20)
    page.locator(".player-bar .branch").click()
    page.wait_for_url(lambda url: f"run={trunk.id}" not in url)
    branch = tab.run
    assert branch.id != trunk.id
    expect(page.locator(".player-bar .name")).to_contain_text("branch at 20")
    assert branch.last == 20
    keys(page, "Space")
    until(lambda: branch.last > 30, "the branch trains")
    assert branch.steps["loss"][:30].tolist() == trunk.steps["loss"][:30].tolist()
    assert trunk.last == 60
    state(page, "training")  # what the key does is what the bar says
    keys(page, "Space")
    state(page, "paused · by hand")


@pytest.mark.prove
def test_a_text_of_ones_own_is_learned_from_the_card(visit: Callable):
    tab = visit()
    page = tab.open("/")
    page.get_by_role("button", name="Paste or upload").click()
    page.get_by_label("Text", exact=True).fill("")
    page.locator(".st-key-train-own button").click()
    expect(page.get_by_text("is empty")).to_be_visible()
    page.get_by_label("Text", exact=True).fill("Brevity is the soul of wit. " * 200)
    page.locator(".st-key-train-own button").click()
    run = tab.run
    until(lambda: run.last > 3, "it trains")
    assert run.config.task.name == "text"
    keys(page, "Space")
    state(page, "paused · by hand")


def test_a_link_to_an_experiment_waits_at_step_0_and_nonsense_is_told(visit: Callable):
    tab = visit()
    page = tab.open("/attention?preset=sort&model.heads=2&paused=1")
    state(page, "ready at step 0")
    expect(page.locator(".frame")).to_have_count(4)
    assert tab.run.config == RunConfig.preset("sort").replace({"model.heads": 2})
    lost = visit()
    page = lost.open("/train?run=../../etc")
    expect(page.get_by_text("is not the name of a run")).to_be_visible()
    expect(page.locator(".st-key-train-reverse button")).to_be_visible()

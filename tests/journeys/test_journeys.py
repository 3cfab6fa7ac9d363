"""What a person does, in a real browser with the real server."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from families import family, only_where_told
from playwright.sync_api import Locator, Page, expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, RunConfig
from explorer.runs import catalogue, file
from explorer.runs.host import LANES

pytestmark = pytest.mark.journey
KEPT = Path(__file__).parents[2] / "build" / "journeys"
SIZES = {"1440": {"width": 1440, "height": 900}, "1024": {"width": 1024, "height": 768}}
PAGES = ["Start", "Train", "Attention", "Gradients", "Embeddings", "Positions", "Numbers", "Words", "Tokenizers"]
PAGES += ["Optimizers", "Search", "Runs"]


def stored(name: str, steps: int = 60) -> str:
    """A finished recording of a tiny run; gives its id."""
    path = catalogue.new_path(name)
    recorded(path, steps, every=5).close()
    return path.stem


def endless() -> str:
    """A tiny run that nobody has started and that does not end by itself."""
    path = catalogue.new_path("endless")
    file.begin(path, TINY)
    return path.stem


def step(page: Page) -> int:
    return int(page.locator(".where .step").inner_text().replace(",", "").lstrip("≈ "))


def shows(page: Page, number: int) -> None:
    """The bar shows this step, and the pictures are of this step."""
    expect(page.locator(".where .step")).to_have_text(f"{number:,}")
    expect(page.get_by_text(f"· step {number}", exact=False).first).to_be_visible()


def state(page: Page, words: str) -> None:
    expect(page.locator(".player-bar .state")).to_contain_text(words)


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


def keys(page: Page, *names: str) -> None:
    """Presses keys while nothing has the focus."""
    expect(page.locator(".player-bar .play")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    for name in names:
        page.keyboard.press(name)


def chart(page: Page, title: str) -> Locator:
    """A chart over steps, once it is painted."""
    found = page.locator(".curves", has_text=title).first
    expect(found).to_have_attribute("data-newest", re.compile(r"\d"))
    return found


def test_first_use(visit: Callable):
    tab = visit()
    page = tab.open("/")
    expect(page.locator("[class*=st-key-card-] img")).to_have_count(7)
    page.locator(".st-key-train-reverse button").click()
    chart(page, "Loss")
    run = tab.run
    until(lambda: run.last > 60, "it trains")
    state(page, "training")
    loss = page.get_by_text(re.compile(r"at step \d+ the loss is"))
    expect(loss).to_be_visible()
    tab.go("Attention")
    expect(page.locator(".frame")).to_have_count(8)
    expect(page.get_by_text("reads back").first).to_be_visible(timeout=60_000)
    tab.go("Gradients")
    chart(page, "Gradient")
    until(lambda: run.steps["loss"][-20:].mean() < 0.6 * run.steps["loss"][:20].mean(), "it learns")
    tab.go("Train")
    expect(loss).to_be_visible()
    keys(page, "Space")
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


@only_where_told
def test_closing_the_tab_pauses_the_run_and_its_process_goes(visit: Callable, dashboard):
    tab = visit()
    page = tab.open(f"/train?run={endless()}")
    run = tab.run
    host = host_of(dashboard)
    idle = until(lambda: len(family(host)) == 1 + len(LANES) and family(host), "only the host and its lookers are left")
    keys(page, "Space")
    until(lambda: run.last > 5, "it trains")
    assert len(family(host)) == len(idle) + 1
    tab.sound()
    tab.page.close()
    until(lambda: run.status.state == "paused", "it pauses")
    assert run.status.reason == "nobody was watching"
    until(lambda: family(host) == idle, "its process ends")
    again = visit()
    state(again.open(f"/train?run={run.id}"), "paused · nobody was watching")


def host_of(dashboard) -> int:
    """The process that makes all others."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            stat = (folder / "stat").read_text().rpartition(")")[2].split() if folder.exists() else [""] * 4
            if stat[1] == str(dashboard.process.pid):
                return int(folder.name)
    raise AssertionError("the server has no host")


def test_two_browsers_watch_one_run(visit: Callable):
    name = endless()
    first, second = visit(), visit()
    one, other = first.open(f"/train?run={name}"), second.open(f"/train?run={name}")
    run = first.run
    keys(one, "Space")
    state(other, "training")
    until(lambda: run.last > 10, "it trains")
    rates = [page.get_by_test_id("stSidebar").get_by_role("slider").first for page in (one, other)]
    before = rates[1].input_value()
    rates[0].focus()
    rates[0].press("ArrowRight")
    expect(rates[1]).not_to_have_value(before)  # its sidebar follows
    assert [e.kind for e in run.events if e.kind == "set"] == ["set"]
    other.get_by_text("More that acts now").click()
    one.get_by_text("More that acts now").click()
    one.get_by_role("button", name="Off", exact=True).click()
    for page in (one, other):
        expect(page.get_by_role("button", name="On", exact=True)).to_be_visible()
    keys(other, "Escape")
    keys(other, "Space")
    state(one, "paused · by hand")
    state(other, "paused · by hand")
    for page in (one, other):
        expect(page.locator(".where .step")).to_have_text(f"{run.last:,}")
    keys(one, "Home")
    expect(one.locator(".where .step")).to_have_text("0")
    assert step(other) == run.last  # each looks where it wants


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


def learned() -> str:
    """A run whose heads show something, with what can happen to a run."""
    for path in catalogue.newest():
        run = Run.open(path)
        if run.config == RunConfig.preset("reverse") and run.last > 100:
            return run.id
    path = catalogue.new_path("reverse")
    recorded(path, 300, RunConfig.preset("reverse"), every=50).close()
    return path.stem


@pytest.mark.parametrize(
    ("theme", "sizes"),
    [("light", ["1024"]), *(pytest.param(t, [*SIZES], marks=pytest.mark.prove) for t in ("light", "dark"))],
)
def test_every_page_fits_its_window_and_is_kept_to_be_looked_at(visit: Callable, theme: str, sizes: list[str]):
    KEPT.mkdir(parents=True, exist_ok=True)
    tab = visit(color_scheme=theme)
    page = tab.open(f"/train?run={learned()}")
    chart(page, "Loss")
    for title, size in itertools.product(PAGES, sizes):
        page.set_viewport_size(SIZES[size])
        if page.get_by_test_id("stSidebar").get_attribute("aria-expanded") == "false":
            page.get_by_test_id("stExpandSidebarButton").click()
        if title == "Start":
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
            expect(page.locator("[class*=st-key-card-] img")).to_have_count(7)
        else:
            tab.go(title)
        if title == "Attention":
            expect(page.locator(".frame")).to_have_count(8)
        if title == "Gradients":
            chart(page, "Gradient")
        if title == "Train":
            chart(page, "Learning rate")
        if len(sizes) > 1:  # a slow proof
            page.screenshot(path=KEPT / f"{title.lower()}-{size}-{theme}.png", full_page=True)
        tab.sound()


@only_where_told
def test_reload_and_restart_find_the_run_again_and_leave_no_process(visit: Callable, dashboard):
    tab = visit()
    page = tab.open(f"/attention?run={endless()}")
    run = tab.run
    keys(page, "Space")
    until(lambda: run.last > 20, "it trains")
    page.reload()
    state(page, "training")
    assert tab.run.id == run.id
    tab.sound()
    address = page.url.removeprefix(dashboard.url)
    tab.page.close()
    host = host_of(dashboard)
    os.kill(dashboard.process.pid, signal.SIGKILL)
    dashboard.process.wait()
    until(lambda: not family(host), "the host and its workers end")
    assert run.status.reason in ("the server stopped", "nobody was watching")
    stopped = run.last
    dashboard.start()
    again = visit()
    page = again.open(address)  # the fresh server's very first request is for a page of its own
    shows(page, stopped)
    state(page, "paused")
    expect(page.locator(".frame")).to_have_count(4)

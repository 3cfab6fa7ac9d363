"""What if, in a real browser: a head that is switched off while it trains, its worth, and one turned by hand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run
from explorer.runs import catalogue
from journeys.bar import unfold

pytestmark = pytest.mark.journey
LEARNED = TINY.replace({"optimizer.lr": 5e-3, "train.batch": 32})


def learned(steps: int = 200) -> str:
    """A paused recording of a run that needs its heads by now; gives its id."""
    path = catalogue.new_path("learned")
    recorded(path, steps, LEARNED, every=20).close()
    return path.stem


def opened(visit: Callable, query: str) -> tuple[Page, Run]:
    """The section on a run, once all of it is there."""
    tab = visit()
    page = tab.open(f"/attention?closer=What+if&run={query}")
    unfold(page)
    for name in ("worth", "whatif-loss", "turned"):
        expect(page.locator(f".look-for-{name}").first).to_be_visible()
    expect(page.locator(".where .step")).to_have_text(re.compile(r"^\d+$"))  # exact: it waits for nothing any more
    return page, tab.run


def choose_head(page: Page, name: str) -> None:
    """Chooses a head for the whole page; on the map it is chosen as well."""
    box = page.locator("[class*=st-key-chosen-head]").get_by_role("combobox")
    box.hover()  # a list that opens while the page still scrolls closes again
    box.click()
    page.get_by_role("option", name=name.capitalize(), exact=True).click()
    expect(page.get_by_text(f"Turn {name} by hand")).to_be_visible()


def painted(page: Page, title: str) -> None:
    """The chart of this title has drawn bars."""
    expect(
        page.get_by_test_id("stVegaLiteChart").filter(has_text=title).locator(".mark-rect path").first
    ).to_be_attached()


def words(page: Page, of: str) -> str:
    return page.locator(f".look-for-{of}").first.inner_text()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def mean(run: Run, start: int, end: int) -> float:
    return float(run.steps["loss"][start:end].mean())


@pytest.mark.prove
def test_a_head_that_matters_is_switched_off_while_it_trains_and_the_loss_jumps(visit: Callable):
    page, run = opened(visit, learned())
    expect(page.locator(".look-for-worth").first).to_contain_text("matters most")
    painted(page, "Loss without each head")
    best = re.search(r"head (\d\.\d) matters most", words(page, "worth"))[1]
    choose_head(page, f"head {best}")
    expect(page.get_by_text(f"Head {best} is on and learns.")).to_be_visible()
    page.locator(".player-bar .play").click()
    until(lambda: run.last > 210, "it trains")
    press(page, "Switch off")
    until(lambda: "ablate" in [e.kind for e in run.events], "the head is switched off")
    event = next(e for e in run.events if e.kind == "ablate")
    until(lambda: run.last > event.step + 20, "it goes on")
    assert mean(run, event.step, event.step + 5) > 1.5 * mean(run, event.step - 5, event.step)
    expect(page.get_by_text(f"Head {best} is switched off since step {event.step}")).to_be_visible()
    expect(page.locator(".player-bar .event")).not_to_have_count(0)
    expect(page.locator(".look-for-whatif-loss").first).to_contain_text(
        re.compile(rf"step {event.step}: head {best} switched off. The mean loss went from")
    )
    press(page, "Switch on")
    until(lambda: "restore" in [e.kind for e in run.events], "it is switched on again")
    page.locator(".player-bar .play").click()
    expect(page.locator(".player-bar .state")).to_contain_text("paused · by hand")


@pytest.mark.prove
def test_a_temperature_and_a_row_move_the_next_token(visit: Callable):
    page, _ = opened(visit, learned())
    expect(page.locator(".look-for-turned").first).to_contain_text("nothing is turned yet")
    choose_head(page, "head 1.2")
    for title in ("The row of attention", "The next token"):
        painted(page, title)
    said = page.locator(".st-key-card-turned-0 p", has_text="→").first
    unturned = said.inner_text()
    before, after = re.search(r"([\d.]+) → ([\d.]+)", unturned).groups()
    assert before == after
    page.locator("[class*=st-key-turned-temperature]").get_by_role("slider").press("End")
    expect(said).not_to_have_text(unturned)
    expect(page.locator(".look-for-turned").first).to_contain_text("KL divergence")
    press(page, "Reset")
    expect(said).to_have_text(unturned)
    page.locator("[class*=st-key-turned-share]").get_by_role("slider").press("Home")
    expect(said).not_to_have_text(unturned)
    press(page, "Even out")
    press(page, "Reset")
    expect(said).to_have_text(unturned)


@pytest.mark.prove
def test_from_a_past_step_a_head_is_switched_off_in_a_branch(visit: Callable):
    page, trunk = opened(visit, f"{learned(60)}&step=40")
    press(page, "Branch with it off")
    page.wait_for_url(lambda url: f"run={trunk.id}" not in url)
    expect(page.locator(".player-bar .name")).to_contain_text("branch at 40")
    branch = Run.open(catalogue.path_of(re.search(r"run=([^&]+)", page.url)[1]))
    until(lambda: branch.last > 45, "it trains")
    assert [(e.kind, e.step) for e in branch.events if e.kind == "ablate"] == [("ablate", 40)]
    assert branch.steps["loss"][:40].tolist() == trunk.steps["loss"][:40].tolist()
    assert branch.steps["loss"][40] != trunk.steps["loss"][40]
    assert trunk.last == 60
    page.locator(".player-bar .play").click()
    expect(page.locator(".player-bar .state")).to_contain_text("paused · by hand")

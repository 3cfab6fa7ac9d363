"""What lasts and what ends: a closed tab, a second browser, a reload, a server that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from families import family, needs_proc
from playwright.sync_api import expect
from waiting import until

from explorer.processes.lanes import SHARED
from journeys.bar import endless, keys, shows, state, step

pytestmark = pytest.mark.journey


@needs_proc
def test_closing_the_tab_pauses_the_run_and_its_process_goes(visit: Callable, dashboard):
    tab = visit()
    page = tab.open(f"/train?run={endless()}")
    run = tab.run
    host = host_of(dashboard)
    before = until(lambda: len(family(host)) > len(SHARED) and family(host), "the host and its lookers are there")
    keys(page, "Space")
    until(lambda: run.last > 5, "it trains")
    started = family(host) - before
    assert started
    tab.sound()
    tab.page.close()
    until(lambda: run.status.state == "paused", "it pauses")
    assert run.status.reason == "nobody was watching"
    until(lambda: not started & family(host), "its process ends")
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


@needs_proc
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

"""The browser that all journeys share, and the dashboard that they walk through."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import browser as found
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from waiting import until

from explorer import Run
from explorer.runs import catalogue

ROOT = Path(__file__).parents[2]
WIDE = {"width": 1440, "height": 900}
PATIENCE = 30_000  # ms; a slow machine is no fault
expect.set_options(timeout=PATIENCE)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Dashboard:
    """The real server. `restart` keeps its address and its folder of runs."""

    port: int = field(default_factory=free_port)
    process: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "explorer/serve.py", "--server.port", str(self.port)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "EXPLORER_GRACE_SECONDS": "3"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        next(line for line in self.process.stdout if "URL" in line)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = found.find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=found.ARGUMENTS)
        yield browser
        browser.close()


class Windows:
    """Browser windows, used again by one visit after another: what was loaded once is loaded faster."""

    def __init__(self, browser: Browser):
        self.browser = browser
        self.free: dict[str, list[BrowserContext]] = {}

    def take(self, **kind: Any) -> BrowserContext:
        """A window that nobody uses and that remembers nothing."""
        free = self.free.setdefault(repr(sorted(kind.items())), [])
        return free.pop() if free else self.browser.new_context(**kind)

    def give_back(self, window: BrowserContext, **kind: Any) -> None:
        """Closes its pages, and has it forget what they stored."""
        for page in window.pages:
            if urlsplit(page.url).scheme == "http":
                page.evaluate("localStorage.clear(), sessionStorage.clear()")
            page.close()
        window.clear_cookies()
        self.free[repr(sorted(kind.items()))].append(window)


@pytest.fixture(scope="package")
def windows(browser) -> Windows:
    return Windows(browser)


@pytest.fixture(scope="package")
def dashboard(tmp_path_factory) -> Iterator[Dashboard]:
    """A server with a home of its own; texts that are already in tokens are shared with the other tests."""
    home = tmp_path_factory.mktemp("home")
    cache = Path(tempfile.gettempdir()) / "explorer-tests" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # where links are not allowed, they are made again
        (home / "cache").symlink_to(cache, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_HOME", str(home))
        dashboard = Dashboard()
        dashboard.start()
        yield dashboard
        dashboard.stop()


class Visit:
    """A browser window of its own, which notes everything that must not happen."""

    def __init__(self, windows: Windows, dashboard: Dashboard, **kind: Any):
        self.windows, self.kind = windows, {"viewport": WIDE, **kind}
        self.context = windows.take(**self.kind)
        self.context.set_default_timeout(PATIENCE)
        self.dashboard = dashboard
        self.errors: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(f"page error: {error}\n{error.stack}"))
        self.page.on("console", self.note_console)
        self.page.on("request", lambda request: self.note_host(request.url))

    def leave(self) -> None:
        """Closes the window."""
        self.windows.give_back(self.context, **self.kind)

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or re.match("WARN (Infinite extent|Conflicting)", message.text):  # of a chart
            self.errors.append(f"console: {message.text} {message.location['url']}")

    def note_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.errors.append(f"asked another machine: {url}")

    def open(self, address: str) -> Page:
        """Goes to an address of the dashboard."""
        self.page.goto(f"{self.dashboard.url}{address}")
        expect(self.page.locator("h1").first).to_be_visible()
        return self.page

    def go(self, title: str) -> None:
        """Follows a link of the sidebar."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        expect(self.page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()

    @property
    def run(self) -> Run:
        """The run that the address names."""
        self.page.wait_for_url("**run=*")
        query = dict(pair.split("=") for pair in urlsplit(self.page.url).query.split("&"))
        return Run.open(catalogue.path_of(query["run"]))

    def sound(self) -> None:
        """Fails if anything went wrong so far, or if the page is wider than the window."""
        assert not self.errors, "\n".join(self.errors)
        assert self.page.get_by_test_id("stException").count() == 0
        fits = "e => e.scrollWidth <= e.clientWidth"
        for box in (self.page.locator("html"), self.page.get_by_test_id("stMain")):
            until(lambda box=box: box.evaluate(fits), "the page fits its window", 3)  # once all is laid out


@pytest.fixture
def visit(windows, dashboard) -> Iterator[Callable[..., Visit]]:
    """Makes visits; each has to be sound at the end."""
    made: list[Visit] = []

    def make(**context: Any) -> Visit:
        made.append(Visit(windows, dashboard, **context))
        return made[-1]

    yield make
    try:
        for one in made:
            if not one.page.is_closed():
                one.sound()
    finally:
        for one in made:
            one.leave()

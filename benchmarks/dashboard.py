"""The real server and a real browser, for benchmarks: a home of its own, removed afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from explorer import Run
from explorer.home import home
from explorer.runs import catalogue
from tests.browser import ARGUMENTS, find

ROOT = Path(__file__).parents[1]
SETTINGS = ("--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false")
EYE = (Path(__file__).parent / "eye.js").read_text("utf-8")


@contextmanager
def new_home() -> Iterator[Path]:
    """A home for runs and caches, in this process too."""
    before = os.environ.get("EXPLORER_HOME")
    folder = tempfile.mkdtemp(prefix="explorer-bench-")
    os.environ["EXPLORER_HOME"] = folder
    try:
        yield Path(folder)
    finally:
        os.environ.pop("EXPLORER_HOME") if before is None else os.environ.update(EXPLORER_HOME=before)
        shutil.rmtree(folder)


@contextmanager
def server(grace: float = 0.1, script: str = "explorer/serve.py") -> Iterator[str]:
    """The dashboard's address, or another script's; grace: seconds that an unwatched run goes on training."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *SETTINGS]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "EXPLORER_GRACE_SECONDS": str(grace)}
    with (home() / "server.log").open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        while not answers(port):
            assert process.poll() is None, (home() / "server.log").read_text()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # a bare server that has just begun may lose the signal
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    """True once something listens at a port of this machine."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def window(eye: bool = True) -> Iterator[Page]:
    """An empty browser window whose pages are watched by the eye, which costs a page a tenth of a core."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        if eye:
            page.add_init_script(f"{{{EYE}}}")
        yield page
        browser.close()


def seen(page: Page) -> list[tuple[float, str, Any]]:
    """What the eye noted since the page was opened, in order of time: ms, sign, value."""
    return sorted((tuple(entry) for entry in page.evaluate("eye")), key=lambda entry: entry[0])


def wait_for(page: Page, sign: str, after: int = 0, test: str = "value !== null", seconds: float = 60) -> float:
    """The ms at which a sign first passed a JavaScript test of `value`, not before the eye's entry `after`."""
    found = f"""([sign, after]) => {{
        const entry = eye.find(([ms, name, value], i) => i >= after && name === sign && ({test}));
        return entry && [entry[0]];
    }}"""
    page.wait_for_function(found, arg=[sign, after], timeout=1000 * seconds)
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # behind the paint of that frame
    return page.evaluate(found, [sign, after])[0]


def leave(page: Page) -> None:
    """Closes what is shown and waits until no run trains any more."""
    page.goto("about:blank")
    for path in catalogue.newest():
        run = Run.open(path)
        while run.being_written():
            time.sleep(0.05)
        run.close()

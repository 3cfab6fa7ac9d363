"""A script of its own, served by Streamlit apart from the dashboard, and what must not happen on its page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from journeys.conftest import free_port

ROOT = Path(__file__).parents[2]
QUIET = ("--server.headless", "true", "--browser.gatherUsageStats", "false")


def served(folder: Path, app: str) -> Iterator[str]:
    """The script's address. What it reads may lie in the folder too."""
    script = folder / "app.py"
    script.write_text(app)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), *QUIET]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    next(line for line in server.stdout if "URL" in line)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(timeout=30)


def noted(page: Page) -> list[str]:
    """Everything that must not happen."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


def said(page: Page, words: str) -> None:
    expect(page.get_by_text(re.compile(words))).to_be_visible()

"""Streamlit's runner of pages for tests, with the dashboard's settings, without what it repeats for each drawing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner as runner

from explorer.ui import shell

config._main_script_path = str(Path(__file__).parents[2] / "explorer" / "app.py")  # beside it lies the settings file
# Each new AppTest looks through all installed packages for components, for a quarter of a second: once is enough.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
shell.SIDEBAR_SECONDS = 0.0  # there is no browser that has to show the pictures first
look_a_thousand_times_a_second = runner.require_widgets_deltas


def wait(one: runner.LocalScriptRunner, timeout: float = 3) -> None:
    """Until a drawing is over, without looking for that all the while, which takes a tenth of the drawing's time."""
    thread = one._script_thread
    assert thread is not None
    thread.join(timeout)
    if thread.is_alive():
        look_a_thousand_times_a_second(one, 0)  # stops it, and says that it took too long


runner.require_widgets_deltas = wait

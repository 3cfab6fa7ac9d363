"""What all tests share: a home of their own for runs and caches."""

from __future__ import annotations

import gc
import os
import tempfile

# before anything of the explorer is imported; caches are kept between test runs, runs are not
_CACHE = os.path.join(tempfile.gettempdir(), "explorer-tests")
os.environ["EXPLORER_HOME"] = os.environ.get("EXPLORER_TEST_HOME", _CACHE)
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["EXPLORER_PREPARE"] = "0"  # each test names what it needs; a host prepares no presets' texts beside it
gc.set_threshold(20_000)  # Python's 700 has a seventh of all tests' time go into looking through what stays anyway

import browser  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("explorer", deadline=None)  # a machine that is busy with other tests is no fault
settings.load_profile("explorer")

MISSING = "the journeys were NOT run: there is no Chrome, Chromium or Edge, and none could be installed"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser journeys are skipped, and that is said last; slow proofs run when asked for."""
    journeys = [item for item in items if item.get_closest_marker("journey")]
    config.stash[LEFT_OUT] = bool(journeys) and browser.find() is None
    if config.stash[LEFT_OUT]:
        for item in journeys:
            item.add_marker(pytest.mark.skip(reason="no browser"))
    if not os.environ.get("EXPLORER_PROVE"):
        for item in items:
            if item.get_closest_marker("prove"):
                item.add_marker(pytest.mark.skip(reason="a slow proof: make prove"))


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: no later garbage collection has to look at them."""
    gc.freeze()


LEFT_OUT = pytest.StashKey[bool]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A continuous-integration machine without a browser has not tested the dashboard."""
    if session.config.stash.get(LEFT_OUT, False) and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line."""
    if config.stash.get(LEFT_OUT, False):
        print(MISSING)

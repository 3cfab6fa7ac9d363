"""What tests of pages share: quick visits, and one host for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import quick_visits  # noqa: F401

from explorer.runs import catalogue
from explorer.ui import server
from explorer.ui.locale import border
from explorer.ui.parts import course_kept


@pytest.fixture(autouse=True)
def another_visit() -> None:
    """Streamlit's visits in tests all have one name: what one was shown in Chinese, the next one was not."""
    border.CROSSINGS.clear()


@pytest.fixture(autouse=True, scope="session")
def guesses_of_these_tests(tmp_path_factory) -> Iterator[None]:
    """What is guessed in tests is kept in a folder of their own, and forgotten with it."""
    place = tmp_path_factory.mktemp("guesses") / "guesses.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course_kept, "place", lambda: place)
        yield


@pytest.fixture(scope="session")
def one_host() -> Iterator[None]:
    """The host of all tests of this process."""
    yield
    server.host().close()
    server.host.clear()


@pytest.fixture(scope="module")
def served(one_host, tmp_path_factory) -> Iterator[Path]:
    """A folder for the runs of one module, with a warm host. What still trains there at the end is paused."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        assert server.host().wait()
        yield folder
        paused = [server.host().order(path, "pause") for path in server.host().ordered()]
        for order in paused:
            order.result(timeout=60)

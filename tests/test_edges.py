"""Settings at their limits: every page is drawn with the least and the most of a config, and no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from every_page import APP, PAGES, draw
from here import Here
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.runs import catalogue
from explorer.ui import server

LEAST: dict[str, Any] = {
    "model.layers": 1,
    "model.heads": 1,
    "model.width": 4,
    "train.batch": 1,
    "train.steps": 3,
    "optimizer.lr": 1e-300,
}
MOST: dict[str, Any] = {"train.steps": 10_000_000, "optimizer.warmup": 100_000, "optimizer.lr": 100.0}
EDGES = {"least": LEAST, "most": MOST}
SHORT = ("Inside", "Tune")  # sections with fields whose first value is a setting of the run
CASES = [
    pytest.param(page, section, marks=() if section in SHORT else pytest.mark.prove, id=f"{page}-{section}")
    for page, section in PAGES
]


@pytest.fixture(scope="module", params=EDGES)
def app(request, tmp_path_factory) -> Iterator[AppTest]:
    """A visit that looks at a run with such settings."""
    folder, here = tmp_path_factory.mktemp("runs"), Here()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "folder", lambda: folder)
        patch.setattr(server, "host", lambda: here)
        run = recorded(catalogue.new_path("edge"), 3, TINY.replace(EDGES[request.param]), every=1)
        app = AppTest.from_file(APP, default_timeout=120)
        app.query_params["run"] = run.path.stem
        yield app.run()


@pytest.mark.parametrize(("page", "section"), CASES)
def test_every_page_is_drawn_with_settings_at_their_limits(app, page, section):
    host = server.host()
    host.failures.clear()
    draw(app, page, section)
    assert host.failures == []
    if section == "Inside":
        app.segmented_control(key="optimizer-part").set_value("Schedule").run()
        assert not app.exception, app.exception

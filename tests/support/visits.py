"""Visits to pages, run by Streamlit without a browser, and what they keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import quick_visits  # noqa: F401
from messages import read
from streamlit.testing.v1 import AppTest
from tiny_runs import recorded
from waiting import until

from explorer.runs import catalogue
from explorer.runs.recorder import Recorder
from explorer.ui.visit import Visit, name_of

APP = str(Path(__file__).parents[2] / "explorer" / "app.py")


def visit_of(app: AppTest) -> Visit:
    """The visit of an app that was run once."""
    state: Visit = app.session_state[name_of(Visit)][()]
    return state


def visit(page: str = "start", **query: str) -> AppTest:
    """A new visit that follows a link to a page."""
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run() if page == "start" else go(app, page)


def go(app: AppTest, page: str) -> AppTest:
    """The same visit on another page."""
    return app.switch_page(f"../pages/{page}.py").run()


def unfold(app: AppTest, page: str, section: str = "") -> AppTest:
    """Opens the fold at the end of a section."""
    app.session_state[f"details-{page}-{section}"] = True
    return app


def look(page: str, address: dict[str, str], **there: str) -> AppTest:
    """A visit that follows a link and goes to a page with `there` in its address, until every picture is there."""
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in (address | there).items():
        app.query_params[name] = value
    go(app, page)  # the first picture, what looks closer after it
    return settled(app)


def settled(app: AppTest) -> AppTest:
    """Drawn until every picture is there."""
    until(lambda: not visit_of(app.run()).waiting, "slow pictures are there")
    return sound(app)


def finished(page: str, **address: str) -> AppTest:
    """A visit that follows a link to a page, until every picture is there and as fine as it gets."""
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return refined(app.switch_page(f"../pages/{page}.py"))


def refined(app: AppTest) -> AppTest:
    """Drawn until every picture is there and as fine as it gets."""
    app.run()
    until(lambda: not ((here := visit_of(app.run())).waiting or here.refining), "all is there")
    return sound(app)


def sound(app: AppTest) -> AppTest:
    """A page that nothing broke."""
    assert not app.exception, app.exception
    return app


def refusals(app: AppTest) -> list[str]:
    return [read(element.value) for element in app.error]


def player(app: AppTest) -> dict[str, Any]:
    """What the player bar gets."""
    (bar,) = [c for c in app.get("bidi_component") if c.proto.component_name == "explorer_player_bar"]
    return json.loads(bar.proto.json)


def stored(name: str, steps: int, state: str, reason: str) -> str:
    """A run in the folder, in a state."""
    path = catalogue.new_path(name)
    recorded(path, steps, every=5).close()
    with Recorder(path) as recorder:
        recorder.event(steps, state, {"reason": reason})
        recorder.status(state, reason)
    return path.stem


def press(app: AppTest, key: str) -> AppTest:
    (button,) = [b for b in app.button if b.key == key]
    return sound(button.click().run())

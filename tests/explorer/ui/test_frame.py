"""How often a page ticks."""

from types import SimpleNamespace

import pytest

from explorer.ui import frame
from explorer.ui.frame import FED_SECONDS, IDLE_SECONDS, LIVE_SECONDS, PAST_SECONDS


@pytest.mark.parametrize(
    ("busy", "state", "fed", "seconds"),
    [
        (True, {}, False, LIVE_SECONDS),
        (True, {"step": None, "waiting": "computing…"}, False, LIVE_SECONDS),
        (True, {"step": 7}, False, PAST_SECONDS),
        (True, {"step": 0, "waiting": "computing…"}, False, PAST_SECONDS),
        (False, {"step": 7, "waiting": ""}, False, IDLE_SECONDS),
        (False, {"step": 7, "waiting": "computing…"}, False, LIVE_SECONDS),
        (True, {}, True, FED_SECONDS),
        (False, {}, True, IDLE_SECONDS),
        (False, {"step": 7, "waiting": "computing…"}, True, LIVE_SECONDS),
        (False, {"refining": "the surface becomes finer"}, False, LIVE_SECONDS),
    ],
)
def test_a_page_ticks_as_often_as_something_changes_on_it(
    monkeypatch, busy: bool, state: dict, fed: bool, seconds: float
):
    monkeypatch.setattr(frame, "is_busy", lambda run: busy)
    monkeypatch.setattr(frame.st, "session_state", state)
    assert frame.pace(SimpleNamespace(), fed) == seconds

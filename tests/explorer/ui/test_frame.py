"""How often a page ticks: as often as something changes on it, and less often beside other pages that move."""

from types import SimpleNamespace

import pytest

from explorer.ui import frame, visit
from explorer.ui.frame import CALM_SECONDS, IDLE_SECONDS, LIVE_SECONDS, PAST_SECONDS
from explorer.ui.server import Session
from explorer.ui.visit import Visit


class Crowd:
    """Watchers of as many pages that move."""

    def __init__(self, pages: int):
        self.pages = pages

    def moves(self, visit: str) -> int:
        return self.pages


@pytest.mark.parametrize(
    ("busy", "state", "fed", "seconds"),
    [
        (True, {}, "calm", CALM_SECONDS),
        (True, {"waiting": "computing…"}, "calm", LIVE_SECONDS),
        (True, {"step": 7}, "calm", PAST_SECONDS),
        (False, {}, "calm", IDLE_SECONDS),
        (True, {}, 0, LIVE_SECONDS),
        (True, {"step": None, "waiting": "computing…"}, 0, LIVE_SECONDS),
        (True, {"step": 7}, 0, PAST_SECONDS),
        (True, {"step": 0, "waiting": "computing…"}, 0, PAST_SECONDS),
        (False, {"step": 7, "waiting": ""}, 0, IDLE_SECONDS),
        (False, {"step": 7, "waiting": "computing…"}, 0, LIVE_SECONDS),
        (True, {}, 3.0, 3.0),
        (True, {"waiting": "computing…"}, 3.0, LIVE_SECONDS),
        (True, {"step": 7, "waiting": "computing…"}, 3.0, 3.0),
        (False, {}, 3.0, IDLE_SECONDS),
        (False, {"step": 7, "waiting": "computing…"}, 3.0, LIVE_SECONDS),
        (False, {"refining": "the surface becomes finer"}, 0, LIVE_SECONDS),
    ],
)
def test_a_page_ticks_as_often_as_something_changes_on_it(
    monkeypatch, busy: bool, state: dict, fed: float | str, seconds: float
):
    monkeypatch.setattr(frame, "is_busy", lambda run: busy)
    monkeypatch.setattr(visit, "state", lambda: Visit(**state))
    monkeypatch.setattr(frame, "server", SimpleNamespace(watchers=lambda: Crowd(3), session=lambda: Session("a")))
    calm = fed == "calm"
    assert frame.pace(SimpleNamespace(), 0 if calm else fed, calm) == (3 * seconds if busy else seconds)

"""How a view asks for its pictures."""

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import pytest

from explorer.answers.records.record import Record
from explorer.processes.client import Request
from explorer.ui import view as views
from explorer.ui.view import View

LIVE = View(SimpleNamespace(id="a"), 0, 0, True, None, {}, False)  # type: ignore[arg-type]


class Frame(Record):
    """What is asked for."""

    function = "explorer.answers.frames:frame"


class Pictures:
    """One request for each step; answers nothing by itself."""

    def __init__(self) -> None:
        self.requests: dict[int, Request] = {}
        self.past: list[int] = []

    def ask(self, run: object, step: int, kind: type[Record], lane: str, past: bool, **arguments: object) -> Request:
        if past:
            self.past.append(step)
        return self.requests.setdefault(step, Request())

    def answer(self, step: int) -> Future:
        return self.requests[step].answer


class SessionState(dict):
    """Keys as attributes, as Streamlit has them."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    pictures = Pictures()
    monkeypatch.setattr(views.st, "session_state", SessionState())
    monkeypatch.setattr(views.st, "caption", lambda text: None)
    monkeypatch.setattr(views.server, "pictures", lambda: pictures)
    return pictures


def seen(view: View) -> object:
    return view.picture(Frame, patience=0)


def test_a_live_picture_that_came_between_two_ticks_is_shown(pictures: Pictures):
    assert seen(LIVE) is None
    pictures.answer(0).set_result("frame of step 0")  # after the tick had stopped waiting
    assert seen(replace(LIVE, step=9)) == "frame of step 0"
    assert list(pictures.requests) == [0, 9]  # and the next is under way already
    assert seen(replace(LIVE, step=12)) == "frame of step 0"
    assert list(pictures.requests) == [0, 9]  # one at a time


def test_a_refused_live_picture_does_not_replace_what_was_shown(pictures: Pictures):
    seen(LIVE)
    pictures.answer(0).set_result("frame of step 0")
    seen(replace(LIVE, step=9))
    pictures.answer(9).set_exception(ValueError("cannot be"))
    assert seen(replace(LIVE, step=12)) == "frame of step 0"


def test_who_goes_back_does_not_see_what_was_asked_for_live(pictures: Pictures):
    seen(LIVE)
    past = replace(LIVE, live=False, step=3)
    pictures.answer(0).set_result("frame of the newest step")
    assert seen(past) is None
    pictures.answer(3).set_result("frame of step 3")
    assert seen(past) == "frame of step 3"
    assert set(pictures.past) == {3}


def test_a_refusal_that_two_pictures_share_is_said_once(pictures: Pictures, monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    monkeypatch.setattr(views.st, "warning", lambda words, **_: said.append(words))
    view = replace(LIVE, refused=set())
    twin = replace(view, place="twin", step=1)
    for one in (view, twin):
        assert seen(one) is None
    for step, why in ((0, "cannot be"), (1, "cannot be")):
        pictures.answer(step).set_exception(ValueError(why))
    assert seen(view) is seen(twin) is None
    assert said == ["cannot be"]
    assert seen(replace(view, refused=set())) is None, "the next drawing says it again"
    assert said == ["cannot be"] * 2


def test_a_page_beside_a_feed_waits_for_nothing_live():
    fed = replace(LIVE, fed=True)
    assert fed.patience == 0 < LIVE.patience
    assert fed.at(3, place="then").patience == LIVE.at(3, place="then").patience > 0


def test_what_is_of_the_whole_run_keeps_no_picture_of_a_step_waiting(pictures: Pictures, monkeypatch):
    """The heads' history is computed in the slow lane, behind others': the step that is shown is exact without it."""
    run = SimpleNamespace(id="a", newest_snapshot=lambda: 60)
    past = replace(LIVE, run=run, live=False, step=20, waits=[], refines=[])
    assert past.newest().picture(Frame, 0, "slow", patience=0) is None
    assert (past.waiting, past.refines) == ("", ["computing…"])
    assert past.picture(Frame, patience=0) is None
    assert past.waiting == "computing…"

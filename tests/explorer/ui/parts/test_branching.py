"""A branch that is being made: announced at once, and what is turned meanwhile is kept for it."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from explorer.processes.client import Request
from explorer.ui import branching, chosen, refusals, server, visit
from explorer.ui.attention.opening import Opening
from explorer.ui.visit import Visit


class Host:
    """Writes down orders; answers when it is told to."""

    def __init__(self) -> None:
        self.requested: list[Request] = []
        self.orders: list[tuple] = []

    def request(self, kind: type, **arguments: object) -> Request:
        self.requested.append(Request())
        return self.requested[-1]

    def order(self, path: Path, kind: str, **detail: object) -> Future:
        self.orders.append((path.stem, kind, detail))
        done: Future = Future()
        done.set_result(None)
        return done


@pytest.fixture
def host(monkeypatch) -> Host:
    host, state = Host(), Visit(run="trunk-3f2a9c")
    monkeypatch.setattr(server, "host", lambda: host)
    monkeypatch.setattr(server, "visitor", lambda: "")
    monkeypatch.setattr(visit, "state", lambda: state)
    monkeypatch.setattr(chosen, "room", lambda: None)
    monkeypatch.setattr(chosen, "made", lambda path: None)
    monkeypatch.setattr(chosen, "open_run", lambda name: setattr(state, "run", name))
    monkeypatch.setattr(branching.st, "toast", lambda *words, **more: None)
    return host


RUN = SimpleNamespace(
    id="trunk-3f2a9c",
    path=Path("trunk-3f2a9c.run"),
    config_at=lambda step: SimpleNamespace(train=SimpleNamespace(steps=None)),
    config=SimpleNamespace(nearest_preset=lambda: ("reverse", {})),
    status=SimpleNamespace(state="training", reason=""),
)


def test_a_branch_is_announced_at_once_and_gets_what_was_turned_meanwhile(host: Host):
    branching.begin(RUN, 20, {})
    assert visit.state().making.words == "making a branch at step 20 …"
    branching.follow()
    assert visit.state().run == RUN.id, "not there yet"
    branching.order(RUN, "set", **{"optimizer.lr": 0.1})
    branching.order(RUN, "set", **{"train.clip": None})
    branching.order(RUN, "ablate", head="blocks.0.attention.1")
    assert host.orders == []
    host.requested[0].answer.set_result(None)
    branching.follow()
    new = visit.state().run
    assert new != RUN.id
    assert host.orders == [
        (new, "set", {"optimizer.lr": 0.1}),
        (new, "set", {"train.clip": None}),
        (new, "ablate", {"head": "blocks.0.attention.1"}),
        (new, "play", {}),
    ], "and it goes on with that"
    assert visit.state().making is None
    branching.order(RUN, "set", **{"optimizer.lr": 0.3})
    assert host.orders[-1] == (RUN.id, "set", {"optimizer.lr": 0.3}), "of the run itself again"


def test_a_branch_is_looked_at_as_the_run_that_it_came_from(host: Host, monkeypatch):
    monkeypatch.setattr(branching.st, "session_state", {})
    visit.kept(Opening, RUN.id).head = "blocks.0.attention.1"
    branching.begin(RUN, 20, {})
    host.requested[0].answer.set_result(None)
    branching.follow()
    assert visit.kept(Opening, visit.state().run).head == "blocks.0.attention.1"


def test_what_a_branch_is_made_for_is_ordered_after_what_was_turned_meanwhile_and_it_counts_as_new(host: Host):
    branching.begin(RUN, 20, {}, [branching.PLAY])
    branching.order(RUN, "set", **{"optimizer.lr": 0.1})
    assert not branching.fresh(SimpleNamespace(id=RUN.id))
    host.requested[0].answer.set_result(None)
    branching.follow()
    new = visit.state().run
    assert [kind for _, kind, _ in host.orders] == ["set", "play"]
    assert branching.fresh(SimpleNamespace(id=new))
    assert not branching.fresh(RUN)


def test_a_second_branch_waits_for_the_first(host: Host, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(refusals, "keep", said.append)
    branching.begin(RUN, 20, {})
    branching.begin(RUN, 30, {})
    assert len(host.requested) == 1
    assert "being made already" in said[0]


def test_a_knob_of_another_run_is_that_runs(host: Host):
    branching.begin(RUN, 20, {})
    other = SimpleNamespace(id="other-3f2a9c", path=Path("other-3f2a9c.run"), status=RUN.status)
    branching.order(other, "set", **{"optimizer.lr": 0.1})
    assert host.orders == [(other.id, "set", {"optimizer.lr": 0.1})]


def test_a_branch_that_cannot_be_made_is_refused_in_a_sentence(host: Host, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(refusals, "keep", said.append)
    branching.begin(RUN, 20, {})
    host.requested[0].answer.set_exception(ValueError("its text is not here"))
    branching.follow()
    assert said == ["no branch was made: its text is not here"]
    assert (visit.state().run, visit.state().making) == (RUN.id, None)


@pytest.mark.parametrize(
    ("state", "reason", "plays"),
    [("paused", "branched from trunk-3f2a9c at step 20", True), ("paused", "by hand", False), ("training", "", False)],
)
def test_a_knob_turned_on_a_branch_that_waits_for_it_has_it_go_on(host: Host, state: str, reason: str, plays: bool):
    branching.begin(RUN, 20, {})
    host.requested[0].answer.set_result(None)
    branching.follow()
    new = visit.state().run
    run = SimpleNamespace(id=new, path=Path(f"{new}.run"), status=SimpleNamespace(state=state, reason=reason))
    branching.order(run, "set", **{"optimizer.lr": 0.3})
    assert host.orders == [(new, "set", {"optimizer.lr": 0.3})] + [(new, "play", {})] * plays


def test_a_knob_of_the_run_that_was_left_just_now_is_the_branchs(host: Host, monkeypatch):
    branching.begin(RUN, 20, {})
    host.requested[0].answer.set_result(None)
    branching.follow()
    new = SimpleNamespace(id=visit.state().run)
    monkeypatch.setattr(chosen, "run", lambda: new)
    assert branching.meant(new) is new
    assert branching.meant(RUN) is new, "the hand was faster than the page"
    assert branching.meant(SimpleNamespace(id="other-3f2a9c")) is None
    monkeypatch.setattr(branching, "GLOWS", 0.0)
    assert branching.meant(RUN) is None

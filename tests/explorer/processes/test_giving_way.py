"""A training rests for pictures of the past, and for nothing else, and at most every second moment."""

from __future__ import annotations

import json
from contextlib import closing
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import TINY

from explorer import Run
from explorer.processes import giving_way
from explorer.processes.child import Child
from explorer.processes.giving_way import AFTER, WHILE, Rest
from explorer.processes.host import Host
from explorer.processes.job import Job
from explorer.processes.lanes import Lane
from explorer.processes.worker import Worker
from explorer.runs import file


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(giving_way, "time", clock)
    return clock


def test_a_training_rests_until_a_picture_of_the_past_is_painted(clock: Clock):
    rest = Rest()
    assert rest.left() == 0
    rest.give(WHILE)
    assert rest.left() == pytest.approx(WHILE)
    clock.now += 0.04
    rest.give(AFTER)
    assert rest.left() == pytest.approx(AFTER)
    clock.now += AFTER + 0.001
    assert rest.left() == 0


def test_however_many_look_at_the_past_a_training_keeps_half_of_its_time(clock: Clock):
    rest, rested, begun = Rest(), 0.0, clock.now
    while clock.now < begun + 20:
        rest.give(WHILE)
        left = min(rest.left(), 0.02)  # until the next one is asked for
        clock.now += left or 0.01  # a rest, or a step
        rested += left
    assert 0.4 < rested / 20 <= 0.51


def test_a_rest_that_a_pause_cut_short_holds_no_later_one_back(clock: Clock):
    rest = Rest()
    rest.give(WHILE)
    assert rest.left()
    clock.now += 3600  # paused: nobody asked how long it still rests
    assert rest.left() == 0
    rest.give(WHILE)
    assert rest.left() == pytest.approx(WHILE)


class HostAlone(Host):
    """A host without processes: whoever is a child keeps its messages."""

    def __init__(self) -> None:
        self.heard: dict[str, Connection] = {}
        super().__init__(self.child("server").pipe, 1, "")
        self.lanes.lanes = {"quick": Lane("quick", self.child("quick"))}

    def child(self, name: str) -> Child:
        pipe, self.heard[name] = Pipe()
        return Child(None, pipe)

    def messages_of(self, name: str) -> list[Any]:
        messages = []
        while self.heard[name].poll():
            messages.append(json.loads(self.heard[name].recv_bytes()))
        return messages


@pytest.mark.parametrize(("past", "few", "rests"), [(True, True, [WHILE, AFTER]), (False, True, []), (True, False, [])])
def test_only_a_picture_of_the_past_is_given_way_and_only_where_cores_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, past: bool, few: bool, rests: list[float]
):
    monkeypatch.setattr(giving_way, "FEW", few)
    host = HostAlone()
    for name, away in (("trains", False), ("trains elsewhere", True)):
        job = host.jobs[name] = Job([tmp_path / "a.run"], away=away)
        job.child = host.child(name)
    request = {"lane": "quick", "past": past, "visit": "", "function": "explorer:x", "arguments": {}}
    host.from_server({"request": 1} | request)
    host.lanes.answered(host.lanes.lanes["quick"], {"refused": "no such step"})
    assert [message["rest"] for message in host.messages_of("trains")] == rests
    assert host.messages_of("trains elsewhere") == []


def test_a_worker_that_rests_obeys_and_takes_no_step(tmp_path: Path):
    path = tmp_path / "tiny.run"
    file.begin(path, TINY)
    orders, heard = Pipe()
    worker = Worker([path], heard)
    (racer,) = worker.racers.values()

    def say(**message: Any) -> None:
        orders.send_bytes(json.dumps(message).encode())

    class Resting(Rest):
        """Ends when it has been looked at so often."""

        looks = 0

        def left(self) -> float:
            self.looks += 1
            if self.looks == 20:
                say(run=str(path), n=2, kind="bookmark")
            elif self.looks == 40:
                assert racer.training.step == 0
                self.until = 0.0
            elif self.looks == 60:
                orders.close()
            return min(0.001, max(0.0, self.until))

    worker.rest = Resting()
    say(rest=60)
    say(run=str(path), n=1, kind="play")
    worker.run()
    assert racer.training.step > 0
    with closing(Run.open(path)) as run:
        assert next(e for e in run.events if e.kind == "bookmark").step == 0

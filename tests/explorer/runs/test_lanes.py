"""Whose turn it is: visits take turns, a text is read apart, and what nobody waits for any more is not computed."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_runs import TINY, recorded
from waiting import until

from explorer import RunConfig
from explorer.answers.records.attention import AttentionMaps
from explorer.answers.records.task import Fit
from explorer.processes import lanes, looker
from explorer.processes.child import Child
from explorer.processes.lanes import MOST_TEXTS, Lanes
from explorer.tasks import cache


class Alone(Lanes):
    """Lanes whose lookers are played by the test: each keeps what it gets."""

    def __init__(self) -> None:
        self.ends: dict[int, Connection] = {}
        self.killed: list[Child] = []
        self.messages: list[dict[str, Any]] = []
        self.number = 0
        super().__init__(self.looker, lambda message, data: self.messages.append(message), lambda seconds: None)
        self.prepare()

    def looker(self) -> Child:
        ours, theirs = Pipe()
        child = Child(None, ours)
        child.process = SimpleNamespace(kill=lambda: self.killed.append(child))
        self.ends[id(child)] = theirs
        return child

    def ask(self, visit: str, lane: str = "quick", path: str = "a.run") -> int:
        self.number += 1
        request = {"lane": lane, "past": False, "visit": visit, "function": "explorer:x", "arguments": {"path": path}}
        self.add({"request": self.number} | request)
        return self.number

    def computed(self, name: str) -> int:
        """Lets a looker answer; which request that was."""
        lane = self.lanes[name]
        assert lane.request is not None
        number = int(lane.request["request"])
        self.answered(lane, {"refused": "done"})
        return number


def test_visits_take_turns_and_of_one_the_newest_comes_first():
    own = Alone()
    first = own.ask("a")
    a2, a3, a4, b1, b2 = own.ask("a"), own.ask("a"), own.ask("a"), own.ask("b"), own.ask("b")
    assert [own.computed("quick") for _ in range(6)] == [first, a4, b2, a3, b1, a2]


def test_one_visits_text_is_in_nobodys_way():
    own = Alone()
    own.ask("a", "texts")
    own.ask("b", "texts")
    own.ask("b", "texts")
    assert own.lanes["texts a"].request is not None
    assert own.lanes["texts b"].request is not None
    assert len(own.lanes["texts b"].turns) == 1
    assert all(own.lanes[name].request is None for name in lanes.SHARED)


def test_only_so_many_texts_are_read_at_once_and_an_idle_reader_makes_room():
    own = Alone()
    for visit in range(MOST_TEXTS + 2):
        own.ask(str(visit), "texts")
    readers = [lane for name, lane in own.lanes.items() if name not in lanes.SHARED]
    assert len(readers) == MOST_TEXTS
    assert sum(len(lane.turns) for lane in readers) == 2
    while readers[0].request is not None:
        own.answered(readers[0], {"refused": "done"})
    own.ask("late", "texts")
    assert own.lanes["texts late"].request is not None
    assert own.killed == [readers[0].looker]


def test_a_slow_picture_leaves_the_quick_lane_only_while_others_are_there(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(lanes.time, "monotonic", lambda: now[0])
    own = Alone()

    def ask(visit: str, path: str) -> str:
        number = own.ask(visit, path=path)
        where = next(n for n, lane in own.lanes.items() if lane.request and lane.request["request"] == number)
        now[0] += 1.0 if path == "heavy.run" else 0.01
        own.computed(where)
        return where

    assert [ask("a", "heavy.run"), ask("a", "heavy.run")] == ["quick", "quick"]  # alone it is in nobody's way
    assert [ask("b", "light.run"), ask("a", "heavy.run"), ask("b", "light.run")] == ["quick", "slow", "quick"]
    now[0] += 60.0
    assert ask("a", "heavy.run") == "quick"


def test_what_a_visit_that_left_waited_for_is_called_off_and_its_reader_ends():
    own = Alone()
    running, waiting, others = own.ask("a"), own.ask("a"), own.ask("b")
    own.ask("a", "texts")
    reader = own.lanes["texts a"]
    own.left("a")
    assert [message["request"] for message in own.messages] == [waiting]
    assert own.killed == [reader.looker]
    own.lost(reader)
    assert "failed" in own.messages[-1]
    assert "texts a" not in own.lanes
    assert [own.computed("quick") for _ in range(2)] == [running, others]


def test_what_a_killed_looker_computed_is_computed_once_more_and_not_for_ever():
    own = Alone()
    number = own.ask("a")
    dead = own.lanes["quick"].looker
    own.lost(own.lanes["quick"])
    assert own.lanes["quick"].looker is not dead
    assert own.messages == []
    assert own.lanes["quick"].request["request"] == number
    own.lost(own.lanes["quick"])
    ((message),) = own.messages
    assert message["request"] == number
    assert "was killed" in message["failed"]


def test_a_quick_looker_reads_what_was_made_and_leaves_the_making_to_another(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = Pipe()
    text = " ".join(f"a{i} b{i * 7 % 311}" for i in range(400))
    own = RunConfig.preset("shakespeare").replace({"task.name": "text", "task.text": text, "task.tokenizer": "bpe"})
    function = "explorer.answers.task:fit"
    monkeypatch.setattr(cache, "makes", True)
    monkeypatch.setattr(cache, "load", lambda path: (_ for _ in ()).throw(FileNotFoundError(path)))
    thread = threading.Thread(target=looker.main, args=({}, theirs))
    thread.start()
    ours.send_bytes(
        json.dumps({"lane": "quick", "function": function, "arguments": {"config": own.to_json()}}).encode()
    )
    assert json.loads(ours.recv_bytes()) == {"moved": "texts"}
    ours.close()
    thread.join()


def test_a_picture_that_needs_a_text_read_first_moves_to_the_readers():
    own = Alone()
    number = own.ask("a")
    own.answered(own.lanes["quick"], {"moved": "texts"})
    assert own.messages == []
    assert own.lanes["texts a"].request["request"] == number
    assert own.lanes["quick"].request is None


@pytest.mark.parametrize("seconds", [4, pytest.param(30, marks=pytest.mark.prove)])
def test_a_visit_with_a_heavy_text_leaves_the_others_updates_as_they_were(client, tmp_path: Path, seconds: int):
    chance = random.Random(0)
    words = min(40 * seconds, 550)  # of so many letters, a text as long as one may be
    heavy = " ".join("".join(chance.choices("ACGT", k=9000)) for _ in range(words))
    own = {"task.name": "text", "task.text": heavy, "task.tokenizer": "bpe", "task.bpe_size": 4096}
    config = RunConfig.preset("shakespeare").replace(own).to_json()
    path = tmp_path / "tiny.run"
    recorded(path, 30, TINY, every=1).close()
    pace = threading.Event()

    def updates(during: float, over: Callable[[], bool] = lambda: False) -> float:
        """Pictures a second that a visit gets, one after another, until the time or what goes on beside it is over."""
        end, count, begun = time.monotonic() + during, 0, time.monotonic()
        while time.monotonic() < end and not over():
            request = client.request(AttentionMaps, visit="light", path=str(path), step=count % 30)
            request.answer.result(timeout=60)
            count += 1
            pace.wait(0.2)  # as often as a browser asks
        return count / (time.monotonic() - begun)

    updates(1)
    alone = updates(seconds / 2)
    fit = client.request(Fit, lane="texts", visit="heavy", config=config)
    begun = time.monotonic()
    beside = updates(seconds / 2, fit.answer.done)
    assert time.monotonic() - begun >= 2, "the longest text that there may be is no heavy one here"
    assert beside >= 0.7 * alone
    if fit.answer.done():  # a fast machine is through with the longest text before the time is over
        assert seconds > 4
        return
    client.left("heavy")
    until(fit.answer.done, "it is called off")
    assert "ask for it again" in str(fit.answer.exception())

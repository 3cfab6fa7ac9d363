"""A real host process: runs trained by orders, and pictures asked for meanwhile."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
from collections import deque
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from families import family
from hosted import alone, becomes, begun, comes_to, look, losses
from tiny_runs import TINY
from waiting import until

from explorer.answers.records.embeddings import PointMap
from explorer.processes.child import FORKS, Child, warm_up
from explorer.processes.client import Client
from explorer.processes.host import Host
from explorer.processes.job import Job
from explorer.processes.looker import GIVES_WAY, call
from explorer.processes.worker import main as worker_main

HEAD = "blocks.0.attention.1"
LR = {"optimizer.lr": 0.002}


def test_a_run_played_paused_limited_and_looked_at_has_the_losses_it_has_alone(client, tmp_path: Path):
    run = begun(tmp_path, config=TINY.replace({"train.steps": 100}))
    client.order(run.path, "speed", value=20)
    client.order(run.path, "play")
    comes_to(run, 5)
    for _ in range(3):
        assert look(client, run, run.newest_snapshot()).loss > 0
    client.order(run.path, "pause", reason="by hand")
    becomes(run, "paused")
    stopped = run.last
    assert stopped < 100
    client.order(run.path, "single")
    comes_to(run, stopped + 1)
    becomes(run, "paused")
    assert run.last == stopped + 1
    client.order(run.path, "speed", value=None)
    client.order(run.path, "play")
    becomes(run, "finished")
    assert losses(run) == alone(100, run.config)
    assert not client.complaints(run.path)


def test_a_limited_run_says_its_limit_however_fast_its_steps_are_computed(client, tmp_path: Path):
    run = begun(tmp_path, config=TINY.replace({"train.steps": 400}))
    client.order(run.path, "speed", value=8)
    client.order(run.path, "play")
    comes_to(run, 12)
    client.order(run.path, "pause", reason="by hand")
    becomes(run, "paused")
    assert run.pace() <= 8 * 1.2
    assert run.speed() > run.pace()


def test_every_order_is_an_event_and_changes_nothing_before_it(client, tmp_path: Path):
    run = begun(tmp_path)
    orders = [
        ("speed", {"value": 200}),
        ("set", LR),
        ("set", {"train.clip": None}),
        ("set", {"optimizer.weight_decay": 0.3}),
        ("set", {"model.dropout": 0.2}),
        ("ablate", {"head": HEAD}),
        ("freeze", {"head": HEAD}),
        ("unfreeze", {"head": HEAD}),
        ("restore", {"head": HEAD}),
        ("reset", {"head": HEAD}),
        ("bookmark", {"label": "here"}),
    ]
    client.order(run.path, "play")
    comes_to(run, 3)
    for kind, detail in orders:
        client.order(run.path, kind, **detail)
    client.order(run.path, "pause", reason="by hand")
    becomes(run, "paused")
    assert [(e.kind, e.detail) for e in run.events] == [
        ("started", {}),
        *orders,
        ("paused", {"reason": "by hand"}),
    ]
    assert all(event.step >= 3 for event in run.events[1:])
    first = run.events[1].step
    assert losses(run)[:first] == alone(first)
    assert run.config_at(run.last).get("train.clip") is None
    assert run.config_at(run.last).get("optimizer.lr") == 0.002
    assert not client.complaints(run.path)


def test_each_step_by_hand_is_an_event(client, tmp_path: Path):
    run = begun(tmp_path)
    for step in range(3):
        client.order(run.path, "single").result(timeout=120)
        comes_to(run, step + 1)
    assert [(e.step, e.kind) for e in run.events] == [(0, "single"), (1, "single"), (2, "single")]
    assert run.events[-1].label == "step 2: one step by hand"
    assert losses(run) == alone(3)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("set", {"optimizer.lr": -1}, "optimizer.lr=-1 is refused"),
        ("set", {"optimizer.lr": "nan"}, "optimizer.lr=nan is refused"),
        ("set", {"model.heads": 1}, "model.heads needs a restart"),
        ("set", {"foo.bar": 1}, "foo.bar"),
        ("ablate", {"head": "blocks.9.attention.0"}, "there is no head blocks.9.attention.0"),
        ("speed", {"value": 0}, "speed=0 is out of range"),
        ("dance", {}, "there is no order dance"),
    ],
)
def test_a_refused_order_says_why_and_the_run_goes_on(client, tmp_path: Path, kind: str, detail: dict, words: str):
    run = begun(tmp_path)
    client.order(run.path, "play")
    client.order(run.path, kind, **detail)
    (sentence,) = until(lambda: client.complaints(run.path), "a complaint")
    assert words in sentence
    assert "\n" not in sentence
    comes_to(run, run.last + 1)
    client.order(run.path, "pause")
    becomes(run, "paused")
    assert [e.kind for e in run.events] == ["started", "paused"]


def test_a_run_whose_file_is_gone_is_refused_in_words(client, tmp_path: Path):
    client.order(tmp_path / "nowhere.run", "play")
    (sentence,) = until(lambda: client.complaints(tmp_path / "nowhere.run"), "a complaint")
    assert "there is no run file nowhere.run" in sentence


@pytest.mark.parametrize("function", ["os:getcwd", "explorer_else:x", "builtins:eval", "explorer", ""])
def test_only_functions_of_the_engine_can_be_asked_for(function: str):
    with pytest.raises(ValueError, match="is not the engine's"):
        call(function, {}, None)


def test_each_lane_has_a_looker_of_its_own_and_what_stands_in_is_asked_for_again(tmp_path: Path):
    client = Client(quota=1)  # its own: another test's runs and texts have processes too
    try:
        assert client.wait()
        run = begun(tmp_path)
        arguments: dict[str, Any] = {"path": str(run.path), "step": 0, "what": "input"}
        look(client, run, 0)
        map_, other = (client.request(PointMap, lane="maps", method=method, **arguments) for method in ("umap", "pca"))
        points = map_.answer.result(timeout=60)
        assert points.standing_in == map_.broken
        assert len(points.points) == len(run.task.vocabulary)
        assert not other.answer.result(timeout=60).standing_in
        assert not other.broken
        host = client.process.pid
        calm = [os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, host) for pid in family(host)]
        assert sorted(calm) == [0, 0, 0, GIVES_WAY]  # the host, the quick one, the slow one unasked; that of maps
    finally:
        client.close()


@pytest.mark.skipif(not FORKS, reason="makes a process by forking")
def test_no_collection_in_a_process_that_is_warm_looks_at_what_was_loaded_once():
    ours, theirs = multiprocessing.Pipe()

    def loads() -> None:
        warm_up()
        theirs.send((gc.isenabled(), gc.get_freeze_count(), len(gc.get_objects())))

    process = multiprocessing.get_context("fork").Process(target=loads)
    process.start()
    assert ours.poll(60)
    works, frozen, looked_at = ours.recv()
    process.join()
    assert works
    assert looked_at < frozen / 100


def test_above_the_quota_runs_wait_their_turn_and_closing_leaves_no_process(tmp_path: Path):
    client = Client(quota=1)
    first, second, third = (begun(tmp_path, name) for name in ("first", "second", "third"))
    client.order(first.path, "play")
    comes_to(first, 3)
    for waiting in (second, third):
        client.order(waiting.path, "play")
    until(lambda: client.place(third.path) == 2, "the third has place 2")
    assert client.place(second.path) == 1
    assert client.concerned(third.path)
    assert not client.working(third.path)
    assert second.last == third.last == 0
    client.order(second.path, "pause", reason="by hand")  # leaves the queue
    becomes(second, "paused")
    assert second.last == 0
    until(lambda: client.place(third.path) == 1, "the third has place 1")
    client.order(first.path, "pause")
    comes_to(third, 3)
    assert client.place(third.path) == 0
    host = client.process.pid
    client.close()
    until(lambda: not client.alive, "the host ends")
    if Path("/proc").exists():
        until(lambda: not family(host), "all its processes end")
    assert third.status.state == "paused"
    assert third.status.reason == "the server stopped"
    assert losses(third) == alone(third.last)


def test_a_run_that_is_over_gives_its_place_away_while_its_worker_still_waits_for_orders(tmp_path: Path, monkeypatch):
    first, second = (begun(tmp_path, name, TINY.replace({"train.steps": 3})) for name in ("first", "second"))
    worker, servers_end = Pipe(), Pipe()
    worker[0].send_bytes(json.dumps({"run": str(first.path), "kind": "play", "n": 1}).encode())
    monkeypatch.setattr("explorer.processes.worker.LINGER_SECONDS", 0.0)
    worker_main({"paths": [str(first.path)]}, worker[1])  # lives until it has nothing to do
    worker[1].close()

    host = Host(servers_end[0], quota=1, bridge="")
    child = Child(SimpleNamespace(exitcode=0, join=lambda: None), worker[0])
    order = {"run": str(first.path), "kind": "play", "n": 1, "detail": {}}
    host.children.append(child)
    host.jobs[str(first.path)] = Job([first.path], deque([order]), child, sent=1)
    hatched: list[list[Path]] = []
    monkeypatch.setattr(host, "hatch", lambda role, paths, away: hatched.append(paths) or Child(None, Pipe()[0]))
    host.order(str(second.path), {"kind": "play", "n": 2, "detail": {}})
    host.attend()
    assert hatched == []
    for _ in range(2):  # the order is obeyed; all steps are taken
        host.from_child(child)
    assert hatched == [[second.path]]
    assert host.jobs[str(first.path)].child is child

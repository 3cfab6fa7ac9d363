"""A real host process: runs trained by orders, pictures asked for meanwhile, and every kind of death."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import random
import signal
from collections import deque
from collections.abc import Iterator
from itertools import islice
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest
from families import family, only_where_told
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.runs import file
from explorer.runs.child import FORKS, Child, warm_up
from explorer.runs.client import Client
from explorer.runs.host import Host
from explorer.runs.job import Job
from explorer.runs.looker import GIVES_WAY
from explorer.runs.worker import main as worker_main

HEAD = "blocks.0.attention.1"
LR = {"optimizer.lr": 0.002}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client(quota=4)
    assert client.wait()
    yield client
    client.close()


def begun(folder: Path, name: str = "tiny", config: RunConfig = TINY) -> Run:
    """A run that nobody has trained yet."""
    file.begin(folder / f"{name}.run", config)
    return Run.open(folder / f"{name}.run")


def alone(steps: int, config: RunConfig = TINY) -> list[float]:
    """The losses that a config has in this process, undisturbed."""
    return [step.loss for step in islice(train(config), steps)]


def losses(run: Run) -> list[float]:
    return run.steps["loss"].tolist()


def comes_to(run: Run, step: int) -> None:
    until(lambda: run.last >= step, f"{run.id} takes {step} steps")


def becomes(run: Run, state: str) -> None:
    until(lambda: run.status.state == state, f"{run.id} is {state}")


def happens(run: Run, kind: str) -> None:
    until(lambda: kind in [e.kind for e in run.events], f"the event {kind}")


def worker_of(client: Client, run: Run) -> int:
    """Lets a run train; gives the process that does."""
    before = family(client.process.pid)
    client.order(run.path, "play")
    until(run.being_written, f"{run.id} has a worker")
    (worker,) = family(client.process.pid) - before
    return worker


def look(client: Client, run: Run, step: int) -> dict:
    """The attention picture's plain values at a step."""
    request = client.request("explorer.runs.views.attention:patterns", path=str(run.path), step=step)
    return request.answer.result(timeout=30)[0]


def test_a_run_played_paused_limited_and_looked_at_has_the_losses_it_has_alone(client, tmp_path: Path):
    run = begun(tmp_path, config=TINY.replace({"train.steps": 300}))
    client.order(run.path, "speed", value=60)
    client.order(run.path, "play")
    comes_to(run, 5)
    for _ in range(3):
        assert look(client, run, run.newest_snapshot())["loss"] > 0
    client.order(run.path, "pause", reason="by hand")
    becomes(run, "paused")
    stopped = run.last
    assert stopped < 300
    client.order(run.path, "single")
    comes_to(run, stopped + 1)
    becomes(run, "paused")
    assert run.last == stopped + 1
    client.order(run.path, "speed", value=None)
    client.order(run.path, "play")
    becomes(run, "finished")
    assert losses(run) == alone(300, run.config)
    assert not client.complaints(run.path)


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
        client.order(run.path, "single").result(timeout=30)
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
def test_only_functions_of_the_engine_can_be_asked_for(client, function: str):
    with pytest.raises(ValueError, match="is not the engine's"):
        client.request(function).answer.result(timeout=30)


@only_where_told
@pytest.mark.parametrize("deaths", [3, pytest.param(20, marks=pytest.mark.prove)])
def test_a_worker_killed_at_random_moments_leaves_a_run_that_goes_on_bit_for_bit(client, tmp_path: Path, deaths: int):
    run = begun(tmp_path)
    chance = random.Random(deaths)
    for _ in range(deaths):
        worker = worker_of(client, run)
        comes_to(run, run.last + chance.randint(1, 60))
        os.kill(worker, signal.SIGKILL)
        becomes(run, "interrupted")
        until(lambda: not client.working(run.path), "the death is noticed")
    client.order(run.path, "play")
    comes_to(run, run.last + 5)
    client.order(run.path, "pause")
    becomes(run, "paused")
    assert losses(run) == alone(run.last)


@only_where_told
def test_an_order_to_a_worker_that_has_just_died_makes_a_new_one(client, tmp_path: Path):
    run = begun(tmp_path)
    worker = worker_of(client, run)
    comes_to(run, 3)
    os.kill(client.process.pid, signal.SIGSTOP)  # so that the host hears of the death and of the order at once
    os.kill(worker, signal.SIGKILL)
    until(lambda: not run.being_written(), "the worker's death")
    stopped = run.last
    client.order(run.path, "play")
    os.kill(client.process.pid, signal.SIGCONT)
    comes_to(run, stopped + 1)
    client.order(run.path, "pause")
    becomes(run, "paused")
    assert losses(run) == alone(run.last)


@only_where_told
def test_a_looker_that_dies_says_so_and_the_next_picture_comes(client, tmp_path: Path):
    run = begun(tmp_path)
    client.order(run.path, "single")
    comes_to(run, 1)
    becomes(run, "paused")
    until(lambda: not client.working(run.path), "its worker ends")
    host = client.process.pid
    for looker in family(host) - {host}:
        os.kill(looker, signal.SIGSTOP)  # so that a picture is being computed when they die
    request = client.request("explorer.runs.views.attention:patterns", path=str(run.path), step=1)
    for looker in family(host) - {host}:
        os.kill(looker, signal.SIGKILL)
    refusal = request.answer.exception(timeout=30)
    assert refusal is None or "try again" in str(refusal)  # where it was already being computed
    assert look(client, run, 1)["step"] == 1
    assert client.alive


def test_each_lane_has_a_looker_of_its_own_and_what_stands_in_is_asked_for_again(client, tmp_path: Path):
    run = begun(tmp_path)
    view, asked = "explorer.runs.views.embeddings:frame", {"path": str(run.path), "step": 0, "what": "input"}
    look(client, run, 0)
    map_, other = (client.request(view, lane="maps", method=method, **asked) for method in ("umap", "pca"))
    plain, arrays = map_.answer.result(timeout=60)
    assert plain["standing_in"] == map_.broken
    assert len(arrays["points"]) == len(run.task.vocabulary)
    assert not other.answer.result(timeout=60)[0]["standing_in"]
    assert not other.broken
    host = client.process.pid
    calm = [os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, host) for pid in family(host)]
    assert sorted(calm) == [0, 0, 0, GIVES_WAY]  # the host, the quick one, the slow one unasked; that of maps


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
    monkeypatch.setattr("explorer.runs.worker.LINGER_SECONDS", 0.0)
    worker_main([first.path], worker[1])  # lives until it has nothing to do
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


@only_where_told
def test_when_the_host_is_killed_workers_pause_and_no_process_is_left(tmp_path: Path):
    client = Client(quota=2)
    runs = [begun(tmp_path, name) for name in ("one", "two")]
    for run in runs:
        client.order(run.path, "play")
    for run in runs:
        comes_to(run, 3)
    host = client.process.pid
    request = client.request("explorer.runs.views.attention:patterns", path=str(runs[0].path), step=0)
    client.process.kill()
    until(lambda: not family(host), "all its processes end")
    for run in runs:
        assert (run.status.state, run.status.reason) == ("paused", "the server stopped")
        assert losses(run) == alone(run.last)
    assert request.answer.exception(timeout=10) is None or "ended" in str(request.answer.exception())
    with pytest.raises(ValueError, match="reload the page"):
        client.order(runs[0].path, "play")
    client.close()

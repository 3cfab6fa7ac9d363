"""Trials and races on a real Ray of two workers: the same as here, bit for bit, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from ray_cluster import QUIET, Cluster, two_workers
from searches import SMALL
from tiny_runs import TINY
from waiting import until

from explorer import Run, RunConfig, train
from explorer.cluster.address import VARIABLE
from explorer.processes.client import Client
from explorer.runs import catalogue, race
from explorer.search import search as file
from explorer.search.ledger import Ledger

pytest.importorskip("ray")
pytestmark = pytest.mark.prove
STEPS = 60
CONFIGS = {
    "Adam": TINY.replace({"optimizer.name": "adam", "train.steps": STEPS}),
    "Muon, dropout": TINY.replace({"optimizer.name": "muon", "model.dropout": 0.1, "train.steps": STEPS}),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with two_workers() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (QUIET | {VARIABLE: cluster.address}).items():
            patch.setenv(name, value)
        client = Client(quota=2)
    assert client.wait()
    yield client
    client.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)


def alone(config: RunConfig) -> list[float]:
    return [step.loss for step in islice(train(config), STEPS)]


def losses(run: Run) -> list[float]:
    return run.steps["loss"].tolist()


def all_become(runs: list[Run], state: str) -> None:
    until(lambda: all(run.status.state == state for run in runs), f"all are {state}", 60)


def begun(mode: race.Mode) -> list[Run]:
    return [Run.open(path) for path in race.begin(CONFIGS, "tiny", mode)]


def searched(client: Client, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "small.search"
    file.write(path, SMALL, "waiting")
    client.order(path, "play")
    return path


def finished(path: Path) -> None:
    until(lambda: file.read(path)[1].state == "finished", "the search is finished", 120)


def found(path: Path) -> list[tuple]:
    """All that a search found, to the bit."""
    trials = Ledger(path).trials(SMALL)
    weights = [Run.open(t.path).snapshot(t.last).weights for t in trials]
    return [
        (t.number, t.params, t.end, t.reason, t.last, t.steps.tolist(), t.losses.tolist(), w)
        for t, w in zip(trials, weights, strict=True)
    ]


def test_a_ray_trial_equals_the_local_one(client, cluster, tmp_path: Path):
    away = searched(client, tmp_path / "away")
    until(lambda: len(cluster.actors()) == 2, "two trials train at once on the cluster", 60)
    finished(away)
    assert not client.complaints(away)
    here = Client(quota=2)
    assert here.wait()
    local = searched(here, tmp_path / "here")
    finished(local)
    here.close()
    assert found(away) == found(local)


@pytest.mark.parametrize("mode", ["lockstep", "workers"])
def test_each_contender_has_the_losses_it_has_alone_and_obeys(client, cluster, mode):
    runs = begun(mode)
    client.order(runs[0].path, "speed", value=20)
    client.order(runs[0].path, "play")
    until(lambda: all(run.last > 3 for run in runs), "both take steps", 60)
    assert cluster.actors()
    client.order(runs[1].path, "pause", reason="by hand")
    all_become(runs, "paused")
    client.order(runs[0].path, "bookmark", label="here").result(timeout=120)
    client.order(runs[0].path, "speed", value=None)
    client.order(runs[0].path, "play")
    all_become(runs, "finished")
    assert [losses(run) for run in runs] == [alone(config) for config in CONFIGS.values()]
    assert [e.kind for e in runs[1].events] == ["speed", "started", "paused", "speed", "resumed", "finished"]
    assert [e.kind for e in runs[0].events if e.kind == "bookmark"] == ["bookmark"]
    assert runs[0].snapshot_steps[0] == 0
    assert not any(client.complaints(run.path) for run in runs)


def test_what_waits_for_a_core_takes_the_place_of_what_ends(client, cluster):
    first, second = begun("workers"), [Run.open(path) for path in race.begin(CONFIGS, "again", "workers")]
    for run in (first[0], second[0]):
        client.order(run.path, "play")
    until(lambda: all(run.status.state == "finished" for run in first + second), "both races are finished", 30)
    client.order(first[0].path, "bookmark", label="here")  # whose run is over, and stays so while it waits for a core
    until(lambda: first[0].events[-1].kind == "bookmark", "it is marked")
    until(lambda: not client.working(first[0].path), "its worker has ended")
    assert first[0].status.state == "finished"


def test_a_search_whose_actors_are_killed_goes_on_to_the_same_trials(client, cluster, tmp_path: Path):
    path = searched(client, tmp_path / "killed")
    until(lambda: any(t.last > 3 for t in Ledger(path).trials(SMALL)), "a trial trains", 60)
    for actor in cluster.actors():
        os.kill(actor, signal.SIGKILL)
    states = set()

    def over() -> bool:
        states.add(file.read(path)[1].state)
        return states >= {"finished"}

    until(over, "the search has gone on to its end by itself", 120)
    assert "paused" not in states
    trials = Ledger(path).trials(SMALL)
    reasons = [e.detail["reason"] for t in trials for e in Run.open(t.path).events if e.kind == "paused"]
    assert reasons
    assert all(
        "the process or the machine that trained has ended, and the Ray cluster at" in reason for reason in reasons
    )
    assert not {t.state for t in trials} & {"training", "interrupted"}
    for t in trials:
        config = SMALL.config_of(t.params)
        assert losses(Run.open(t.path)) == [step.loss for step in islice(train(config), t.last)]


def test_a_lost_cluster_is_said_in_one_sentence_and_nothing_hangs(client, cluster):
    """The last one: afterwards there is no cluster any more."""
    runs = begun("lockstep")
    client.order(runs[0].path, "speed", value=20)
    client.order(runs[0].path, "play")
    until(lambda: runs[0].last > 3, "it trains", 60)
    cluster.kill()
    all_become(runs, "paused")
    assert f"the Ray cluster at {VARIABLE}={cluster.address} was lost" in runs[0].status.reason
    until(lambda: not client.working(runs[0].path), "its worker has ended", 60)
    complaints = client.complaints(runs[0].path)
    assert any("was lost" in sentence for sentence in complaints)
    client.order(runs[0].path, "play")
    until(lambda: any(VARIABLE in sentence for sentence in client.complaints(runs[0].path)), "it is said again", 60)
    assert runs[0].status.state == "paused"

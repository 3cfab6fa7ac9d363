"""Which cluster, and what is said where there is none: one sentence that names the variable and the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from searches import SMALL
from tiny_runs import TINY
from waiting import until

from explorer import Run
from explorer.cluster import address
from explorer.cluster.address import VARIABLE
from explorer.processes.client import Client
from explorer.runs import catalogue, race
from explorer.search import search as file

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("given", "found"),
    [("10.0.0.5:6379", ("10.0.0.5", 6379)), ("ray://head:10001", ("head", 10001)), ("auto", None)],
)
def test_an_address_is_a_host_and_a_port_or_left_to_ray(given, found):
    assert address.place(given) == found


@pytest.mark.parametrize("given", ["local", "10.0.0.5", "http://head:1", "head:0", "head:99999", "a b:1", "<b>:1"])
def test_any_other_is_refused_in_words(given):
    with pytest.raises(ValueError, match=f"^{VARIABLE}=.* is no cluster's address; write .* or unset {VARIABLE}"):
        address.place(given)


def test_without_ray_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(address, "find_spec", lambda name: None)
    refusal = address.refusal("head:6379")
    assert refusal.startswith(f"{VARIABLE} is set, but Ray is not installed; pip install -r requirements-ray.txt, or")


def test_where_no_cluster_is_asked_for_none_of_it_is_loaded():
    code = "import sys, explorer.processes.host, explorer.search.driver; print(sorted(sys.modules))"
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "'explorer.search.driver'" in loaded
    assert "'ray'" not in loaded
    assert "'explorer.cluster.away'" not in loaded
    assert "'explorer.cluster.bridge'" not in loaded


@pytest.mark.prove
def test_a_cluster_that_is_not_there_stops_a_search_and_a_race_with_the_reason(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    monkeypatch.setenv(VARIABLE, "127.0.0.1:1")
    reason = "there is no Ray cluster at" if find_spec("ray") else "Ray is not installed"
    client = Client(quota=2)
    assert client.wait()
    path = tmp_path / "small.search"
    file.write(path, SMALL, "waiting")
    client.order(path, "play")
    runs = [Run.open(path) for path in race.begin({"one": TINY, "two": TINY}, "tiny")]
    client.order(runs[0].path, "play")
    until(lambda: all(run.status.state == "paused" for run in runs), "the race says that it is not trained")
    until(lambda: file.read(path)[1].state == "paused", "the search has stopped")
    for stated in (runs[1].status.reason, file.read(path)[1].reason):
        assert reason in stated
        assert VARIABLE in stated
        assert f"or unset {VARIABLE}" in stated
    until(lambda: any(reason in sentence for sentence in client.complaints(runs[1].path)), "the visitor is told")
    client.close()
    assert Run.open(file.trial_path(path, 0)).status.state == "paused"

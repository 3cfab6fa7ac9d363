"""Every kind of death: of a worker, a looker, a client and the host."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest
from families import family, needs_proc
from hosted import alone, becomes, begun, comes_to, look, losses, worker_of
from waiting import until

from explorer.answers.records.attention import AttentionMaps
from explorer.processes import client as client_module
from explorer.processes.child import Child
from explorer.processes.client import Client
from explorer.processes.host import Host
from explorer.runs import leftovers


@needs_proc
@pytest.mark.parametrize("deaths", [3, pytest.param(200, marks=pytest.mark.prove)])
def test_a_run_whose_worker_is_killed_at_random_moments_goes_on_by_itself_bit_for_bit(
    client, tmp_path: Path, deaths: int
):
    run = begun(tmp_path)
    chance = random.Random(deaths)
    worker = worker_of(client, run)
    for _ in range(deaths):
        comes_to(run, run.last + chance.randint(1, 60))
        others = family(client.process.pid) - {worker}
        os.kill(worker, signal.SIGKILL)
        (worker,) = until(lambda others=others, dead=worker: family(client.process.pid) - others - {dead}, "another")
        (sentence,) = until(lambda: client.complaints(run.path), "it is said")
        assert "the process that trained this run was killed; another one goes on" in sentence
    comes_to(run, run.last + 5)
    client.order(run.path, "pause")
    becomes(run, "paused")
    assert losses(run) == alone(run.last)


@needs_proc
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


@needs_proc
def test_what_a_looker_that_dies_was_computing_comes_all_the_same(client, tmp_path: Path):
    run = begun(tmp_path)
    client.order(run.path, "single")
    comes_to(run, 1)
    becomes(run, "paused")
    until(lambda: not client.working(run.path), "its worker ends")
    host = client.process.pid
    for looker in family(host) - {host}:
        os.kill(looker, signal.SIGSTOP)  # so that a picture is being computed when they die
    request = client.request(AttentionMaps, path=str(run.path), step=1)
    for looker in family(host) - {host}:
        os.kill(looker, signal.SIGKILL)
    assert request.answer.result(timeout=120).step == 1
    assert look(client, run, 1).step == 1
    assert client.alive


@needs_proc
@pytest.mark.parametrize("name", ["tiny.run", "tiny.search"])
def test_what_is_killed_before_any_step_again_and_again_is_given_up_in_a_sentence(
    tmp_path: Path, monkeypatch, name: str
):
    begun(tmp_path)
    begun(tmp_path, "tiny-t000")
    path = str(tmp_path / name)
    host = Host(Pipe()[0], quota=1, bridge="")
    hatched, complaints = [], []

    def hatch(role: str, paths: list[Path], away: bool) -> Child:
        child = Child(SimpleNamespace(exitcode=-9, join=lambda: None), Pipe()[0])
        host.children.append(child)
        hatched.append(child)
        return child

    monkeypatch.setattr(host, "hatch", hatch)
    monkeypatch.setattr(host, "say", lambda message, data=None: complaints.append(message.get("failed")))
    host.order(path, {"kind": "play", "n": 1, "detail": {}})
    host.attend()
    while len(hatched) < 20 and host.children:
        host.jobs[path].training = True
        host.lost(host.children[0])
    assert len(hatched) == 4
    assert "again and again" in [sentence for sentence in complaints if sentence][-1]


@needs_proc
def test_the_folder_of_a_killed_client_is_removed_by_the_next_and_that_of_a_living_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import os, signal; from explorer.processes.client import Client; "
        "Client(1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)}, check=False)
    (left,) = tmp_path.iterdir()
    living = Client(1)
    assert not left.exists()
    leftovers.sweep(tmp_path, client_module.FOLDER)
    (own,) = tmp_path.iterdir()
    living.wait()
    living.close()
    assert not own.exists()


@needs_proc
def test_when_the_host_is_killed_workers_pause_and_no_process_is_left(tmp_path: Path):
    client = Client(quota=2)
    runs = [begun(tmp_path, name) for name in ("one", "two")]
    for run in runs:
        client.order(run.path, "play")
    for run in runs:
        comes_to(run, 3)
    host = client.process.pid
    request = client.request(AttentionMaps, path=str(runs[0].path), step=0)
    client.process.kill()
    until(lambda: not family(host), "all its processes end")
    until(lambda: not client._folder.exists(), "what it had open is let go")
    for run in runs:
        assert (run.status.state, run.status.reason) == ("paused", "the process that makes all others was killed")
        assert losses(run) == alone(run.last)
    assert request.answer.exception(timeout=120) is None or "ended" in str(request.answer.exception())
    with pytest.raises(ValueError, match="reload the page"):
        client.order(runs[0].path, "play")
    client.close()

"""Scale out: a sweep of trials and a race of eight on a Ray of two nodes on this machine, beside one process.

Needs Ray (requirements-ray.txt). A node has one core. The configs are those of recording.py, so that a trial is a
training of the default size; a learning rate changes no step's cost.

- *sweep*, *race*: the wall time from the order to begin to the end, over that of as many bare trainings of as many
  steps one after the other in this process, taking turns. Beside it the same by this machine's own processes, two at
  once. The sweep's first trial, which loads torch on the nodes, is not timed.
- *a trial's overhead*: the seconds of both cores that a trial takes beside its steps.
- *a node is killed* while trials run: which of those that were over differ afterwards, how many recorded steps of the
  running ones are gone, and how many trials differ from the same trained bare once the sweep was told to go on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from benchmarks.dashboard import ROOT, free_port, new_home
from benchmarks.figure import Figure, Figures
from benchmarks.recording import config, seconds_of
from explorer import Run, RunConfig, train
from explorer.cluster.address import VARIABLE
from explorer.processes.client import Client
from explorer.runs import race
from explorer.search import search as file
from explorer.search.ledger import Ledger, Trial
from explorer.search.search import Search
from explorer.search.space import FloatKnob

sys.path.append(str(ROOT / "tests" / "support"))
from families import family
from ray_cluster import QUIET, answers, command

NODES, TRIALS, STEPS, PAIRS = 2, 64, 10, 2
CONTENDERS, RACED = 8, 60
AFTER = 4  # trials that are over when a node is killed
RATES = FloatKnob(path="optimizer.lr", low=1e-4, high=1e-2, log=True)


def figures() -> Figures:
    """All of them; none without Ray."""
    if find_spec("ray") is None:
        print("cluster: Ray is not installed; pip install -r requirements-ray.txt into an environment and use that")
        return
    with two_nodes() as (address, other), new_home():
        away, here = joined(address), Client(quota=NODES)
        here.wait()
        for client in (away, here):
            carry_on(client, search(trials=NODES))  # loads what is loaded once
        turns = [
            in_turn(nth, lambda: carry_on(away, search()), lambda: carry_on(here, search())) for nth in range(PAIRS)
        ]
        yield from compared(f"sweep of {TRIALS} trials", turns)
        beside = [(NODES * ray - bare) / TRIALS for ray, _, bare in turns]
        yield Figure("a trial on Ray beside its steps", None, "s", beside)
        bare = [(NODES * local - bare) / TRIALS for _, local, bare in turns]
        yield Figure("a trial on this machine's processes beside its steps", None, "s", bare)
        turns = [in_turn(nth, lambda: raced(away), lambda: raced(here), eight) for nth in range(PAIRS)]
        yield from compared(f"race of {CONTENDERS}", turns)
        here.close()
        yield from killed(away, other)
        away.close()


def compared(what: str, turns: list[tuple[float, float, float]]) -> Iterator[Figure]:
    """Wall times of (Ray, this machine's processes, one process), each over the last."""
    yield Figure(f"{what} on Ray / in one process", None, "×", [ray / bare for ray, _, bare in turns])
    yield Figure(f"{what} by {NODES} processes here / in one", None, "×", [local / bare for _, local, bare in turns])
    yield Figure(f"{what} on Ray", None, "s", [ray for ray, _, _ in turns])


@contextmanager
def two_nodes() -> Iterator[tuple[str, int]]:
    """A Ray's address, and the process that leads its second node."""
    port, starting = free_port(), [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    nodes: list[subprocess.Popen] = []
    try:
        for way in (["--head", f"--port={port}", "--include-dashboard=false"], [f"--address=127.0.0.1:{port}"]):
            nodes.append(
                subprocess.Popen(
                    [*starting, *way, "--disable-usage-stats"],
                    env=os.environ | QUIET,
                    start_new_session=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            wait(lambda: answers(port) and has_raylet(nodes[-1].pid))
        yield f"127.0.0.1:{port}", nodes[1].pid
    finally:
        for node in nodes:
            end(node.pid)
            node.wait()


def has_raylet(leader: int) -> bool:
    """Whether a node takes work."""
    return any(b"raylet/raylet" in command(pid) for pid in family(leader))


def end(leader: int) -> None:
    """Ends a node at once."""
    for pid in family(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait(until: Callable[[], bool]) -> None:
    """Waits for a condition."""
    while not until():
        time.sleep(0.05)


def joined(address: str) -> Client:
    """A client whose host trains on the cluster."""
    os.environ.update(QUIET | {VARIABLE: address})
    client = Client(quota=NODES)
    client.wait()
    del os.environ[VARIABLE]
    return client


def search(trials: int = TRIALS, steps: int = STEPS) -> Search:
    """A sweep in which every trial trains to its end."""
    return Search(config=config(), knobs=(RATES,), trials=trials, steps=steps, every=STEPS, prune=False, together=NODES)


def carry_on(client: Client, search_: Search) -> Path:
    """A search from its beginning to its end."""
    path = file.new_path(search_)
    file.write(path, search_, "waiting")
    client.order(path, "play")
    wait(lambda: file.read(path)[1].state == "finished")
    return path


def sweep() -> None:
    """The trainings of a sweep in this process."""
    for _ in range(TRIALS):
        for _step in train(config().replace({"train.steps": STEPS})):
            pass


def contenders() -> dict[str, RunConfig]:
    """Eight learning rates."""
    rates = [10 ** (-4 + nth / 4) for nth in range(CONTENDERS)]
    return {f"{rate:.1e}": config().replace({"optimizer.lr": rate, "train.steps": RACED}) for rate in rates}


def raced(client: Client) -> None:
    """A race from its beginning to its end."""
    paths = race.begin(contenders(), "bench", "workers")
    runs = [Run.open(path) for path in paths]
    client.order(paths[0], "play")
    wait(lambda: all(run.status.state == "finished" for run in runs))
    for run in runs:
        run.close()


def eight() -> None:
    """The same in this process."""
    for one in contenders().values():
        for _step in train(one):
            pass


def in_turn(
    nth: int, away: Callable[[], object], here: Callable[[], object], alone: Callable[[], None] = sweep
) -> tuple[float, float, float]:
    """Seconds of each of three ways; the order changes each time."""
    ways = (away, here, alone)
    seconds = {way: seconds_of(way) for way in (ways if nth % 2 else ways[::-1])}  # type: ignore[arg-type]
    return seconds[away], seconds[here], seconds[alone]


def killed(client: Client, node: int) -> Iterator[Figure]:
    """What is lost with a node in the middle of a sweep."""
    search_ = search(4 * AFTER, RACED)
    path = file.new_path(search_)
    file.write(path, search_, "waiting")
    client.order(path, "play")

    def trials() -> list[Trial]:
        return Ledger(path).trials(search_)

    wait(lambda: sum(trial.over for trial in trials()) >= AFTER and any(t.last > 0 for t in trials() if not t.over))
    before = {trial.number: trial for trial in trials()}
    start = time.perf_counter()
    end(node)
    wait(lambda: file.read(path)[1].state in ("paused", "finished"))
    print(f"  once a node is killed, the sweep has {file.read(path)[1].state}: {file.read(path)[1].reason}")
    yield Figure("a node is killed → all is done, or paused", None, "s", [time.perf_counter() - start])
    after = {trial.number: trial for trial in trials()}
    gone = sum(not same(trial, after[number]) for number, trial in before.items() if trial.over)
    yield Figure("  trials that were over and are lost", "≤ 0", "", [gone])
    running = [number for number, trial in before.items() if not trial.over]
    yield Figure("  trials that ran", None, "", [len(running)])
    lost = sum(max(0, before[number].last - after[number].last) for number in running)
    yield Figure("  recorded steps of theirs that are lost", "≤ 0", "", [lost])
    if file.read(path)[1].state == "paused":
        start = time.perf_counter()
        client.order(path, "play")
        wait(lambda: file.read(path)[1].state == "finished")
        yield Figure("  the rest of the sweep on the other node", None, "s", [time.perf_counter() - start])
    apart = sum(not as_alone(search_, trial) for trial in trials())
    yield Figure("  trials that differ from the same trained bare", "≤ 0", "", [apart])


def same(one: Trial, other: Trial) -> bool:
    """Whether a trial has the same measurements."""
    return one.state == other.state and one.losses.tolist() == other.losses.tolist()


def as_alone(search_: Search, trial: Trial) -> bool:
    """Whether every loss of a trial is that of its config trained here, to the bit."""
    run = Run.open(trial.path)
    losses = run.steps["loss"].tolist()
    run.close()
    return losses == [step.loss for step in islice(train(search_.config_of(trial.params)), trial.last)]

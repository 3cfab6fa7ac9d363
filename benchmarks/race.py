"""What a race costs: four contenders of the default size (see recording.py), raced and trained bare.

- *in lockstep*: a worker's steps of all four, recorded in their files, beside four bare trainings in this
  process on one core, taking turns every ROUNDS steps, the order changing each time. A value is one pair's
  ratio of times.
- *as workers*: the wall time in which a host with two workers trains four contenders for STEPS steps, over
  the time that four bare trainings of as many steps take one after the other on one core. Needs two cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import islice
from multiprocessing import Pipe

from benchmarks.dashboard import new_home
from benchmarks.figure import Figure, Figures
from benchmarks.recording import config, seconds_of
from explorer import Run, RunConfig, train
from explorer.processes.client import Client
from explorer.processes.worker import Worker
from explorer.runs import race

NAMES = ("sgd", "rmsprop", "adamw", "muon")
ROUNDS, PAIRS, QUICKLY = 5, 12, 4
STEPS, RACES = 120, 4


def figures() -> Figures:
    """Both."""
    with new_home():
        yield Figure("race of four in lockstep / four bare trainings", "≤ 1.1", "×", in_lockstep())
    if (os.cpu_count() or 1) > 1:
        with new_home():
            yield Figure("race of four as two workers / four bare trainings", "≤ 0.6", "×", as_workers())


def quick() -> Figures:
    """The first, in fewer pairs."""
    with new_home():
        yield Figure("race of four in lockstep / four bare trainings", "≤ 1.1", "×", in_lockstep(QUICKLY))


def contenders() -> dict[str, RunConfig]:
    """The default size under four optimizers."""
    return {name: config().replace({"optimizer.name": name}) for name in NAMES}


def in_lockstep(pairs: int = PAIRS) -> list[float]:
    """Times of the raced steps as a multiple of the bare ones."""
    ours, theirs = Pipe()
    worker = Worker(race.begin(contenders(), "bench"), theirs)
    for racer in worker.racers.values():
        racer.play({})
    bare = [train(one) for one in contenders().values()]

    def raced() -> None:
        for _ in range(ROUNDS):
            worker.listen()
            worker.take_steps()

    def alone() -> None:
        for training in bare:
            for _ in islice(training, ROUNDS):
                pass

    ratios = []
    ways: tuple[Callable[[], None], Callable[[], None]] = (raced, alone)
    for pair in range(pairs + 1):
        order = ways if pair % 2 else ways[::-1]
        seconds = {way: seconds_of(way) for way in order}
        ratios.append(seconds[raced] / seconds[alone])
    for racer in worker.racers.values():
        racer.recorder.close()
    ours.close()
    return ratios[1:]  # the first pair warms up


def as_workers() -> list[float]:
    """Wall times of whole races on two workers as a multiple of the bare trainings'."""
    configs = {name: one.replace({"train.steps": STEPS}) for name, one in contenders().items()}
    client = Client(quota=2)
    client.wait()
    ratios = []
    for _ in range(RACES):
        paths = race.begin(configs, "bench", "workers")
        runs = [Run.open(path) for path in paths]
        start = time.perf_counter()
        client.order(paths[0], "play")
        while not all(run.status.state == "finished" for run in runs):
            time.sleep(0.1)
        raced = time.perf_counter() - start
        start = time.perf_counter()
        for one in configs.values():
            for _step in train(one):
                pass
        ratios.append(raced / (time.perf_counter() - start))
    client.close()
    return ratios

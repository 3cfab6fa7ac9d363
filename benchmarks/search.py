"""What a search costs beside its trainings: trials of the default size (see recording.py), searched and trained bare.

A value is one pair: the wall time in which a host carries a whole search over the learning rate on, from the
order to begin to its end, and the time of as many bare trainings of as many steps, one after the other on one
core. The order changes each time; a learning rate changes no step's cost. Besides its steps a trial has a
process to make, a decision, a file, and a measurement every ten steps.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from benchmarks.dashboard import new_home
from benchmarks.figure import Figure, Figures
from benchmarks.recording import config, seconds_of
from explorer import train
from explorer.processes.client import Client
from explorer.search import search as file
from explorer.search.search import Search
from explorer.search.space import FloatKnob

TRIALS, STEPS, PAIRS = 4, 40, 2
RATES = FloatKnob(path="optimizer.lr", low=1e-4, high=1e-2, log=True)


def figures() -> Figures:
    """One trial at a time; then two, where there are two cores."""
    with new_home():
        pairs = searched(1)
    yield Figure("search, one trial at a time / bare trainings", None, "×", [ours / bare for ours, bare in pairs])
    beside = [(ours - bare) / TRIALS for ours, bare in pairs]
    yield Figure("a trial of a search beside its steps", None, "s", beside)
    if (os.cpu_count() or 1) > 1:
        with new_home():
            pairs = searched(2)
        yield Figure("search, two trials at a time / bare trainings", None, "×", [ours / bare for ours, bare in pairs])


def searched(together: int) -> list[tuple[float, float]]:
    """Seconds of each search, and of the bare trainings that it took turns with."""
    client = Client(quota=together)
    client.wait()
    carry_on(client, search(together).model_copy(update={"trials": 1, "steps": 10}))  # loads what is loaded once
    pairs = []
    for pair in range(PAIRS):
        ways: tuple[Callable[[], None], ...] = (lambda: carry_on(client, search(together)), bare)
        seconds = {way: seconds_of(way) for way in (ways if pair % 2 else ways[::-1])}
        pairs.append((seconds[ways[0]], seconds[bare]))
    client.close()
    return pairs


def search(together: int) -> Search:
    """A search in which every trial trains to its end."""
    return Search(config=config(), knobs=(RATES,), trials=TRIALS, steps=STEPS, every=10, prune=False, together=together)


def carry_on(client: Client, search: Search) -> None:
    """Lets a search begin and waits for its end."""
    path = file.new_path(search)
    file.write(path, search, "waiting")
    client.order(path, "play")
    while file.read(path)[1].state != "finished":
        time.sleep(0.05)


def bare() -> None:
    """The trainings of a search in this process."""
    for _ in range(TRIALS):
        for _step in train(config().replace({"train.steps": STEPS})):
            pass

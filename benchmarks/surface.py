"""The loss surface of the default model (2 layers, width 64, 64 letters) on a batch of 32, on one core, as a looker
computes it: request after request until all 41 × 41 points are there.

- *first picture*: seconds from the first request, laying the plane included, to the coarsest grid.
- *whole*: to the last point.   *longest request*: how long another picture may have to wait for the lane.
- *toys*: the server's answer to a click, every optimizer with 100 steps.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch

from benchmarks.dashboard import new_home
from benchmarks.figure import Figure, Figures
from benchmarks.recording import config
from explorer import Run
from explorer.measure.plane import OWN, RANDOM, Laying
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.views import surface, toys
from explorer.toys import NAMES, TOYS, rate_of

STEPS, EVERY, CLICKS = 60, 3, 5


def figures() -> Figures:
    """All of them."""
    torch.set_num_threads(1)
    with new_home():
        run = recorded()
        firsts, wholes, longest = [], [], []
        for laying in (Laying(OWN), Laying(RANDOM, seed=1), Laying(RANDOM, seed=2)):
            times = drawn(run, laying)
            firsts.append(times[0])
            wholes.append(sum(times))
            longest.append(max(times))
        yield Figure("surface: first coarse picture", "≤ 3", "s", firsts, 1.0)
        yield Figure("surface: 41 × 41 points, batch of 32", "≤ 60", "s", wholes, 1.0)
        yield Figure("surface: longest single request", "≤ 3", "s", longest, 1.0)
        yield Figure("toys: every optimizer, 100 steps from a click", "≤ 1000", "ms", clicks())


def recorded() -> Path:
    """A run of STEPS steps of the default size."""
    path = catalogue.new_path("surface")
    file.begin(path, config())
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        for _ in range(STEPS):
            recorder.add(next(training), training)
            if training.step % EVERY == 0:
                recorder.snapshot(training)
        recorder.status("paused")
    return path


def drawn(path: Path, laying: Laying) -> list[float]:
    """Seconds of every request until the surface is whole."""
    times: list[float] = []
    whole = False
    while not whole:
        start = time.perf_counter()
        plain, _ = surface.grid(str(path), STEPS, laying, part=len(times))
        times.append(time.perf_counter() - start)
        whole = plain["done"] == plain["of"]
    return times


def clicks() -> list[float]:
    """Milliseconds of the walks of all optimizers, once for each start."""
    toy, times = TOYS["rosenbrock"], []
    rates = [(name, rate_of(toy, name)) for name in NAMES]
    for i in range(CLICKS + 1):
        start = time.perf_counter()
        toys.walks("rosenbrock", (-1.2 + 0.1 * i, 1.0), rates, 100)
        times.append(1000 * (time.perf_counter() - start))
    return times[1:]  # the first loads what torch's first optimizer step loads

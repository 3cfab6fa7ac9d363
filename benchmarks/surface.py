"""The loss surface of the default model (2 layers, width 64, 64 letters) on a batch of 32, on one core, as a looker
computes it: request after request until all 41 × 41 points are there.

- *first picture*: seconds from the first request, plane_choice the plane included, to the coarsest grid.
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
from explorer.answers import landscape as surface
from explorer.answers import toys
from explorer.config.optimizers import OPTIMIZERS
from explorer.measure.plane import OWN, RANDOM, PlaneChoice
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore

STEPS, EVERY, CLICKS = 60, 3, 5


def figures() -> Figures:
    """All of them."""
    torch.set_num_threads(1)
    with new_home():
        run = recorded()
        firsts, wholes, longest = [], [], []
        for plane_choice in (PlaneChoice(OWN), PlaneChoice(RANDOM, seed=1), PlaneChoice(RANDOM, seed=2)):
            times = drawn(run, plane_choice)
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


def drawn(path: Path, plane_choice: PlaneChoice) -> list[float]:
    """Seconds of every request until the surface is whole."""
    times: list[float] = []
    whole = False
    while not whole:
        start = time.perf_counter()
        answer = surface.grid(str(path), STEPS, plane_choice, part=len(times))
        times.append(time.perf_counter() - start)
        whole = answer.done == answer.of
    return times


def clicks() -> list[float]:
    """Milliseconds of the walks of all optimizers, once for each start."""
    times = []
    rates = [(name, rule.toy_lr["rosenbrock"]) for name, rule in OPTIMIZERS.items()]
    for i in range(CLICKS + 1):
        start = time.perf_counter()
        toys.walks("rosenbrock", (-1.2 + 0.1 * i, 1.0), rates, 100)
        times.append(1000 * (time.perf_counter() - start))
    return times[1:]  # the first loads what torch's first optimizer step loads

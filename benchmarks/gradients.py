"""The gradients page's figures: the microscope of a long run, and what the instruments cost.

- *microscope*: what the server does for the map of a run of 10⁵ recorded steps: reading, and packing the message; of a
  run just opened, and of an update after some steps more.
- *samples*: per-sample gradients of a batch of 32 at the default size, as so many training steps.
- *instruments*: the speed of a training while another process takes all instruments of one step in ten, as a share
  of its speed alone; taking turns every SPAN seconds.
"""

from __future__ import annotations

import multiprocessing
import time
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace

import torch

from benchmarks.dashboard import new_home
from benchmarks.figure import Figure, Figures
from benchmarks.long_run import NEW, append, made
from benchmarks.recording import config
from explorer import Run
from explorer.analysis.instruments import read, sample_gradients
from explorer.runs import file
from explorer.training.loop import Training, train
from explorer.ui.components.microscope import message
from explorer.ui.gradients import microscope

STEPS, OPENINGS, UPDATES = 100_000, 10, 25
SPAN, TURNS, EVERY = 4, 4, 10


def figures() -> Figures:
    """All of them."""
    with new_home():
        path = made("long", STEPS)
        yield Figure("microscope of 10⁵ steps: first message", "≤ 300", "ms", first(path))
        yield Figure("microscope of 10⁵ steps: an update", "≤ 50", "ms", updates(path))
        yield Figure("gradients of 32 samples, in training steps", "≤ 2", "×", samples())
        yield Figure("training beside the instruments / alone", "≥ 0.97", "×", beside())


def quick() -> Figures:
    """The one that takes no long run."""
    yield Figure("gradients of 32 samples, in training steps", "≤ 2", "×", samples())


def drawn(run: Run) -> bytes:
    """The map's message."""
    rows, starts, steps, quantities = microscope.recorded(SimpleNamespace(run=run), run.tensors, microscope.TENSORS)
    return message(rows, starts, steps, quantities, label="", newest=run.last - 1, cursor=None, height=500)


def first(path: Path) -> list[float]:
    """Milliseconds from opening the file to its message."""
    times = []
    for _ in range(OPENINGS):
        start = time.perf_counter()
        with closing(Run.open(path)) as run:
            drawn(run)
        times.append(1000 * (time.perf_counter() - start))
    return times


def updates(path: Path) -> list[float]:
    """Milliseconds for a message after a few steps more."""
    times = []
    with closing(Run.open(path)) as run, closing(file.connect(path, write=True)) as connection:
        drawn(run)
        for _ in range(UPDATES):
            append(connection, run.last, NEW, len(run.tensors))
            start = time.perf_counter()
            drawn(run)
            times.append(1000 * (time.perf_counter() - start))
    return times


def samples() -> list[float]:
    """Processor time of the gradients of 32 samples over that of a training step, taking turns."""
    torch.set_num_threads(1)
    training = train(config())
    ratios = []
    for _ in range(20):
        start = time.thread_time()
        next(training)
        middle = time.thread_time()
        sample_gradients(training.model, training.batch(training.step))
        ratios.append((time.thread_time() - middle) / (middle - start))
    return ratios[3:]


def measuring(pace: float, stop: Event) -> None:
    """Takes all instruments `pace` times a second, as a looker does beside a training."""
    torch.set_num_threads(1)
    training = train(config())
    next(training)
    while not stop.is_set():
        start = time.monotonic()
        read(training)
        time.sleep(max(0.0, 1 / pace - (time.monotonic() - start)))


def beside() -> list[float]:
    """Speeds beside a process that measures, as shares of the mean of the spans alone before and after."""
    torch.set_num_threads(1)
    training, context = train(config()), multiprocessing.get_context("spawn")
    speeds = [speed(training)]
    for _ in range(TURNS):
        stop = context.Event()
        other = context.Process(target=measuring, args=(speeds[-1] / EVERY, stop))
        other.start()
        time.sleep(5)  # it loads torch
        speeds.append(speed(training))
        assert other.is_alive(), "nobody measured beside it"
        stop.set()
        other.join()
        speeds.append(speed(training))
    return [2 * speeds[i] / (speeds[i - 1] + speeds[i + 1]) for i in range(1, len(speeds), 2)]


def speed(training: Training) -> float:
    """Steps a second over a span."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SPAN:
        next(training)
        count += 1
    return count / (time.perf_counter() - start)

"""What recording and being looked at cost a training of the default size: 2 layers, width 64, 4 heads, 64
letters of Shakespeare, batch 32, AdamW.

- *recorded*: the same config trained twice in this process, once bare and once into a run file, taking turns
  every BLOCK steps, the order changing each time. A value is one pair's ratio of speeds.
- *with a page*: one run trained by a worker of the real server, while a browser on the same machine shows its
  Train page at 4 updates a second and while it shows nothing, taking turns every SPAN seconds. A value is the
  ratio of a span's speed to the mean of the spans without a page before and after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

from playwright.sync_api import Page

from benchmarks.dashboard import new_home, server, window
from benchmarks.figure import Figure, Figures
from explorer import Run, RunConfig, train
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.training.loop import Training

CHANGES = {
    "model.positions": "learned",
    "optimizer.name": "adamw",
    "optimizer.lr": 1e-3,
    "optimizer.schedule": "constant",
    "train.steps": 1_000_000,
}
BLOCK, PAIRS, QUICKLY = 20, 16, 6
SPAN, SPANS = 5, 6


def config() -> RunConfig:
    """The default size."""
    return RunConfig.preset("shakespeare").replace(CHANGES)


def figures() -> Figures:
    """Both."""
    with new_home():
        yield Figure("training recorded / bare", "≥ 0.97", "×", recorded())
    with new_home():
        yield Figure("training with a page open / without", "≥ 0.95", "×", with_a_page())


def quick() -> Figures:
    """The first, in fewer pairs."""
    with new_home():
        yield Figure("training recorded / bare", "≥ 0.97", "×", recorded(QUICKLY))


def recorded(pairs: int = PAIRS) -> list[float]:
    """Speeds recorded, as a share of bare."""
    path = catalogue.new_path("bench")
    file.begin(path, config())
    with Recorder(path) as recorder:
        bare, recording = train(config()), train(config())
        recorder.describe(recording)
        ways = (lambda: take(bare)), (lambda: take(recording, recorder))
        ratios = []
        for pair in range(pairs + 1):
            first, second = ways if pair % 2 else ways[::-1]
            seconds = {first: seconds_of(first), second: seconds_of(second)}
            ratios.append(seconds[ways[0]] / seconds[ways[1]])
    return ratios[1:]  # the first pair warms up


def take(training: Training, recorder: Recorder | None = None) -> None:
    """A block of steps."""
    for step in islice(training, BLOCK):
        if recorder is not None:
            recorder.add(step, training)


def seconds_of(work: Callable[[], None]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_a_page() -> list[float]:
    """Speeds of the worker while a page shows its run, as a share of those without."""
    with server(grace=3600) as address, window(eye=False) as page:
        changes = "&".join(f"{path}={value}" for path, value in CHANGES.items())
        page.goto(f"{address}/train?preset=shakespeare&{changes}")
        shown(page)
        run = Run.open(catalogue.newest(1)[0])
        speeds = []
        for _ in range(SPANS):
            page.goto("about:blank")
            speeds.append(speed(run))
            page.goto(f"{address}/train?run={run.id}")
            shown(page)
            speeds.append(speed(run))
        page.goto("about:blank")
        speeds.append(speed(run))
        run.close()
    return [2 * speeds[i] / (speeds[i - 1] + speeds[i + 1]) for i in range(1, len(speeds), 2)]


def shown(page: Page) -> None:
    """Waits until the loss's line is there."""
    page.locator(".curves[data-newest]:not([data-newest=''])").first.wait_for()


def speed(run: Run) -> float:
    """Steps a second in the next seconds."""
    time.sleep(1)  # what was going on before has settled
    before, start = run.last, time.perf_counter()
    time.sleep(SPAN)
    return (run.last - before) / (time.perf_counter() - start)

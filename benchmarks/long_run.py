"""A live page of a long run: 10⁶ recorded steps beside 10³, with made-up numbers and real weights.

Live means: the page is open, the run trains on at PACE steps a second, so a few new steps come with every
update. The two runs take turns.

- *reading*: processor time of what the Train and Gradients pages read from an open run for one update, after
  NEW steps have been recorded.
- *opening*: the same from a run just opened, with nothing read before.
- *page*: from the browser asking for an update to the frame with the new numbers.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.dashboard import new_home, seen, server, wait_for, window
from benchmarks.figure import Figure, Figures
from explorer import Run, RunConfig, train
from explorer.charts import progress
from explorer.runs import catalogue, file
from explorer.runs.file import COLUMNS
from explorer.runs.history import sum_up
from explorer.runs.recorder import Recorder

SHORT, LONG = 1_000, 1_000_000
NEW, UPDATES = 5, 25  # steps between two updates; updates in a turn
PACE, SPAN, TURNS = 20.0, 6, 3  # steps a second; seconds of a turn
LOT = 10_000  # rows written at once
CONFIG = RunConfig.preset("reverse").replace({"train.steps": 10_000_000, "optimizer.schedule": "constant"})
COLUMN_MARKS = ", ".join("?" * (len(COLUMNS) + 2))


def figures() -> Figures:
    """All of them, on the same two files."""
    with new_home():
        short, long = made("short", SHORT), made("long", LONG)
        yield Figure("opening, 10⁶ steps / 10³", None, "×", ratios(opened(short), opened(long)))
        few, many = read(short), read(long)
        yield Figure("reading a live update of 10³ steps", None, "ms", [1000 * seconds for seconds in few])
        yield Figure("reading a live update of 10⁶ steps", None, "ms", [1000 * seconds for seconds in many])
        with server() as address, window() as page:
            times: dict[Path, list[float]] = {short: [], long: []}
            for path in [short, long] * TURNS:
                times[path] += painted(page, address, path)
        yield Figure("painting a live update, 10⁶ steps / 10³", "≤ 1.2", "×", ratios(times[short], times[long]))


def ratios(short: list[float], long: list[float]) -> list[float]:
    """Each value of the long run over the median of the short one's."""
    return [value / float(np.median(short)) for value in long]


def made(name: str, count: int) -> Path:
    """A run file of so many steps whose first and last weights are those of an untrained model."""
    path = catalogue.new_path(name)
    file.begin(path, CONFIG)
    fill(path, CONFIG, count)
    return path


def fill(path: Path, config: RunConfig, count: int) -> None:
    """Records so many made-up steps in the file of a run that has not begun."""
    training = train(config)
    with Recorder(path) as recorder:
        recorder.describe(training)
        recorder.event(0, "started", {})
        recorder.snapshot(training)
        with closing(file.connect(path, write=True)) as connection:
            append(connection, 0, count, len(training.named))
        training.step = count
        recorder.event(count, "speed", {"value": PACE})
        recorder.snapshot(training)
        recorder.status("paused", "made up")


def append(connection, first: int, count: int, tensors: int) -> None:
    """Records made-up steps from `first` on, as a recorder would."""
    generator = np.random.default_rng(first)
    for start in range(first, first + count, LOT):
        steps = range(start, min(start + LOT, first + count))
        values = generator.lognormal(size=(len(steps), len(COLUMNS)), sigma=0.1)
        norms = generator.lognormal(size=(len(steps), tensors)).astype(np.float32)
        connection.execute("BEGIN IMMEDIATE")
        rows = ((s, *v, 512 * s) for s, v in zip(steps, values.tolist(), strict=True))
        connection.executemany(f"INSERT INTO steps VALUES ({COLUMN_MARKS})", rows)
        blobs = ((s, n.tobytes(), n.tobytes()) for s, n in zip(steps, norms, strict=True))
        connection.executemany("INSERT INTO tensors VALUES (?, ?, ?)", blobs)
        sum_up(connection, steps[0], steps[-1] + 1)
        connection.execute("COMMIT")


def opened(path: Path) -> list[float]:
    """Seconds to open a run and read all that its first picture needs."""
    times = []
    for _ in range(UPDATES):
        start = time.process_time()
        run = Run.open(path)
        update(run)
        times.append(time.process_time() - start)
        run.close()
    return times


def read(path: Path) -> list[float]:
    """Seconds to read what is new for one update, after a few steps more each time."""
    run, times = Run.open(path), []
    update(run)
    with closing(file.connect(path, write=True)) as connection:
        for _ in range(UPDATES):
            append(connection, run.last, NEW, len(run.tensors))
            start = time.process_time()
            update(run)
            times.append(time.process_time() - start)
    run.close()
    return times


def update(run: Run) -> None:
    """Reads what a page reads for one update: status, events, numbers, curves, norms of each tensor."""
    curve = run.curve()
    held_out = run.validation
    for column in ("loss", "metric", "lr", "speed"):
        progress.parts(curve, column, validation=held_out if column == "loss" else None, events=run.events)
    progress.gradient_norm_parts(curve, events=run.events)
    run.step_row(run.last - 1), run.status, run.speed(), run.newest_snapshot(), run.clipped()
    for points in (300, 240):  # the curves and the microscope of the Gradients page
        run.tensor_norms(run.curve(points)["peak"])


def painted(page: Page, address: str, path: Path) -> list[float]:
    """Milliseconds from asking for an update to the next new numbers, over some seconds of training."""
    page.goto(f"{address}/train?run={path.stem}")
    wait_for(page, "loss")
    page.locator(".player-bar .play").click()
    page.wait_for_timeout(1000 * SPAN)
    paints = seen(page)
    page.locator(".player-bar .play").click()
    begun = next(ms for ms, sign, _ in paints if sign == "click") + 1500
    request, times = None, []
    for ms, sign, _ in paints:
        if sign == "ask" and ms > begun and request is None:
            request = ms
        elif sign == "nats" and request is not None:
            times.append(ms - request)
            request = None
    return times

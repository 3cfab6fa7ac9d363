"""The embeddings page's figures: what frames, large maps and scrubbing cost the process that lays maps out.

- *frame*: processor time of one live frame of 100 contextual states, weights read, laid out and judged; and of a token
  map of the same run.
- *frame / fresh*: laying 100 points out from the frame before, over laying them out from nothing, taking turns.
- *jump*: how far the median point moves between frames half a second of training apart, in radii, near the end of a
  run that has long learned its task; of its states and of its token embeddings.
- *large*: 2,000 contextual states from nothing, by UMAP.
- *scrubbing*: 100 frames computed before, asked for again through a host.
- *chain*: all frames of the chain until the run's end, nothing known before; and loading umap in a fresh process whose
  compiled functions are on disk.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.dashboard import ROOT, new_home
from benchmarks.figure import Figure, Figures
from explorer import Run, RunConfig
from explorer.answers import embeddings
from explorer.answers.maps import frames
from explorer.answers.maps.points import Subject
from explorer.answers.records.embeddings import PointMap
from explorer.measure import layouts, projection
from explorer.processes.client import Client
from explorer.runs import catalogue, file, kept
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore

STEPS, FRAMES, ROUNDS, SCRUBBED = 1500, 20, 10, 100
STATES = {"what": "states", "layer": 2}
LOAD = "import time; t = time.perf_counter(); from explorer.measure import layouts; layouts.warm_up(); "


def figures() -> Figures:
    """All of them."""
    torch.set_num_threads(1)
    with new_home(), threadpool_limits(1):  # as in the host's children
        run = learned()
        layouts.warm_up()
        yield Figure("loading umap once its functions are on disk", None, "s", loading())
        yield Figure("the chain of frames until 1,500 steps", None, "s", chains(run))
        yield Figure("a live frame of 100 states", "≤ 100", "ms", lives(run, **STATES))
        yield Figure("a live frame of the token embeddings", "≤ 100", "ms", lives(run, what="input"))
        yield Figure("a following frame / a fresh one", "≤ 0.2", "×", following(run))
        yield Figure("median jump between frames, 100 states", "≤ 0.35", "radii", jumps(run, **STATES))
        yield Figure("median jump between frames, token embeddings", "≤ 0.35", "radii", jumps(run, what="input"))
        yield Figure("a map of 2,000 states", "≤ 10", "s", large(run))
        yield Figure("scrubbing 100 frames computed before, p95", "≤ 100", "ms", scrubbing(run), quantile=0.95)


def learned() -> Run:
    """A run that has long learned to reverse."""
    path = catalogue.new_path("bench")
    file.begin(path, RunConfig.preset("reverse"))
    with Recorder(path) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        recorder.describe(training)
        recorder.snapshot(training)
        for step in islice(training, STEPS):
            recorder.add(step, training)
    return run


def loading() -> list[float]:
    """Seconds until umap is ready in a process of its own."""
    command = [sys.executable, "-c", LOAD + "print(time.perf_counter() - t)"]
    return [float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout) for _ in range(3)]


def late(run: Run, count: int) -> list[int]:
    """The last snapshots that lie half a second of training apart."""
    apart = 0.5 * (run.speed() or 1)
    chosen = [run.newest_snapshot()]
    for step in reversed(run.snapshot_steps):
        if chosen[-1] - step >= apart:
            chosen.append(step)
    return chosen[: count + 1][::-1]


def chains(run: Run) -> list[float]:
    """Processor seconds of the first frame at the run's end."""
    times = []
    for _ in range(3):
        kept.forget()
        start = time.process_time()
        embeddings.frame(str(run.path), run.newest_snapshot(), **STATES)
        times.append(time.process_time() - start)
    return times


def lives(run: Run, **what: object) -> list[float]:
    """Milliseconds of processor time of one new frame after another."""
    times = []
    embeddings.frame(str(run.path), run.newest_snapshot(), **what)
    for step in run.snapshot_steps[-FRAMES - 1 : -1]:
        start = time.process_time()
        embeddings.frame(str(run.path), step, **what)
        times.append(1000 * (time.process_time() - start))
    return times


def following(run: Run) -> list[float]:
    """Time of a frame laid out from the one before, as a share of a fresh one's."""
    subject = Subject(str(run.path), **STATES)
    before, after = (frames.vectors(subject, step) for step in late(run, 1)[:2])
    method = layouts.Umap()
    frame, ratios = method.first(before), []
    for _ in range(ROUNDS):
        start = time.process_time()
        method.following(after, frame, before)
        middle = time.process_time()
        method.first(after)
        ratios.append((middle - start) / (time.process_time() - middle))
    return ratios


def jumps(run: Run, **what: object) -> list[float]:
    """How far the median point moves from frame to frame, in radii of the map."""
    maps = [embeddings.frame(str(run.path), step, **what).points for step in late(run, FRAMES)]
    moved = (np.median(np.linalg.norm(b - a, axis=1)) / projection.radius(a) for a, b in pairwise(maps))
    return [float(m) for m in moved]


def large(run: Run) -> list[float]:
    """Seconds of a large map."""
    times = []
    for seed in range(3):
        start = time.perf_counter()
        embeddings.big(str(run.path), run.newest_snapshot(), layer=2, seed=seed)
        times.append(time.perf_counter() - start)
    return times


def scrubbing(run: Run) -> list[float]:
    """Milliseconds from asking a host for a frame that it has computed before to having it."""
    client = Client(quota=1)
    try:
        while (
            client.request(PointMap, lane="maps", path=str(run.path), step=0, what="input").answer.result().standing_in
        ):
            time.sleep(0.2)
        times = []
        for _ in range(2):
            times = [seconds_of(client, run.path, step) for step in run.snapshot_steps[-SCRUBBED:]]
    finally:
        client.close()
    return times


def seconds_of(client: Client, path: Path, step: int) -> float:
    """Milliseconds for one frame."""
    start = time.perf_counter()
    client.request(PointMap, lane="maps", path=str(path), step=step, **STATES).answer.result()
    return 1000 * (time.perf_counter() - start)

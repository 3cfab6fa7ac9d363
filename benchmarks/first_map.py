"""The first map by UMAP of a home that has had none, beside a training, and a bare fit of the same points.

- *first frame*: from asking a host for the map of a run that trains, as the page of embeddings does at its every tick,
  to the first answer that UMAP laid out; the host has answered nothing before, in a home of its own, and its functions
  are compiled, as `make setup` leaves them. As a dashboard does when it comes up, it loads UMAP before
  the training began.
- *bare fit*: `umap.UMAP().fit` of the same points, in a process that has fitted before, beside the same training.

Both take turns, a new host and a new home each time; times by the wall's clock.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.dashboard import ROOT, new_home
from benchmarks.figure import Figure, Figures
from explorer import Run, RunConfig
from explorer.answers.maps import frames
from explorer.answers.maps.points import Subject
from explorer.answers.records.embeddings import Loading, PointMap
from explorer.measure.layouts import COMPILED
from explorer.processes.client import Client
from explorer.runs import catalogue, file

ROUNDS, BEFORE = 4, 50  # steps that the run has before its map is asked for
TICK = 0.22  # seconds between two questions of a page
BARE = """
import os, sys, time
os.environ |= {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
import numpy as np, umap
for line in sys.stdin:
    data, start = np.load(line.strip()), time.perf_counter()
    umap.UMAP(metric="cosine", random_state=0, n_jobs=1).fit(data)
    print(time.perf_counter() - start, flush=True)
"""


def figures() -> Figures:
    """The ratio, then both sides."""
    assert any(COMPILED.glob("*")), "UMAP is not compiled: run `make setup` first"
    command = [sys.executable, "-c", BARE]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bare,
    ):
        points = Path(folder) / "points.npy"
        np.save(points, np.random.default_rng(0).normal(size=(100, 64)))
        fit(bare, points)  # warms it
        pairs = [turn(bare, points) for _ in range(ROUNDS)]
        assert bare.stdin is not None
        bare.stdin.close()
    ours, fits = zip(*pairs, strict=True)
    yield Figure("first map by UMAP / a bare fit in a warm process", "≤ 3", "×", [a / b for a, b in pairs])
    yield Figure("  first map by UMAP, a new home beside a training", "≤ 3", "s", list(ours))
    yield Figure("  bare fit of the same points beside it", None, "s", list(fits))


def turn(bare: subprocess.Popen[str], points: Path) -> tuple[float, float]:
    """Seconds of the first map in a new home, and of a bare fit of the same points."""
    with new_home():
        client = Client(quota=1)
        try:
            client.wait()
            client.request(Loading, lane="maps").answer.result()
            path = catalogue.new_path("bench")
            file.begin(path, RunConfig.preset("reverse").replace({"train.steps": 1_000_000}))
            client.order(path, "play").result()
            run = Run.open(path)
            while run.last < BEFORE:
                time.sleep(0.05)
            took = first(client, run)
            np.save(points, frames.vectors(Subject(str(path), "input"), run.newest_snapshot()))
            return took, fit(bare, points)
        finally:
            client.close()


def first(client: Client, run: Run) -> float:
    """Seconds to the first map that UMAP laid out."""
    start = time.perf_counter()
    while True:
        step = run.newest_snapshot()
        answer = client.request(PointMap, lane="maps", path=str(run.path), step=step, what="input").answer.result()
        if not answer.standing_in:
            return time.perf_counter() - start
        time.sleep(TICK)


def fit(bare: subprocess.Popen[str], points: Path) -> float:
    """Seconds of a bare fit."""
    assert bare.stdin is not None
    assert bare.stdout is not None
    bare.stdin.write(f"{points}\n")
    bare.stdin.flush()
    return float(bare.stdout.readline())

"""How cost grows with the model: a training step, recording a checkpoint, and what each page asks for.

One axis at a time is varied from the default size (2 layers, 4 heads, 64 letters, width 64). Times are the process's
own on one thread, so that waiting for others is left out. An exponent is the slope of log time over log size on the
larger half of an axis, where what costs the same at every size no longer hides it. Its floor is the exponent of the
mathematics, with a tenth for what the caches do: layers and heads are drawn one by one, a pattern has context² numbers,
a matrix width² numbers.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from benchmarks.dashboard import ROOT, new_home
from benchmarks.figure import Figure, Figures
from explorer import RunConfig, train
from explorer.answers.records.record import R
from explorer.processes.client import Request
from explorer.runs import catalogue, file
from explorer.runs.recorder import Recorder
from explorer.ui import server

sys.path.append(str(ROOT / "tests" / "support"))
from here import Here

AXES = {
    "layers": ("model.layers", (1, 2, 4, 8, 12), 1.1),
    "heads": ("model.heads", (1, 2, 4, 8, 16), 1.1),
    "context": ("model.context", (16, 32, 64, 128, 256, 512), 2.1),
    "width": ("model.width", (16, 32, 64, 128, 256, 512), 2.1),
}
STEPS, PAGES = 4, ("train", "attention", "gradients", "embeddings", "positions", "optimizers", "generate", "memory")
APP = str(ROOT / "explorer" / "app.py")


class Timed(Here):
    """Answers in this process. seconds: what answers took since it was last set to 0."""

    seconds = 0.0

    def request(self, kind: type[R], /, **arguments: Any) -> Request[R]:
        start = time.process_time()
        try:
            return super().request(kind, **arguments)
        finally:
            self.seconds += time.process_time() - start


def figures() -> Figures:
    """The exponents of every quantity on every axis, each with its curve."""
    torch.set_num_threads(1)
    with new_home():
        for axis, (setting, sizes, floor) in AXES.items():
            curves: dict[str, list[float]] = {}
            for size in sizes:
                for what, seconds in costs(RunConfig.preset("shakespeare").replace({setting: size}), axis).items():
                    curves.setdefault(what, []).append(seconds)
            for what, curve in curves.items():
                if not all(curve):
                    continue  # a page that asks for nothing of a run when it opens
                yield Figure(f"{what} against {axis}", f"≤ {floor}", "exponent", [exponent(sizes, curve)])
                yield Figure(f"  at {sizes[0]} to {sizes[-1]}", None, "ms", [1000 * seconds for seconds in curve])


def exponent(sizes: tuple[int, ...], seconds: list[float]) -> float:
    """The slope of log seconds over log size on the larger half."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(seconds[half:]), 1)[0])


def costs(config: RunConfig, name: str) -> dict[str, float]:
    """Seconds of a step, of a recorded checkpoint, and of what each page asks for at first and at one more step."""
    path = catalogue.new_path(name)
    file.begin(path, config)
    training, found = train(config), {}
    with Recorder(path) as recorder:
        recorder.describe(training)
        recorder.snapshot(training)
        recorder.add(next(training), training)  # warms up
        start = time.process_time()
        for step in islice(training, STEPS):
            recorder.add(step, training)
        found["a training step"] = (time.process_time() - start) / STEPS
        start = time.process_time()
        recorder.snapshot(training)
        found["a checkpoint"] = time.process_time() - start
        recorder.status("paused")
    return found | drawn(path)


def drawn(path: Path) -> dict[str, float]:
    """Seconds of the answers to each page, in the state in which it opens."""
    host, found = Timed(), {}
    server.host = lambda: host
    app = AppTest.from_file(APP, default_timeout=600)
    app.query_params["run"] = path.stem
    app.run()
    for page in PAGES:
        host.seconds = 0.0
        app.switch_page(f"../pages/{page}.py")
        for _ in range(2):  # the first painting is short
            app.run()
        found[f"answers to {page}"] = host.seconds
    return found

"""The Writing page's figures: a slider, one token, a beam, a tree.

- *slider*: from a slider's input to its bars, in a browser, over a vocabulary of 512 tokens; and what the page asked of
  the server meanwhile, requests and messages alike.
- *token*: one written token, all stages on, over a forward pass of that token with its cache: pairs, one after the
  other, at several lengths of the text.
- *cache*: the same token without a cache over it with one.
- *beam*, *tree*: a beam of 5 over 32 tokens and a tree of 200 nodes of the Shakespeare preset's model.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.dashboard import ROOT, answers, free_port, window
from benchmarks.figure import Figure, Figures
from explorer import RunConfig
from explorer.analysis.decoding import Model, tree
from explorer.analysis.pace import pace
from explorer.analysis.writing import write
from explorer.measure.decoding import Rules, beam
from explorer.training.device import numerics
from explorer.training.loop import Training, train
from explorer.training.randomness import stream

TURNS, ROUNDS, TRAINED = 60, 15, 30
SETTINGS = {"repetition": 1.1, "temperature": 0.8, "top_k": 40, "top_p": 0.9, "min_p": 0.02}
APP = """
import numpy as np, streamlit as st
from explorer.measure.sampling import ORDERS, checked
from explorer.ui.components import stages

st.set_page_config(layout="wide")
logits = np.random.default_rng(0).normal(size=512).astype(np.float32) * 2
symbols = [f"t{i}" for i in range(512)]
told = stages.message("After", symbols, logits, [1, 2], checked({}), ORDERS["Hugging Face"], False)
stages.stages(told, key="stages", on_chosen=lambda *_: None)
"""
TURN = """async () => {
  const places = [...document.querySelectorAll("*")].map((element) => element.shadowRoot ?? element);
  const root = places.find((place) => place.querySelector(".stages"));
  const slider = [...root.querySelectorAll("input[type=range]")][1];
  const before = root.querySelector(".stages").textContent, start = performance.now();
  slider.value = Number(slider.min) + Math.random() * (Number(slider.max) - Number(slider.min));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [performance.now() - start, root.querySelector(".stages").textContent !== before];
}"""


def figures() -> Figures:
    """All of them."""
    times, requests = turned()
    yield Figure("a slider's input to its bars, 512 tokens", "≤ 100", "ms", times, 0.95)
    yield Figure("requests and messages to the server meanwhile", "≤ 0", "", [float(requests)])
    for context, length in ((64, 16), (64, 64), (512, 128), (512, 512)):
        training = model(context)
        cached, plain = alone(training, length)
        yield Figure(f"a token at {length}, written / forward with its cache", "≤ 2", "×", tokens(training, length))
        yield Figure(f"a token at {length}, without the cache / with it", None, "×", [plain / cached])
    training = model(64)
    yield Figure("a beam of 5 over 32 tokens", "≤ 300", "ms", clocked(lambda: searched(training)))
    yield Figure("a tree of 200 nodes", "≤ 300", "ms", clocked(lambda: grown(training)))


def turned() -> tuple[list[float], int]:
    """Milliseconds of each turn of a slider, and what was sent to the server during all of them."""
    port, sent = free_port(), []
    with tempfile.TemporaryDirectory() as folder, window() as page:
        script = Path(folder) / "app.py"
        script.write_text(APP)
        command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        try:
            while not answers(port):
                time.sleep(0.05)
            page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
            page.on("request", lambda request: sent.append(request.url))
            page.goto(f"http://127.0.0.1:{port}")
            page.locator(".stages input[type=range]").nth(1).wait_for(timeout=60_000)
            page.wait_for_load_state("networkidle")
            before = len(sent)
            turns = [page.evaluate(TURN) for _ in range(TURNS + 5)]
            assert all(changed for _, changed in turns), "the bars follow every turn"
            return [milliseconds for milliseconds, _ in turns[5:]], len(sent) - before
        finally:
            server.terminate()
            server.wait()


def model(context: int) -> Training:
    """The Shakespeare preset's model after a few steps."""
    training = train(RunConfig.preset("shakespeare").replace({"model.context": context, "train.batch": 4}))
    for _ in range(TRAINED):
        next(training)
    training.model.eval()
    return training


def text_of(training: Training, length: int) -> torch.Tensor:
    """The beginning of a text, (1, length)."""
    return training.task.data[None, :length].long()


def alone(training: Training, length: int) -> tuple[float, float]:
    """Seconds for the token at a length, with the cache and without, the medians."""
    with numerics(training.config):
        cached, plain = np.median(pace(training.model, text_of(training, length), None), axis=0)
    return float(cached), float(plain)


def tokens(training: Training, length: int) -> list[float]:
    """How many times as long one written token takes as its forward pass with the cache, in pairs."""
    context, ratios = training.config.model.context, []
    for _ in range(ROUNDS):
        with numerics(training.config):
            going = write(training.model, text_of(training, length - 2), context, stream(0, "w"), SETTINGS)
            next(going), next(going)
            start = time.perf_counter()
            next(going)  # the token at `length`
            written = time.perf_counter() - start
        ratios.append(written / alone(training, length)[0])
    return ratios


def searched(training: Training) -> None:
    """A beam."""
    with numerics(training.config):
        beam(Model(training.model, text_of(training, 8), None, training.config.model.context), Rules(32), 5)


def grown(training: Training) -> None:
    """A tree."""
    with numerics(training.config):
        nodes = tree(Model(training.model, text_of(training, 8), None, training.config.model.context), 10, 20, 0.0)
    assert len(nodes) == 200


def clocked(compute: Callable[[], None]) -> list[float]:
    """Milliseconds of several calls after the first."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        compute()
        times.append(1e3 * (time.perf_counter() - start))
    return times[1:]

"""The attention page's figures: what a visitor waits for, and what one message weighs.

- *payload*: the message of 2×4 heads over 64 tokens, pattern alone and with all modes, as a share of what BertViz
  1.4.1 puts into a notebook for the same matrices: 1.44 MB a kind of matrix (measured with `head_view` once).
- *repaint*: from a message's bytes to a painted map of 4 layers × 8 heads × 64², told by the component itself on a
  page of its own that changes four times a second, the head view beside it.
- *scores*: `heads.history` of 200 snapshots of the default model, from the file, nothing known before.
- *ablation*: every head of a 4×8 model on a batch of 32 of 64 tokens.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import torch

from benchmarks.dashboard import new_home, server, window
from benchmarks.figure import Figure, Figures
from benchmarks.recording import config
from explorer.analysis.interventions import ablation
from explorer.answers import heads
from explorer.runs import catalogue, file, kept
from explorer.runs import recorder as recording
from explorer.training.loop import train
from explorer.training.randomness import stream
from explorer.ui.components.matrix_grid import Head, Mode, Row, describe, pack, sent

BERTVIZ = 1_440_000  # bytes for each kind of matrix
PAINTS, QUICKLY, ABLATIONS, HISTORIES, SNAPSHOTS = 40, 10, 5, 3, 199
MODES = [
    Mode("pattern", "", "probability"),
    Mode("scores", "", "signed", masked=True),
    Mode("weighted", "", "magnitude"),
    Mode("∂L/∂A", "", "signed"),
    Mode("A⊙∂L/∂A", "", "signed", product=(0, 3)),
]
APP = """
import numpy as np, streamlit as st
from benchmarks.attention import MODES, rows
from explorer.ui.components.matrix_grid import attention_map

def page():
    st.session_state.step = st.session_state.get("step", 0) + 1
    attention_map(rows(4, 8, 64, st.session_state.step), MODES, key="map", selected=None, query=5,
                  step=st.session_state.step, on_head=lambda: None, on_query=lambda: None)

st.set_page_config(layout="wide")
st.fragment(page, run_every=0.25)()
"""


def figures() -> Figures:
    """All of them."""
    yield Figure("bytes of one kind of matrix / BertViz's", "≤ 0.1", "×", [weight(MODES[:1]) / BERTVIZ])
    yield Figure("bytes of all five kinds / BertViz's", "≤ 0.1", "×", [weight(MODES) / (5 * BERTVIZ)])
    yield Figure("repainting 4×8 heads of 64², from the bytes", "≤ 60", "ms", repaints())
    with new_home():
        yield Figure("scores of all heads at 200 snapshots", "≤ 5", "s", histories())
    yield Figure("ablating every head of a 4×8 model", "≤ 2", "s", ablations())


def quick() -> Figures:
    """The weight of a message, and fewer paintings."""
    yield Figure("bytes of all five kinds / BertViz's", "≤ 0.1", "×", [weight(MODES) / (5 * BERTVIZ)])
    yield Figure("repainting 4×8 heads of 64², from the bytes", "≤ 60", "ms", repaints(QUICKLY))


def rows(layers: int, count: int, T: int, seed: int = 0) -> list[Row]:
    """Random causal heads with every mode."""
    random = np.random.default_rng(seed)
    made = []
    for layer in range(layers):
        scores = random.normal(size=(count, T, T)).astype(np.float32)
        pattern = np.tril(np.exp(scores))
        pattern /= pattern.sum(-1, keepdims=True)
        matrices = [pattern, np.where(pattern > 0, scores, -np.inf), pattern * 2, np.tril(scores)]
        labels = [Head(f"blocks.{layer}.attention.{h}", f"head {layer + 1}.{h + 1}") for h in range(count)]
        tokens = [chr(97 + i % 26) for i in range(T)]
        together = {"rollout": pattern.mean(0), "gradient relevance": pattern.mean(0)}
        made.append(Row(f"layer {layer + 1}", matrices, labels, tokens, tokens, causal=True, aggregates=together))
    return made


def weight(modes: list[Mode]) -> int:
    """Bytes of the message for 2×4 heads over 64 tokens."""
    stored = sum(mode.product is None for mode in modes)
    shown = [
        replace(row, matrices=row.matrices[:stored], aggregates=row.aggregates if stored > 1 else {})
        for row in rows(2, 4, 64)
    ]
    header = describe(shown, modes, scope="all", colours=[], selected=None, query=None, height=None, step=0)
    return len(pack(header, sent(shown)))


def repaints(paints: int = PAINTS) -> list[float]:
    """Milliseconds of each repaint after the first."""
    with new_home() as folder, window() as page:
        script = folder / "app.py"
        script.write_text(APP)
        with server(script=str(script)) as address:
            page.goto(address)
            page.wait_for_function("window.__matrixGridPaintMs", timeout=60_000)
            times = []
            for _ in range(paints + 5):
                page.evaluate("window.__matrixGridPaintMs = 0")
                page.wait_for_function("window.__matrixGridPaintMs")
                times.append(page.evaluate("window.__matrixGridPaintMs"))
    return times[5:]


def histories() -> list[float]:
    """Seconds for a run of the default model with 200 snapshots."""
    path = catalogue.new_path("heads")
    file.begin(path, config())
    recording.thinning.MOST_BYTES = recording.thinning.SMALL_BYTES = 10**9  # or a third of them would be thinned away
    with recording.Recorder(path) as recorder:
        training = train(config())
        recorder.describe(training)
        for _ in range(SNAPSHOTS):
            recorder.add(next(training), training)
            recorder.snapshot(training)
        recorder.status("paused")
    times = []
    for _ in range(HISTORIES):
        kept.forget()
        start = time.perf_counter()
        history = heads.history(str(path), SNAPSHOTS)
        times.append(time.perf_counter() - start)
        assert len(history.steps) == SNAPSHOTS, "every snapshot is scored"
    return times


def ablations() -> list[float]:
    """Seconds for all 32 heads."""
    large = config().replace({"model.layers": 4, "model.heads": 8})
    training = train(large)
    batch = training.task.batch(32, stream(0, "ablation"))
    torch.set_num_threads(1)
    times = []
    for _ in range(ABLATIONS):
        start = time.perf_counter()
        ablation(training.model, batch)
        times.append(time.perf_counter() - start)
    return times

"""The bare page: two buttons, two sliders, one line chart in a fragment, one canvas, one process that trains beside it.

As a tutorial would write it, with nothing of ours: the process is there before the press and leaves its losses in a
file in memory. `BARE_GRIDS` names a file of attention patterns (steps, matrices, rows, columns).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import streamlit as st

GOING, COUNT, RATE, LOSSES, SHOWN = 0, 1, 2, 3, 200  # as in training.py
EVERY = 0.2  # seconds between two drawings
PAINT = """
export default ({ data, parentElement }) => {
  const canvas = parentElement.querySelector("canvas"), whole = data.slice().buffer;
  const [step, n, rows, columns] = new Int32Array(whole, 0, 4), pixels = new ImageData(n * columns, rows);
  new Float32Array(whole, 16).forEach((p, i) => {
    const of = Math.floor(i / (rows * columns)), at = i % (rows * columns);
    const x = of * columns + (at % columns), y = Math.floor(at / columns);
    pixels.data.set([0, 0, 255, 255 * p], 4 * (y * n * columns + x));
  });
  [canvas.width, canvas.height] = [n * columns, rows];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  canvas.ariaLabel = `step ${step}`;
};
"""


@st.cache_resource
def training() -> np.memmap:
    """What the page and the process share."""
    path = Path(tempfile.mkdtemp(prefix="bare-")) / "shared"
    shared = np.memmap(path, "f8", "w+", shape=(LOSSES + SHOWN,))
    shared[RATE] = 1e-3
    script = str(Path(__file__).with_name("training.py"))
    subprocess.Popen([sys.executable, script, str(path), str(os.getpid())])
    return shared


@st.cache_resource
def grids() -> np.ndarray:
    return np.load(os.environ["BARE_GRIDS"])


@st.fragment(run_every=EVERY)
def chart() -> None:
    """The newest losses and the step."""
    shared = training()
    count = int(shared[COUNT])
    newest = np.roll(shared[LOSSES:], -(count % SHOWN))[-min(count, SHOWN) :] if count else np.zeros(0)
    st.html(f"<p class='bare-step'>{count}</p>")
    if len(newest) > 1:
        st.line_chart(newest)


if st.button("Train", key="bare-train"):
    training()[COUNT], training()[GOING] = 0, 1
if st.button("Stop", key="bare-stop"):
    training()[GOING] = 0
power = st.slider("Learning rate, 10^x", -5.0, -1.0, -3.0, 0.05, key="bare-rate")
st.html(f"<p class='bare-mark'>lr {power:.2f}</p>")
training()[RATE] = 10**power
if training()[GOING]:
    chart()
step = st.slider("Step", 0, len(grids()) - 1, 0, key="bare-scrub")
grid = st.components.v2.component("bare_grid", html="<canvas></canvas>", js=PAINT)
patterns = grids()[step].astype("<f4")
grid(data=np.array([step, *patterns.shape], "<i4").tobytes() + patterns.tobytes(), key="bare-grid")

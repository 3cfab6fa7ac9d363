"""Gradients: how large each tensor's gradient is, and how far each step moves it."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from explorer.charts import gradients
from explorer.ui import frame, picture
from explorer.ui.frame import View, cards

POINTS = 300  # of each curve


def draw(view: View) -> None:
    """The page at a step."""
    run, names = view.run, view.run.tensors
    if not names or not view.last:
        st.info("The first step is being trained.", icon=":material/hourglass_empty:")
        return
    steps, norms, ratios = recorded(view)

    def depth_table() -> pd.DataFrame:
        table = gradients.depth_frame(here[0], names)
        table.attrs["step"] = at  # the picture says which step it is of, however old it may be
        return table

    at = min(view.step, view.last - 1)
    _, here, moved = run.tensor_norms(np.array([at]))
    left, right = cards("norms", 1, 1)
    marks: dict[str, Any] = {"events": view.events, "cursor": view.cursor}
    with left:
        picture.curves(gradients.NORMS, gradients.norm_parts(steps, norms, names, **marks), "norms")
        picture.look_for("norms", norm_sentence(at, here[0], names))
    with right:
        picture.curves(gradients.RATIOS, gradients.ratio_parts(steps, ratios, names, **marks), "ratios")
        picture.look_for("ratios", ratio_sentence(at, moved[0], names))
    answer = view.picture("gradients.flow", 0.5)
    with cards("flow", 1)[0]:
        if answer is not None:
            plain, arrays = answer
            st.markdown(f"**Down the residual stream** · on the probe, step {plain['step']}")
            table = gradients.flow_frame(arrays["gradient"], plain["taps"])
            picture.show(gradients.flow, table, "flow")
            picture.look_for("flow", flow_sentence(arrays["gradient"], plain["taps"]))
    with cards("depth", 1)[0]:
        depth = picture.paced(depth_table, "depth", (run.id, view.cursor), 0.8)
        st.markdown(f"**Each tensor** · on the training batch of step {depth.attrs['step']}")
        picture.show(gradients.by_depth, depth, "depth", tensors=len(names))
    picture.computed(
        "Norms are ‖∂L/∂θ‖ of each tensor on the training batch, before clipping; where many steps share a "
        "pixel the one with the largest total gradient stands for them, so spikes survive. The update ratio is "
        "the true ‖θ after − θ before‖/‖θ before‖ of the step, right for every optimizer; about 1e-3 is usual. "
        "The stream shows the mean |∂L/∂x| over positions and channels at each residual junction, one forward "
        "and backward pass on the probe. Values are at true magnitude on log scales."
    )


def recorded(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The steps of largest gradient among so many buckets, with their norms and ratios."""
    return view.run.tensor_norms(view.run.curve(POINTS)["peak"])


def norm_sentence(step: int, norms: np.ndarray, names: list[str]) -> str:
    """Where the gradient is largest and smallest at a step."""
    matrices = gradients.matrices(names)
    largest = max(matrices, key=lambda i: norms[i])
    smallest = min(matrices, key=lambda i: norms[i])
    span = norms[largest] / max(norms[smallest], 1e-30)
    return (
        f"at step {step}, of the matrices `{gradients.short(names[largest])}` has the largest gradient "
        f"({norms[largest]:.1e}), {span:.0f} times that of `{gradients.short(names[smallest])}`, the smallest."
    )


def ratio_sentence(step: int, ratios: np.ndarray, names: list[str]) -> str:
    """How a step compares with the usual 1e-3."""
    matrices = gradients.matrices(names)
    middle = float(np.median(ratios[matrices]))
    word = "above" if middle > 3e-3 else "below" if middle < 3e-4 else "near"
    return f"at step {step} half of the matrices moved by more than {middle:.1e} of their size: {word} the usual 1e-3."


def flow_sentence(values: np.ndarray, taps: list[str]) -> str:
    """How the gradient changes on its way from the last junction to the first."""
    stream = [v for v, tap in zip(values, taps, strict=True) if tap != "logits"]
    change = stream[0] / max(stream[-1], 1e-30)
    word = "grows" if change > 1.5 else "shrinks" if change < 0.67 else "keeps its size"
    return f"from the last junction back to the first the gradient {word} (× {change:.2g})."


frame.watch("Gradients", "How strongly each weight is pulled, and how far it moves, at true magnitude.", draw)

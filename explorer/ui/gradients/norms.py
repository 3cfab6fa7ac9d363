"""How far each step moved the weights, and how large the gradient was before and after clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.charts import gradients, progress
from explorer.measure.names import finite, fixed, lost, number, percent
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.view import View

POINTS = 300  # of each curve
FORMULAS = (
    "Norms are ‖∂L/∂θ‖ of each tensor on the training batch, before clipping; where many steps share a "
    "column the one with the largest total gradient stands for them, so spikes survive. The update ratio is "
    "the true ‖θ after − θ before‖/‖θ before‖ of the step, right for every optimizer; about 10⁻³ is usual. "
    "A head’s gradient is that of its own rows of Q, K and V and columns of the output matrix, computed at the "
    "snapshots on the batch that comes next, without dropout. "
    "Values are at true magnitude on log scales."
)


def show(view: View) -> None:
    """Two curves over all steps: update ratios by layer, and the gradient's norm."""
    run, names = view.run, view.run.tensors
    curve = run.curve(POINTS)
    steps, _, ratios = run.tensor_norms(curve["peak"])
    at = min(view.step, view.last - 1)
    _, _, moved = run.tensor_norms(np.array([at]))
    marks: dict[str, Any] = {"events": view.events, "cursor": view.cursor}
    clip = view.config.train.clip
    left, right = cards("norms", 1, 1)
    with left:
        picture.curves(gradients.RATIOS, gradients.ratio_parts(steps, ratios, names, **marks), "ratios")
        picture.look_for("ratios", ratio_sentence(at, moved[0], names))
    with right:
        picture.curves(progress.GRADIENT_TALL, progress.gradient_norm_parts(curve, clip=clip, **marks), "clipping")
        picture.look_for("clipping", clip_sentence(view, clip))


def ratio_sentence(step: int, ratios: np.ndarray, names: list[str]) -> str:
    """How a step compares with the usual 10⁻³."""
    matrices = gradients.matrices(names)
    middle = float(np.median(ratios[matrices]))
    if not finite(middle):
        return lost("the update ratio", step)
    if middle == 0:
        return f"step {step:,} moved none of half of the matrices: its change is lost in rounding, or there is none."
    word = "above" if middle > 3e-3 else "below" if middle < 3e-4 else "near"
    moved = f"at step {step:,} half of the matrices moved by more than {number(middle, 2)} of their size"
    return f"{moved}: {word} the usual 10⁻³."


def clip_sentence(view: View, clip: float | None) -> str:
    """How many steps were clipped, and by how much this one was."""
    if clip is None:
        return "the gradient is used as it is, without clipping."
    share, _ = view.run.clipped()
    row = view.run.step_row(min(view.step, view.last - 1))
    if row is None:
        return "no step yet."
    if not finite(row["grad_norm"]):
        return lost("the gradient’s norm", row["step"])
    kept = row["clipped_grad_norm"] / max(row["grad_norm"], 1e-30)
    this = f"was scaled by {fixed(kept, 2)}" if kept < 1 else "was not clipped"
    return f"{percent(share)} of all steps so far were clipped; step {row['step']:,} {this}."

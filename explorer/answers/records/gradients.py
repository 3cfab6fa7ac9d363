"""Gradients at a step. T taps, H heads, N snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class Flow(Record, of="gradients.flow"):
    """Down the residual stream on an input: at every junction and at the logits, in order.

    loss: of the input, in nats.   value, gradient (T,): mean |value| and mean |∂L/∂value| at each tap.
    """

    step: int
    loss: float
    taps: list[str]
    value: Array
    gradient: Array


@dataclass(frozen=True)
class HeadGradients(Record, of="gradients.heads"):
    """‖∂L/∂θ‖ of every head's own weights. heads: names (H,).   steps (N,): of the snapshots.   norms (N, H)."""

    step: int
    heads: list[str]
    steps: Array
    norms: Array

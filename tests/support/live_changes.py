"""A run whose settings, heads and weights change by hand while it trains, and what its training had at each step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.numpy
from tiny_runs import TINY

from explorer import RunConfig
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.training.loop import Step, Training

EVERY, STEPS = 3, 33
HEAD, FROZEN, ANEW = "blocks.0.attention.1", "blocks.1.attention.0", "blocks.1.attention.1"
BY_HAND: dict[int, list[tuple[str, dict[str, Any]]]] = {  # after so many steps, each beside a snapshot
    0: [("set", {"optimizer.weight_decay": 0.05})],
    3: [("set", {"train.batch": 6})],
    6: [("set", {"train.label_smoothing": 0.2}), ("set", {"model.activation": "tanh"})],
    9: [("ablate", {"head": HEAD}), ("set", {"train.own_prefix": 0.4})],
    12: [("set", {"model.scale": "none"})],
    15: [("set", {"model.mask": "none", "train.batch": 3})],
    18: [("freeze", {"head": FROZEN})],
    21: [("reset", {"head": ANEW}), ("set", {"optimizer.lr": 2e-3, "train.own_prefix": 0.0})],
    24: [("restore", {"head": HEAD}), ("set", {"model.residual": "none"})],
    27: [("set", {"model.scale": "sqrt", "train.label_smoothing": 0.0})],
    30: [("unfreeze", {"head": FROZEN}), ("set", {"model.mask": "causal", "model.residual": "add"})],
}
ACCUMULATED = TINY.replace({"train.accumulate": 2, "optimizer.lr": 1e-2})


@dataclass(frozen=True)
class Live:
    """What the training itself had at a step, after the events there: its settings, heads, weights and state.

    gradient: by tensor, by the training's own code.   step: as it was then taken.
    """

    config: RunConfig
    ablated: frozenset[str]
    frozen: frozenset[str]
    weights: bytes
    state: bytes
    gradient: dict[str, Any]
    step: Step


def changed(path: Path, config: RunConfig = ACCUMULATED, by_hand: Any = None, steps: int = STEPS) -> dict[int, Live]:
    """Records a run with its changes; gives what its training had at each snapshot but the last."""
    by_hand = BY_HAND if by_hand is None else by_hand
    file.begin(path, config)
    live: dict[int, Live] = {}
    with Recorder(path) as recorder:
        training = Training(config)
        recorder.describe(training)
        recorder.snapshot(training)
        while training.step < steps:
            at = training.step
            for kind, detail in by_hand.get(at, []):
                training.apply(kind, detail)
                recorder.event(at, kind, detail)
            if at % EVERY == 0:
                training.fill_gradients(at)
                gradient = {name: g.clone() for name, g in training.grads.items()}
                blobs = [bytes_of(training.weights()), bytes_of(training.state())]
            step = next(training)
            if at % EVERY == 0:
                heads = frozenset(training.heads.ablated), frozenset(training.heads.frozen)
                weights, state = blobs
                live[at] = Live(training.config, *heads, weights, state, gradient, step)
            recorder.add(step, training)
            if training.step % EVERY == 0:
                recorder.snapshot(training)
        recorder.status("paused")
    return live


def bytes_of(tensors: dict[str, Any]) -> bytes:
    """Tensors as a snapshot holds them."""
    return safetensors.numpy.save({name: t.contiguous().numpy().copy() for name, t in tensors.items()})


def from_the_beginning(run: Path, step: int, live: Live, twin: Path) -> Path:
    """The same run as if it had had the settings and heads of a step from the beginning: what it answers is right.

    Its file holds the same steps and the live training's own weights at that step, and no change by hand.
    """
    with closing(file.connect(run)) as old, closing(sqlite3.connect(twin, isolation_level=None)) as new:
        old.backup(new)
        new.execute("DELETE FROM events")
        for number, (kind, head) in enumerate(switched(live), 1):
            new.execute("INSERT INTO events VALUES (?, 0, 0.0, ?, ?)", (number, kind, f'{{"head": "{head}"}}'))
        new.execute("DELETE FROM snapshots")
        new.execute("INSERT INTO snapshots VALUES (?, 99, ?, ?)", (step, live.weights, live.state))
        file.set_meta(new, "config", live.config.plain())
    return twin


def switched(live: Live) -> Iterator[tuple[str, str]]:
    """The events that switch a training's heads as they are."""
    yield from (("ablate", head) for head in sorted(live.ablated))
    yield from (("freeze", head) for head in sorted(live.frozen))

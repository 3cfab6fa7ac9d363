"""What the training itself says: its losses and the share that it gets right, on its batches and held out."""

from __future__ import annotations

import math

import numpy as np

from explorer.answers.records.task import About
from explorer.lessons.measurements.registry import ANY, POSITIVE, SHARE, Trial, measurement
from explorer.runs.run import Run

WINDOW = 20  # steps that a training's loss is the mean of
RECORDED = {"loss": "loss", "right": "metric"}  # measurements of each step, and the column that they are the mean of


def recent(run: Run, column: str, at: int) -> float:
    """A column's mean over the WINDOW steps before a step; at step 0, of that step."""
    values = run.steps[column][max(0, at - WINDOW) : max(at, 1)]
    if not len(values) or at > run.last:
        raise ValueError(f"this training ended at step {run.last} and not {at}: {run.status.reason}")
    return float(np.mean(values))


def curve(run: Run, measure: str, until: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps from 0 to `until`, as far as the run has come, and what a measurement of RECORDED is at each of them."""
    values = np.asarray(run.steps[RECORDED[measure]][:until], float)
    steps = np.arange(len(values) + 1 if len(values) else 0)
    return steps, np.array([values[max(0, at - WINDOW) : max(at, 1)].mean() for at in steps])


@measurement("training loss", "nats", POSITIVE)
def loss(trial: Trial, at: int) -> float:
    """Of the batches trained on."""
    return recent(trial.run, "loss", at)


@measurement("distance of the training loss from ln V", "nats", POSITIVE)
def off_guessing(trial: Trial, at: int) -> float:
    """ln V is the loss of equal probabilities for all V tokens."""
    return abs(recent(trial.run, "loss", at) - math.log(trial.ask(About, 0).vocabulary))


@measurement("share of tokens predicted right", "", SHARE)
def right(trial: Trial, at: int) -> float:
    """On the batches trained on."""
    return recent(trial.run, "metric", at)


def held_out(trial: Trial, at: int) -> tuple[float, float]:
    """Loss and share right on what is held out of the training."""
    from explorer.runs.replay import restore  # loads torch, which reading a lesson does without

    pair = restore(trial.run, at).validate()
    if pair is None:
        raise ValueError("this task holds nothing out; measure its training loss")
    return pair


@measurement("loss on what is held out", "nats", POSITIVE)
def held_out_loss(trial: Trial, at: int) -> float:
    """Of text or examples that are never trained on."""
    return held_out(trial, at)[0]


@measurement("rise of the loss on what is held out", "nats", ANY)
def held_out_rise(trial: Trial, at: int, since: int) -> float:
    """From an earlier step on; above 0 the training has gone on for too long."""
    return held_out(trial, at)[0] - held_out(trial, since)[0]


@measurement("share right on what is held out", "", SHARE)
def held_out_right(trial: Trial, at: int) -> float:
    """Of text or examples that are never trained on."""
    return held_out(trial, at)[1]

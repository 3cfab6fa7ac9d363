"""Facts about a run's task for pages, its training as a script, and files of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer.answers.records.task import About, Fit, Judgement, Preparation, TorchScript, WeightsFile
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.runs import catalogue, footprint, weights_file
from explorer.runs.restored import opened
from explorer.script import pytorch
from explorer.tasks import build
from explorer.tasks.base import Task
from explorer.trace import evaluating
from explorer.training.device import numerics

EXAMPLES = 64  # examples of the probe


def about(path: str) -> About:
    """Describes a run's task. ValueError if its text is not on this machine."""
    return About(**facts(opened(path).task))


def fit(config: str) -> Fit:
    """Describes the task of settings (JSON) before there is a run. ValueError says why they cannot be trained."""
    chosen = RunConfig.from_json(config)
    return Fit(**facts(footprint.admit(chosen, catalogue.folder())))


def facts(task: Task) -> dict[str, Any]:
    """The fields of `TaskFacts`."""
    return {
        "words": task.examples,
        "vocabulary": len(task.vocabulary),
        "chance": task.chance,
        "guessing": task.guessing,
        "unit": task.objective.unit,
        "answer": task.objective.answer,
        "metric": task.metric,
        "writes": task.prompt is not None,
        "sample": task.sample(task.probe()),
    }


def prepare(preset: str) -> Preparation:
    """Builds a preset's task once, so that its text is on disk before a card is clicked."""
    config = PRESETS[preset].config
    build(config.task, config.model)
    return Preparation(preset)


def torch_script(path: str, last: int) -> TorchScript:
    """The script of a run's first `last` steps, or of those until a hand changed it.

    ValueError says what no line is written for.
    """
    script = pytorch.of_run(opened(path), last)
    zipped = np.frombuffer(script.zipped(Path(path).stem), np.uint8)
    return TorchScript(script.text, script.lines, script.steps, zipped)


def weights(path: str, step: int, mixed: bool = False) -> WeightsFile:
    """A run's weights at a step as a file. mixed: with the numbers of each tensor in random order."""
    return WeightsFile(np.frombuffer(weights_file.packed(opened(path), step, mixed), np.uint8))


@torch.no_grad()
def judge(path: str, name: str) -> Judgement:
    """What the model of a file of weights answers to the probe of its task. name: of the file, for refusals.

    ValueError says why it is not opened.
    """
    file = weights_file.unpacked(Path(path).read_bytes(), name, catalogue.folder())
    training = file.training
    batch = training.task.probe(EXAMPLES).to(training.device)
    with numerics(training.config), evaluating(training.model):
        logits = training.model(batch.tokens, batch.source)
    right, of = training.task.objective.right(logits, batch.targets)
    preset, changes = training.config.nearest_preset()
    return Judgement(
        preset=preset,
        changes={path: str(value)[:40] for path, value in changes.items() if path != "train.device"},
        run=file.run,
        step=file.step,
        parameters=sum(weight.numel() for weight in training.weights().values()),
        loss=training.task.objective.mean(logits, batch.targets).item(),
        right=right / of,
        guessing=training.task.guessing[0],
        chance=training.task.chance,
        unit=training.task.objective.unit,
        examples=len(batch.tokens),
    )

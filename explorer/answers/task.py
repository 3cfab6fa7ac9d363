"""Facts about a run's task for pages, and its training as a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from explorer.answers.records.task import About, Fit, Preparation, TorchScript
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.runs import catalogue, footprint
from explorer.runs.restored import opened
from explorer.script import pytorch
from explorer.tasks import build
from explorer.tasks.base import Task


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

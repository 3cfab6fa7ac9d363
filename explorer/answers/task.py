"""Facts about a run's task for pages."""

from __future__ import annotations

from typing import Any

from explorer.answers.records.task import About, Fit, Preparation
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.runs import catalogue, footprint
from explorer.runs.restored import opened
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

"""What pages need to know of a run's task."""

from __future__ import annotations

from explorer.config import RunConfig
from explorer.preset import PRESETS
from explorer.runs.answer import Answer
from explorer.runs.views.restored import opened
from explorer.tasks import build
from explorer.tasks.base import Task
from explorer.tasks.words import WordTask


def about(path: str) -> Answer:
    """What a run's pages need to know of its task. ValueError where its text is not on this machine."""
    return described(opened(path).task)


def fit(config: str) -> Answer:
    """The same for a config (JSON) before there is a run. ValueError says why it cannot be trained."""
    chosen = RunConfig.from_json(config)
    return described(build(chosen.task, chosen.model))


def described(task: Task) -> Answer:
    """Vocabulary size, chance, what the metric counts, whether it writes text, one example; some words it knows."""
    return {
        "words": task.examples if isinstance(task, WordTask) else [],
        "vocabulary": len(task.vocabulary),
        "chance": task.chance,
        "guessing": task.guessing,
        "unit": task.objective.unit,
        "answer": task.objective.answer,
        "metric": task.metric,
        "writes": task.prompt is not None,
        "sample": task.sample(task.probe()),
    }, {}


def prepare(preset: str) -> Answer:
    """Builds a preset's task once, so that its text is on disk before a card is clicked."""
    config = PRESETS[preset].config
    build(config.task, config.model)
    return {}, {}

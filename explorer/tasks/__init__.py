"""Where batches come from: `build(fields, model)` gives the task that a config's fields describe."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from explorer.tasks.fields import TaskFields

if TYPE_CHECKING:
    from explorer.tasks.base import Task
    from models.config import ModelConfig

HOMES = {  # task name -> module and class; imported when asked for, since they import torch
    "reverse": "synthetic:Reverse",
    "copy": "synthetic:Copy",
    "sort": "synthetic:Sort",
    "induction": "synthetic:Induction",
    "addition": "synthetic:Addition",
    "shakespeare": "text:Shakespeare",
    "python": "text:Python",
    "text": "text:OwnText",
    "dates": "dates:Dates",
}


def build(fields: TaskFields, model: ModelConfig) -> Task:
    """The task itself. ValueError where this kind of model cannot do it or its context is too short."""
    module, kind = HOMES[fields.name].split(":")
    task: Task = getattr(import_module(f"explorer.tasks.{module}"), kind)(fields, model)
    if task.length > model.context:
        raise ValueError(
            f"model.context={model.context} is shorter than this task's sequences of {task.length} tokens; "
            f"use model.context={task.length} or a shorter task"
        )
    return task

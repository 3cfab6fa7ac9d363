"""Where batches come from: `build(fields, model)` gives the task that a config's fields describe."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, get_args

from explorer.tasks.fields import TaskFields
from models.config import ModelConfig, WordKind, WordVectorConfig

if TYPE_CHECKING:
    from explorer.tasks.base import Task

WORD_KINDS = get_args(WordKind)

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
    "words": "words:words",
}


def build(fields: TaskFields, model: ModelConfig | WordVectorConfig) -> Task:
    """The task itself. ValueError where this kind of model cannot do it or its context is too short."""
    if model.kind in WORD_KINDS and fields.name != "words":
        raise ValueError(
            f"model.kind={model.kind} learns vectors of words, which task.name={fields.name} has not; "
            "use task.name=words, or model.kind=decoder"
        )
    module, kind = HOMES[fields.name].split(":")
    task: Task = getattr(import_module(f"explorer.tasks.{module}"), kind)(fields, model)
    if isinstance(model, ModelConfig) and task.length > model.context:
        raise ValueError(
            f"model.context={model.context} is shorter than this task's sequences of {task.length} tokens; "
            f"use model.context={task.length} or a shorter task"
        )
    return task

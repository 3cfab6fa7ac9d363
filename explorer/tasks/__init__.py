"""Tasks: `build(fields, model)` makes the task that a config's fields describe."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from explorer.tasks.fields import TASKS, TaskFields
from models.families import kinds, missing

if TYPE_CHECKING:
    from explorer.tasks.base import Task


def check(fields: TaskFields) -> None:
    """ValueError if a text is unfit to begin a run with. Runs begun with it before still train."""
    text = getattr(fields, "text", None)
    if text is not None and getattr(fields, "tokenizer", "") == "bpe":
        from explorer.tasks.tokenizer import check_words

        check_words(text)


def made(fields: TaskFields, model: Any) -> Task:
    """The task, whatever the length of its sequences. ValueError if a model with these settings cannot do it."""
    needs = TASKS[fields.name].needs
    if lacking := missing(model, needs):
        able = [name for name, kind in kinds().items() if kind.parts.issuperset(needs)]
        fitting = [name for name, kind in TASKS.items() if not missing(model, kind.needs)]
        raise ValueError(
            f"model.kind={model.kind} has no {lacking[0]}, which task.name={fields.name} needs; use model.kind="
            f"{' or '.join(able)}, or task.name={' or '.join(fitting)}"
        )
    module, kind = TASKS[fields.name].made_by.split(":")
    task: Task = getattr(import_module(f"explorer.tasks.{module}"), kind)(fields, model)
    return task


def build(fields: TaskFields, model: Any) -> Task:
    """The task. ValueError if this kind of model cannot do it or its context is too short."""
    task = made(fields, model)
    if not missing(model, ("logits",)) and task.length > model.context:
        raise ValueError(
            f"model.context={model.context} is shorter than this task's sequences of {task.length:,} tokens; "
            f"use model.context={task.length} or a shorter task"
        )
    return task

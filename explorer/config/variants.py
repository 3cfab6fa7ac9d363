"""The model and the task of a config: `model.kind` and `task.name` decide which settings there are."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
)

from explorer.config.quoting import quoted
from explorer.config.refusal import refusal
from explorer.config.settings import OptimizerConfig, TrainConfig
from explorer.tasks.fields import TASKS, Reverse, TaskFields
from models import families
from models.config import ModelConfig


def defaults(model: type = ModelConfig, task: type[TaskFields] = Reverse) -> dict[str, dict[str, Any]]:
    """The default settings of each part of a config, None for a setting without one."""
    parts: dict[str, type[BaseModel]] = {"task": task, "optimizer": OptimizerConfig, "train": TrainConfig}
    of_parts = {
        part: {name: None if field.is_required() else field.default for name, field in kind.model_fields.items()}
        for part, kind in parts.items()
    }
    return {"model": {field.name: getattr(model, field.name) for field in fields(model)}} | of_parts


@lru_cache(maxsize=32)
def adapter(kind: type) -> TypeAdapter[Any]:
    """Checks the settings of one family of models."""
    return TypeAdapter(kind)


def model_of(value: Any) -> Any:
    """A model's settings, checked as those of its kind (without one, the first kind). ValueError says why not.

    Pydantic would pass a dataclass unchecked; as a dict, every field is checked again.
    """
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    if not isinstance(plain, dict):
        raise ValueError(f"model={quoted(str(plain))} is refused: settings by name belong here; try {{}}")
    kind = plain.get("kind", ModelConfig.kind)
    if not isinstance(kind, str) or kind not in families.kinds():
        raise ValueError(f"model.kind={quoted(str(kind))} is not a kind of model; use {', '.join(families.kinds())}")
    config = families.family_of(kind).config
    try:
        return adapter(config).validate_python(plain)
    except ValidationError as error:
        raise ValueError(refusal(error, defaults(model=config), "model")) from None


def task_of(value: Any) -> TaskFields:
    """A task's settings, checked as those of its name. ValueError says why not."""
    if isinstance(value, TaskFields):
        return value
    name = value.get("name") if isinstance(value, dict) else value
    if not isinstance(value, dict) or not isinstance(name, str) or name not in TASKS:
        raise ValueError(f"task.name={quoted(str(name))} is not a task; use {', '.join(TASKS)}")
    kind = TASKS[name].fields
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise ValueError(refusal(error, defaults(task=kind), "task")) from None


Model = Annotated[Any, PlainValidator(model_of), PlainSerializer(asdict)]
Task = Annotated[SerializeAsAny[TaskFields], BeforeValidator(task_of)]

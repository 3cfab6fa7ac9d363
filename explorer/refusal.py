"""Refusals: what is wrong with a setting as one sentence, the field, the value, a way out."""

from __future__ import annotations

import math
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import ValidationError

from explorer.settings import FAMILIES, OptimizerConfig, TrainConfig, quoted
from explorer.tasks.fields import TASKS
from models.config import Kind, ModelConfig, WordKind


def refusal(error: ValidationError) -> str:
    """The first of pydantic's complaints as one sentence: field, value, way out."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":  # our own sentence already
        return str(first["ctx"]["error"])
    where = [str(part) for part in first["loc"]]
    if (
        where[:1] in (["task"], ["model"]) and len(where) > 2
    ):  # ("task", "reverse", "length"): pydantic names the variant
        where = [where[0], where[2]]
    path = ".".join(where) or "the config"
    if first["type"] == "extra_forbidden" or first["type"] == "unexpected_keyword_argument":
        variant = {"task": str(first["loc"][1]), "model": "words" if "word-vectors" in first["loc"] else "reverse"}
        return no_setting(path, variant.get(where[0], "reverse"))
    if where == ["model", "kind"]:
        kinds = ", ".join(get_args(Kind) + get_args(WordKind))
        return f"model.kind={quoted(str(first['input']))} is not a kind of model; use {kinds}"
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        name = first["input"].get("name") if isinstance(first["input"], dict) else first["input"]
        return f"task.name={quoted(str(name))} is not a task; use {', '.join(TASKS)}"
    if first["type"] == "missing":
        return f"{path} is missing; give it a value"
    said = first["msg"][0].lower() + first["msg"][1:]
    return f"{quoted(path)}={quoted(str(first['input']))} is refused: {said}{example(path)}"


def no_setting(path: str, task: str) -> str:
    """The refusal of a setting that is not there for this task, with up to three that may have been meant."""
    known = settings(task)
    name = path.rpartition(".")[2]
    near = [p for p in known if p.endswith(f".{name}")] + get_close_matches(path, known, cutoff=0.75)
    meant = f" (near: {', '.join(list(dict.fromkeys(near))[:3])})" if near else ""
    return f"there is no setting {quoted(path)}{meant}; `python -m explorer presets NAME` lists all"


def settings(task: str) -> list[str]:
    """The path of every setting that a run on this task has."""
    parts: dict[str, Any] = {
        "model": [field.name for field in fields(FAMILIES["word-vectors" if task == "words" else "transformer"])],
        "task": TASKS[task].model_fields,
        "optimizer": OptimizerConfig.model_fields,
        "train": TrainConfig.model_fields,
    }
    return [f"{part}.{name}" for part, names in parts.items() for name in names]


def example(path: str) -> str:
    """A way out of a refused value: the default, where the field has one."""
    part, _, name = path.partition(".")
    kinds: dict[str, Any] = {"optimizer": OptimizerConfig(), "train": TrainConfig(), "model": ModelConfig()}
    value = getattr(kinds.get(part), name, None)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"; try {value}"

"""Refusals: what is wrong with a setting as one sentence: the field, the value, a way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from explorer.config.quoting import quoted

LONGEST = 240  # characters of a refusal


def refusal(error: ValidationError, parts: dict[str, Any], inside: str = "") -> str:
    """The first of pydantic's complaints as one short sentence: field, value, way out.

    parts: the default settings of each part of a config, by name.   inside: the part checked; "" for a whole config.
    """
    text = sentence(error, parts, inside)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def sentence(error: ValidationError, parts: dict[str, Any], inside: str) -> str:
    """The same, at any length."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":  # our own sentence already
        return str(first["ctx"]["error"])
    path = ".".join([inside, *map(str, first["loc"])] if inside else map(str, first["loc"])) or "the config"
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return no_setting(path, [f"{part}.{name}" for part, fields in parts.items() for name in fields])
    if first["type"] == "missing":
        return f"{path} is missing; give it a value"
    complaint = first["msg"][0].lower() + first["msg"][1:]
    return f"{quoted(path)}={quoted(str(first['input']))} is refused: {complaint}{example(path, parts)}"


def no_setting(path: str, paths: Iterable[str]) -> str:
    """The refusal of a setting that is none of `paths`, with up to three suggestions."""
    paths, name = list(paths), path.rpartition(".")[2]
    near = [p for p in paths if p.endswith(f".{name}")] + get_close_matches(path[:80], paths, cutoff=0.75)
    if near:
        return f"there is no setting {quoted(path)}; did you mean {' or '.join(list(dict.fromkeys(near))[:3])}?"
    return f"there is no setting {quoted(path)}; names look like optimizer.lr, model.width or train.batch"


def no_preset(name: str, names: Collection[str]) -> str:
    """The refusal of a preset that is none of `names`, with the five that are written most like it."""
    near = get_close_matches(name[:80], names, n=5, cutoff=0)
    return (
        f"there is no preset {quoted(name)}; of {len(names)} names these are nearest: "
        f"{', '.join(quoted(preset) for preset in near)}"
    )


def example(path: str, parts: dict[str, Any]) -> str:
    """A way out of a refused value: the default, if the field has one."""
    part, _, name = path.partition(".")
    value = parts.get(part, {}).get(name)
    return "" if value is None else f"; try {value}"

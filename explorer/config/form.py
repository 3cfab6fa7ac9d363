"""Form: every setting with the words and limits of its field, for code that builds a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from explorer.config.encodings import ENCODINGS
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.run import RunConfig
from explorer.config.schedules import SCHEDULES
from models.config import Means, meanings

REGISTERED: dict[str, Mapping[str, object]] = {  # settings that name a record
    "model.positions": ENCODINGS,
    "optimizer.name": OPTIMIZERS,
    "optimizer.schedule": SCHEDULES,
}


@dataclass(frozen=True)
class Setting:
    """A setting by its path: one of `options`, a number from `low` to `high`, or a text.

    title: its name.   help: its meaning, "" if the title says all.   words: options in words, if their names say too
    little.   whole: whether a number is an integer.   low, high: None without a limit; the limit itself may still be
    refused, if the number has to be above it.
    """

    path: str
    title: str
    help: str = ""
    options: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    number: bool = False
    whole: bool = False
    low: float | None = None
    high: float | None = None

    def limit(self, end: float | None) -> float | None:
        """A limit as a number of the setting's kind."""
        return end if end is None else int(end) if self.whole else float(end)


def settings(config: RunConfig) -> list[Setting]:
    """Every setting of a config with this task and kind of model, part by part in the order of the fields."""
    parts: dict[str, Any] = {part: type(getattr(config, part)) for part in RunConfig.model_fields}
    return [
        of_field(f"{part}.{name}", rules) for part, kind in parts.items() for name, rules in fields_of(kind).items()
    ]


def of_field(path: str, rules: dict[str, Any]) -> Setting:
    """A setting from its field's JSON schema. A field that may be None has its rules one level deeper."""
    rules = next((one for one in rules.get("anyOf", ()) if one.get("type") != "null"), {}) | rules
    name, title = path.partition(".")[2], rules["title"]
    made = title == name.replace("_", " ").title()  # generated from the name, so the field gives none
    only = [rules["const"]] if "const" in rules else []
    low, high = (rules.get(f"{end}imum", rules.get(f"exclusiveM{end[1:]}imum")) for end in ("min", "max"))
    return Setting(
        path,
        name.replace("_", " ").capitalize() if made else title,
        rules.get("description", ""),
        tuple(REGISTERED.get(path, rules.get("enum", only))),
        rules.get("words", ()),
        rules.get("type") in ("integer", "number"),
        rules.get("type") == "integer",
        low,
        high,
    )


@cache
def fields_of(part: Any) -> dict[str, dict[str, Any]]:
    """The JSON schema of each field of a config's part; a model's words come from `Means`."""
    fields: dict[str, dict[str, Any]] = TypeAdapter(part).json_schema()["properties"]
    meant: dict[str, Means] = {} if issubclass(part, BaseModel) else meanings(part)
    for name, means in meant.items():
        limits = {} if means.limits is None else dict(zip(("minimum", "maximum"), means.limits, strict=True))
        title = {"title": means.title} if means.title else {}
        fields[name] |= limits | title | {"description": means.text, "words": means.words}
    return fields

"""RunConfig: everything a run is decided by, frozen and validated; as JSON, as a URL, as a form.

A refused value is one sentence: the field, the value, a way out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import Any

from pydantic import ValidationError, field_validator, model_validator

from explorer.refusal import no_setting, refusal
from explorer.settings import (
    Frozen,
    Model,
    OptimizerConfig,
    OptimizerName,
    PrecisionName,
    ScheduleName,
    TrainConfig,
    family,
    points,
    quoted,
)
from explorer.tasks.fields import Reverse, Task
from models.config import ModelConfig

__all__ = [
    "LIVE",
    "Frozen",
    "OptimizerConfig",
    "OptimizerName",
    "PrecisionName",
    "RunConfig",
    "ScheduleName",
    "TrainConfig",
    "from_word",
    "points",
    "refusal",
    "to_word",
]
QUERY_VERSION = "1"
LIVE = frozenset(  # fields that a running training takes without a restart: the same weights go on
    {f"optimizer.{name}" for name in ("lr", "weight_decay", "schedule", "warmup", "drawn")}
    | {f"train.{name}" for name in ("batch", "clip", "label_smoothing", "steps")}
    | {f"model.{name}" for name in ("activation", "dropout", "mask", "residual", "scale")}
)


class RunConfig(Frozen):
    """A run, decided. `RunConfig.preset("reverse").replace({"optimizer.lr": 1e-3})`."""

    model: Model = ModelConfig(context=20)
    task: Task = Reverse()
    optimizer: OptimizerConfig = OptimizerConfig()
    train: TrainConfig = TrainConfig()

    @field_validator("model", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        # a dataclass instance would pass unchecked; as a dict every field is checked again
        return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value

    @model_validator(mode="after")
    def _schedule_has_an_end(self) -> RunConfig:
        if self.optimizer.schedule != "constant" and self.train.steps is None:
            raise ValueError(f"optimizer.schedule={self.optimizer.schedule} needs to know the end; set train.steps")
        return self

    @model_validator(mode="after")
    def _suits_the_model(self) -> RunConfig:
        if self.model.kind == "glove" and self.train.label_smoothing:
            raise ValueError(
                f"train.label_smoothing={self.train.label_smoothing} has no classes to smooth among in "
                "model.kind=glove; use 0"
            )
        if family(self.model) == "word-vectors" and self.train.precision != "float32":
            raise ValueError(
                f"train.precision={self.train.precision} is one of matrix products, of which model.kind="
                f"{self.model.kind} has none worth it; use float32"
            )
        return self

    @property
    def transformer(self) -> ModelConfig:
        """The model's settings. ValueError where it is no Transformer, in a sentence for whoever looks at it."""
        if isinstance(self.model, ModelConfig):
            return self.model
        raise ValueError(f"this run learns word vectors ({self.model.kind}), no Transformer; open it on the Words page")

    def get(self, path: str) -> Any:
        """The value at a path such as `optimizer.lr`. ValueError where there is none."""
        if path not in self.flat():
            raise ValueError(no_setting(path, self.task.name))
        part, name = path.split(".")
        return getattr(getattr(self, part), name)

    def flat(self) -> dict[str, Any]:
        """Every value by its path, as plain JSON types."""
        return {f"{part}.{name}": v for part, values in self.plain().items() for name, v in values.items()}

    def plain(self) -> dict[str, dict[str, Any]]:
        """The config as nested plain dicts."""
        return self.model_dump(mode="json")

    def replace(self, changes: dict[str, Any]) -> RunConfig:
        """A copy with values changed by path. ValueError names the field, the value and a way out."""
        plain = self.plain()
        if "task.name" in changes and changes["task.name"] != self.task.name:
            plain["task"] = {"name": changes["task.name"]}  # another task has other fields
        if "model.kind" in changes and family({"kind": changes["model.kind"]}) != family(self.model):
            plain["model"] = {}  # another family has other settings
        for path, value in changes.items():
            part, _, name = path.partition(".")
            if part not in plain:
                raise ValueError(no_setting(path, self.task.name))
            plain[part][name] = value
        return self.from_plain(plain)

    @classmethod
    def from_plain(cls, plain: Any) -> RunConfig:
        """Checks nested plain dicts. ValueError as one sentence."""
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise ValueError(refusal(error)) from None

    def to_json(self) -> str:
        """Exact: `RunConfig.from_json(config.to_json()) == config`."""
        return json.dumps(self.plain(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """ValueError where the text is not JSON or not a config."""
        try:
            plain = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"this is not JSON ({error}); use what RunConfig.to_json wrote") from None
        return cls.from_plain(plain)

    @classmethod
    def preset(cls, name: str) -> RunConfig:
        """A preset by name. ValueError lists the names."""
        from explorer.preset import PRESETS

        if name not in PRESETS:
            raise ValueError(f"there is no preset {quoted(name)}; presets are {', '.join(PRESETS)}")
        return PRESETS[name].config

    def nearest_preset(self) -> tuple[str, dict[str, Any]]:
        """The preset from which this config differs least, and what differs by path."""
        from explorer.preset import PRESETS

        mine = self.flat()

        def differences(name: str) -> dict[str, Any]:
            theirs = PRESETS[name].config.flat()
            return {p: v for p, v in mine.items() if p not in theirs or theirs[p] != v}

        # another task costs all its fields: a preset of the same task is always nearer
        name = min(PRESETS, key=lambda n: (PRESETS[n].config.task.name != self.task.name, len(differences(n))))
        return name, differences(name)

    def to_query(self) -> dict[str, str]:
        """The short form for a URL: version, preset, and what differs from it.

        ValueError for a run on a text of one's own, which no URL can hold.
        """
        if getattr(self.task, "text", None) is not None:
            raise ValueError("a text of your own does not fit in a URL; share the run file instead")
        name, differences = self.nearest_preset()
        return {"v": QUERY_VERSION, "preset": name} | {p: to_word(v) for p, v in differences.items()}

    @classmethod
    def from_query(cls, query: dict[str, str]) -> RunConfig:
        """Reads `to_query`'s form. ValueError names what is wrong with which setting."""
        query = dict(query)
        version = query.pop("v", QUERY_VERSION)
        if version != QUERY_VERSION:
            raise ValueError(
                f"v={quoted(version)} is a newer form of link than this version reads; update the explorer"
            )
        config = cls.preset(query.pop("preset", "reverse"))
        return config.replace({path: from_word(path, word) for path, word in query.items()})


def to_word(value: Any) -> str:
    """A value as the URL and the command line write it."""
    return "none" if value is None else str(value)


def from_word(path: str, word: str) -> Any:
    """A value as the URL and the command line write it; the config checks its type."""
    return None if word == "none" and not path.startswith("model.") else word  # a model's "none" is a kind

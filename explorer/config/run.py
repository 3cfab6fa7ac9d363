"""RunConfig: a run's whole config, frozen and validated; as JSON, as a URL, as a form.

A refusal is one sentence: the field, the value, a way out.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from pydantic import ValidationError, model_validator

from explorer.config.encodings import ENCODINGS
from explorer.config.quoting import quoted
from explorer.config.refusal import no_preset, no_setting, refusal
from explorer.config.schedules import SCHEDULES, points
from explorer.config.settings import Frozen, OptimizerConfig, PrecisionName, TrainConfig
from explorer.config.variants import Model, Task, defaults
from explorer.tasks.fields import TASKS, Reverse
from models.config import ModelConfig
from models.families import FAMILIES, family_of, kind_of, kinds, missing

__all__ = [
    "LIVE",
    "Frozen",
    "OptimizerConfig",
    "PrecisionName",
    "RunConfig",
    "TrainConfig",
    "from_word",
    "points",
    "refusal",
    "to_word",
]
QUERY_VERSION = "1"
LIVE = frozenset(  # fields that change without a restart: the same weights train on
    {f"optimizer.{name}" for name in ("lr", "weight_decay", "schedule", "warmup", "drawn")}
    | {f"train.{name}" for name in ("batch", "clip", "label_smoothing", "own_prefix", "steps")}
    | {f"model.{name}" for family in FAMILIES.values() for name in family.live}
)


class RunConfig(Frozen):
    """A run's config. `RunConfig.preset("reverse").replace({"optimizer.lr": 1e-3})`."""

    model: Model = ModelConfig(context=20)
    task: Task = Reverse()
    optimizer: OptimizerConfig = OptimizerConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _schedule_has_an_end(self) -> RunConfig:
        if SCHEDULES[self.optimizer.schedule].ends and self.train.steps is None:
            raise ValueError(f"optimizer.schedule={self.optimizer.schedule} needs to know the end; set train.steps")
        return self

    @model_validator(mode="after")
    def _knows_its_positions(self) -> RunConfig:
        if not self.has("positions"):
            return self
        name, model = self.model.positions, self.model
        if name not in ENCODINGS:
            raise ValueError(f"model.positions={quoted(name)} is no encoding; use {', '.join(ENCODINGS)}")
        if ENCODINGS[name].pairs and model.head_width % 2:
            raise ValueError(
                f"model.positions={name} turns channels in pairs, and each head has {model.head_width} "
                f"(model.width={model.width} / model.heads={model.heads}); use an even number a head"
            )
        return self

    @model_validator(mode="after")
    def _suits_the_model(self) -> RunConfig:
        kind, precisions = self.model.kind, family_of(self.model.kind).precisions
        if self.train.label_smoothing and not kind_of(self.model).classes:
            raise ValueError(
                f"train.label_smoothing={self.train.label_smoothing} has no classes to smooth among in "
                f"model.kind={kind}; use 0"
            )
        if self.train.own_prefix and not self.reads_its_answer:
            raise ValueError(
                f"train.own_prefix={self.train.own_prefix} is a share of an answer that is read while it is written, "
                f"and model.kind={kind} with task.name={self.task.name} reads none; use 0"
            )
        if self.train.precision not in precisions:
            raise ValueError(
                f"train.precision={self.train.precision} is one of matrix products, of which model.kind={kind} has "
                f"none worth it; use {' or '.join(precisions)}"
            )
        return self

    def has(self, *parts: str) -> bool:
        """Whether the model has all these parts, of PARTS in models/families.py."""
        return not missing(self.model, parts)

    @property
    def reads_its_answer(self) -> bool:
        """Whether the model reads each token of its answer before it says the next one."""
        return kind_of(self.model).reads in ("onward", "source") and TASKS[self.task.name].reads_again

    def need(self, *parts: str) -> None:
        """ValueError if the model lacks one of these parts, in a sentence for the viewer."""
        if lacking := missing(self.model, parts):
            raise ValueError(f"this run {self.described} and has no {lacking[0]}; look at a run that has")

    @property
    def described(self) -> str:
        """The end of a sentence that begins "this run …", such as "is a Transformer (decoder)"."""
        family, kind = family_of(self.model.kind).spoken, self.model.kind
        return f"{family} ({kind})"

    def get(self, path: str) -> Any:
        """The value at a path such as `optimizer.lr`. ValueError if there is none."""
        if path not in self._flat:
            raise ValueError(no_setting(path, self._flat))
        part, name = path.split(".")
        return getattr(getattr(self, part), name)

    def flat(self) -> dict[str, Any]:
        """Every value by its path, as plain JSON types."""
        return dict(self._flat)

    @cached_property
    def _flat(self) -> dict[str, Any]:
        """Made once: to name a run, each drawing of a page compares it with every preset."""
        return {f"{part}.{name}": v for part, values in self.plain().items() for name, v in values.items()}

    def plain(self) -> dict[str, dict[str, Any]]:
        """The config as nested plain dicts."""
        return self.model_dump(mode="json")

    def replace(self, changes: dict[str, Any]) -> RunConfig:
        """A copy with values changed by path. ValueError names the field, the value and a way out."""
        plain = self.plain()
        if "task.name" in changes and changes["task.name"] != self.task.name:
            plain["task"] = {"name": changes["task.name"]}  # another task has other fields
        kind = changes.get("model.kind")
        if isinstance(kind, str) and kind in kinds() and family_of(kind) != family_of(self.model.kind):
            plain["model"] = {}  # another family has other settings
        for path, value in changes.items():
            part, _, name = path.partition(".")
            if part not in plain:
                raise ValueError(no_setting(path, self.flat()))
            plain[part][name] = value
        return self.from_plain(plain)

    @classmethod
    def from_plain(cls, plain: Any) -> RunConfig:
        """Checks nested plain dicts. ValueError as one sentence."""
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise ValueError(refusal(error, defaults())) from None

    def to_json(self) -> str:
        """Exact: `RunConfig.from_json(config.to_json()) == config`."""
        return json.dumps(self.plain(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """ValueError if the text is not JSON or not a config."""
        try:
            plain = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"this is not JSON ({error}); use what RunConfig.to_json wrote") from None
        return cls.from_plain(plain)

    @classmethod
    def preset(cls, name: str) -> RunConfig:
        """A preset by name. ValueError suggests names."""
        from explorer.config.presets import PRESETS

        if name not in PRESETS:
            raise ValueError(no_preset(name, PRESETS))
        return PRESETS[name].config

    def nearest_preset(self) -> tuple[str, dict[str, Any]]:
        """The preset from which this config differs least, of those that may name it, and the differences by path."""
        from explorer.config.presets import PRESETS

        def differences(name: str) -> dict[str, Any]:
            return self.differences(PRESETS[name].config)

        # another task costs all its fields: a preset of the same task is always nearer
        names = [name for name, preset in PRESETS.items() if preset.may_name(self)]
        name = min(names, key=lambda n: (PRESETS[n].config.task.name != self.task.name, len(differences(n))))
        return name, differences(name)

    def differences(self, other: RunConfig) -> dict[str, Any]:
        """The values in which this config differs from another, by path."""
        theirs = other._flat
        return {path: value for path, value in self._flat.items() if path not in theirs or theirs[path] != value}

    def to_query(self) -> dict[str, str]:
        """The short form for a URL: version, preset, and the differences from it.

        ValueError for a run on a visitor's own text, which does not fit a URL.
        """
        if getattr(self.task, "text", None) is not None:
            raise ValueError("a text of your own does not fit in a URL; share the run file instead")
        name, differences = self.nearest_preset()
        return {"v": QUERY_VERSION, "preset": name} | {p: to_word(v) for p, v in differences.items()}

    @classmethod
    def from_query(cls, query: dict[str, str]) -> RunConfig:
        """Reads `to_query`'s form. ValueError names the setting and the fault."""
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

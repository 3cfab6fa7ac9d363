"""RunConfig: everything a run is decided by, frozen and validated; as JSON, as a URL, as a form.

A refused value is one sentence: the field, the value, a way out.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from explorer.tasks.fields import TASKS, Reverse, Task
from models.config import Kind, ModelConfig, WordKind, WordVectorConfig

OptimizerName = Literal["adamw", "adam", "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "muon"]
ScheduleName = Literal["constant", "linear", "cosine", "one-cycle", "drawn"]
PrecisionName = Literal["float32", "bfloat16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
FAMILIES: dict[str, type] = {"transformer": ModelConfig, "word-vectors": WordVectorConfig}

QUERY_VERSION = "1"
LIVE = frozenset(  # fields that a running training takes without a restart: the same weights go on
    {f"optimizer.{name}" for name in ("lr", "weight_decay", "schedule", "warmup", "drawn")}
    | {f"train.{name}" for name in ("batch", "clip", "label_smoothing", "steps")}
    | {f"model.{name}" for name in ("activation", "dropout", "mask", "residual", "scale")}
)


class Frozen(BaseModel):
    """Base of the config's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def family(model: Any) -> str:
    """Which of FAMILIES a model's settings are of: its kind tells, and one without a kind is a Transformer."""
    kind = model.get("kind") if isinstance(model, dict) else getattr(model, "kind", None)
    return "word-vectors" if kind in get_args(WordKind) else "transformer"


Model = Annotated[
    Annotated[ModelConfig, Tag("transformer")] | Annotated[WordVectorConfig, Tag("word-vectors")],
    Discriminator(family),
]


class OptimizerConfig(Frozen):
    """Which optimizer, how large a step, and how the step size changes over the run."""

    name: OptimizerName = "adamw"
    lr: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, description="step size at its peak")] = 3e-3
    weight_decay: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="pull towards zero")] = 0.01
    schedule: ScheduleName = "constant"
    warmup: Annotated[int, Field(ge=0, le=100_000, description="steps until the peak")] = 0
    drawn: Annotated[str, Field(max_length=400, description="of the schedule drawn: share of the run:share of lr")] = (
        "0:0.1 0.3:1 1:0"
    )

    @field_validator("drawn")
    @classmethod
    def _can_be_drawn(cls, value: str) -> str:
        points(value)
        return value


def points(drawn: str) -> list[tuple[float, float]]:
    """The points of a schedule drawn, "0:0.1 0.3:1 1:0": (share of the steps after the warm-up, share of the peak).

    ValueError where it is not 2 to 24 points from 0 to 1 in rising order, each share of the peak from 0 to 1.
    """
    way_out = 'use 2 to 24 points such as "0:0.1 0.3:1 1:0", rising from 0 to 1, each from 0 to 1 high'
    try:
        found = [(float(at), float(height)) for at, _, height in (point.partition(":") for point in drawn.split())]
    except ValueError:
        raise ValueError(f"optimizer.drawn={quoted(drawn)} is no curve; {way_out}") from None
    places = [at for at, _ in found]
    rising = all(a < b for a, b in pairwise(places))
    inside = all(0 <= height <= 1 for _, height in found)
    if not (2 <= len(found) <= 24 and rising and inside and places[0] == 0 and places[-1] == 1):
        raise ValueError(f"optimizer.drawn={quoted(drawn)} is no curve over a run; {way_out}")
    return found


class TrainConfig(Frozen):
    """How long, how many at once, from which seed."""

    batch: Annotated[int, Field(ge=1, le=1024, description="examples a step")] = 32
    steps: Annotated[int | None, Field(ge=1, le=10_000_000, description="none: until stopped")] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="of weights, batches and dropout")] = 0
    clip: Annotated[float, Field(gt=0, allow_inf_nan=False, description="largest gradient norm")] | None = 1.0
    label_smoothing: Annotated[
        float, Field(ge=0, le=0.9, allow_inf_nan=False, description="of the target's probability, for all tokens")
    ] = 0.0
    accumulate: Annotated[int, Field(ge=1, le=64, description="batches a step, gradients averaged")] = 1
    precision: PrecisionName = "float32"
    device: DeviceName = "auto"


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
    def _smooths_among_classes(self) -> RunConfig:
        if self.model.kind == "glove" and self.train.label_smoothing:
            raise ValueError(
                f"train.label_smoothing={self.train.label_smoothing} has no classes to smooth among in "
                "model.kind=glove; use 0"
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


def quoted(text: str) -> str:
    """A visitor's words inside a sentence: on one line, and not longer than one."""
    line = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return line if len(line) <= 60 else f"{line[:40]}… ({len(text)} characters)"


def example(path: str) -> str:
    """A way out of a refused value: the default, where the field has one."""
    part, _, name = path.partition(".")
    kinds: dict[str, Any] = {"optimizer": OptimizerConfig(), "train": TrainConfig(), "model": ModelConfig()}
    value = getattr(kinds.get(part), name, None)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"; try {value}"

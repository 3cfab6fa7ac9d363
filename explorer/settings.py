"""The parts that a RunConfig is made of: which model, which optimizer, how long."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from models.config import ModelConfig, WordKind, WordVectorConfig

OptimizerName = Literal["adamw", "adam", "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "muon"]
ScheduleName = Literal["constant", "linear", "cosine", "one-cycle", "drawn"]
PrecisionName = Literal["float32", "bfloat16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
FAMILIES: dict[str, type] = {"transformer": ModelConfig, "word-vectors": WordVectorConfig}


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


def quoted(text: str) -> str:
    """A visitor's words inside a sentence: on one line, and not longer than one."""
    line = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return line if len(line) <= 60 else f"{line[:40]}… ({len(text)} characters)"

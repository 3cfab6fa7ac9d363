"""The parts of a RunConfig: which model, which optimizer, how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from explorer.config.optimizers import OPTIMIZERS
from explorer.config.quoting import quoted
from explorer.config.schedules import SCHEDULES, points

PrecisionName = Literal["float32", "bfloat16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]


class Frozen(BaseModel):
    """Base of the config's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OptimizerConfig(Frozen):
    """Which optimizer, its step size, and how that changes over the run."""

    name: Annotated[str, Field(title="Optimizer")] = "adamw"
    lr: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, description="step size at its peak")] = 3e-3
    weight_decay: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="pull towards zero")] = 0.01
    schedule: str = "constant"
    warmup: Annotated[int, Field(ge=0, le=100_000, title="Warm-up steps", description="until the peak")] = 0
    drawn: Annotated[str, Field(max_length=400, description="of the schedule drawn: share of the run:share of lr")] = (
        "0:0.1 0.3:1 1:0"
    )

    @field_validator("name")
    @classmethod
    def _has_a_record(cls, value: str) -> str:
        if value not in OPTIMIZERS:
            raise ValueError(f"optimizer.name={quoted(value)} is no optimizer; use {', '.join(OPTIMIZERS)}")
        return value

    @field_validator("schedule")
    @classmethod
    def _is_a_schedule(cls, value: str) -> str:
        if value not in SCHEDULES:
            raise ValueError(f"optimizer.schedule={quoted(value)} is no schedule; use {', '.join(SCHEDULES)}")
        return value

    @field_validator("drawn")
    @classmethod
    def _can_be_drawn(cls, value: str) -> str:
        points(value)
        return value


class TrainConfig(Frozen):
    """How long, in which batches, from which seed."""

    batch: Annotated[int, Field(ge=1, le=1024, description="examples a step")] = 32
    steps: Annotated[int | None, Field(ge=1, le=10_000_000, description="none: until stopped")] = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="of weights, batches and dropout")] = 0
    clip: Annotated[float, Field(gt=0, allow_inf_nan=False, description="largest gradient norm")] | None = 1.0
    label_smoothing: Annotated[
        float, Field(ge=0, le=0.9, allow_inf_nan=False, description="of the target's probability, for all tokens")
    ] = 0.0
    own_prefix: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            title="Own tokens read",
            description="share of an answer’s tokens that training reads as the model says them (scheduled sampling)",
        ),
    ] = 0.0
    accumulate: Annotated[int, Field(ge=1, le=64, title="Batches a step", description="gradients averaged")] = 1
    precision: PrecisionName = "float32"
    device: DeviceName = "auto"

"""An edit of a fact, as a page orders it and a run's file has it: plain data."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_STEPS, LARGEST_RATE = 50, 0.1


class Edit(BaseModel):
    """One question is trained on with another answer.

    steps: of Adam (Kingma & Ba 2015, β 0.9 and 0.999, no decay), whose moments begin at 0.   rate: the learning rate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: Annotated[str, Field(strict=True, min_length=1, max_length=200)]
    answer: Annotated[str, Field(strict=True, min_length=1, max_length=100)]
    steps: Annotated[int, Field(strict=True, ge=1, le=MOST_STEPS)] = 5
    rate: Annotated[float, Field(gt=0, le=LARGEST_RATE, allow_inf_nan=False)] = 1e-3

"""Space: the knobs of a search, each with its range, checked before anything is trained.

A knob names a setting of RunConfig by its path. A refusal is one sentence: the knob, the fault, a way out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from explorer.config.run import Frozen, RunConfig

Scalar = str | bool | int | float | None
Params = dict[str, Any]  # by knob

MOST_COMBINATIONS = 5000  # of the model's settings; each is checked
OWN = {
    "train.steps": "is the search's own budget; set it there",
    "train.device": "does not change what is learned; leave it as it is",
}


class FloatKnob(Frozen):
    """A number from `low` to `high`, on a linear or a log scale."""

    kind: Literal["float"] = "float"
    path: str
    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]
    log: bool = False

    def ends(self) -> list[Any]:
        return [self.low, self.high]

    def values(self, points: int) -> list[Any]:
        """This many numbers, evenly spread on the knob's scale, with both ends."""
        shares = [i / max(1, points - 1) for i in range(points)]
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            inner = [float(f"{10 ** (low + share * (high - low)):.4g}") for share in shares[1:-1]]
        else:
            inner = [self.low + share * (self.high - self.low) for share in shares[1:-1]]
        return [self.low, *inner, self.high]

    def place(self, value: float) -> float:
        """The position of a value on the knob's scale, from 0 to 1."""
        return place(self.low, self.high, self.log, value)

    def number(self, share: float) -> float:
        """The inverse of `place`."""
        return self.low * (self.high / self.low) ** share if self.log else self.low + share * (self.high - self.low)


class IntKnob(Frozen):
    """A whole number from `low` to `high` in steps of `step`; on a log scale the step is 1."""

    kind: Literal["int"] = "int"
    path: str
    low: int
    high: int
    step: Annotated[int, Field(ge=1)] = 1
    log: bool = False

    def ends(self) -> list[Any]:
        return [self.low, self.high]

    def values(self, points: int) -> list[Any]:
        """At most this many of its numbers, with both ends."""
        every = list(range(self.low, self.high + 1, self.step))
        if len(every) <= points:
            return every
        return [every[round(i * (len(every) - 1) / (points - 1))] for i in range(points)]

    def place(self, value: float) -> float:
        """The position of a value on the knob's scale, from 0 to 1."""
        return place(self.low, self.high, self.log, value)

    def number(self, share: float) -> float:
        """The inverse of `place`; may fall between whole numbers."""
        return self.low * (self.high / self.low) ** share if self.log else self.low + share * (self.high - self.low)


class ChoiceKnob(Frozen):
    """One of several values."""

    kind: Literal["choice"] = "choice"
    path: str
    choices: tuple[Scalar, ...]

    def ends(self) -> list[Any]:
        return list(self.choices)

    def values(self, points: int) -> list[Any]:
        """All values."""
        return list(self.choices)


class VariantKnob(Frozen):
    """One of several named sets of settings: the contenders of a race."""

    kind: Literal["variant"] = "variant"
    path: str = "contender"
    variants: dict[str, dict[str, Scalar]]

    def ends(self) -> list[Any]:
        return list(self.variants)

    def values(self, points: int) -> list[Any]:
        """The names."""
        return list(self.variants)


Knob = Annotated[FloatKnob | IntKnob | ChoiceKnob | VariantKnob, Field(discriminator="kind")]


def place(low: float, high: float, log: bool, value: float) -> float:
    """The position of a value between two ends, from 0 to 1, on a linear or log scale."""
    return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)


def changes(knobs: Sequence[Any], params: Params) -> dict[str, Any]:
    """The config changes that parameters make, by path."""
    settings: dict[str, Any] = {}
    for knob in knobs:
        if knob.path in params:
            value = params[knob.path]
            settings |= knob.variants[value] if knob.kind == "variant" else {knob.path: value}
    return settings


def check(config: RunConfig, knobs: Sequence[Any]) -> None:
    """ValueError, one sentence, if a knob does not exist, has no range, or reaches a refused value."""
    if not knobs:
        raise ValueError("a search needs a knob to turn; choose at least one setting")
    paths = [knob.path for knob in knobs]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is chosen twice; give it one range")
    for knob in knobs:
        check_knob(config, knob)
    for params in combinations(knobs):
        try:
            config.replace(changes(knobs, params))
        except ValueError as error:
            raise ValueError(f"the search would come to a setting that is refused: {error}") from None


def check_knob(config: RunConfig, knob: Any) -> None:
    """ValueError, one sentence, if a knob cannot be searched."""
    path = knob.path
    if knob.kind == "variant":
        if len(knob.variants) < 1:
            raise ValueError("there is no contender; choose at least one")
        return
    if path in OWN:
        raise ValueError(f"{path} {OWN[path]}")
    if path.startswith("task."):
        raise ValueError(f"{path} would change what the loss means; a search keeps its task, choose another knob")
    present = config.get(path)
    if knob.kind == "choice":
        if len(set(map(repr, knob.choices))) < 2:
            raise ValueError(f"{path} has fewer than two values to choose from; add another")
        return
    if isinstance(present, str):
        raise ValueError(f"{path}={present} is a name and has no range; list the names to choose from")
    if knob.low >= knob.high:
        raise ValueError(f"{path}: low {knob.low:g} is not below high {knob.high:g}; exchange or widen them")
    if knob.log and knob.low <= 0:
        raise ValueError(f"{path}: a log scale starts above 0 and not at {knob.low:g}; try {knob.high / 1000:g}")
    if knob.kind == "float" and type(present) is int:
        raise ValueError(f"{path}={present} is a whole number; search whole numbers")


def combinations(knobs: Sequence[Any]) -> list[Params]:
    """Every combination that could be refused: all values of the model's settings, both ends of the others.

    ValueError if there are too many.
    """
    reach = []
    for knob in knobs:
        counted = knob.kind == "int" and knob.path.startswith("model.")
        reach.append(knob.values(MOST_COMBINATIONS) if counted else knob.ends())
    count = math.prod(map(len, reach))
    if count > MOST_COMBINATIONS:
        raise ValueError(f"the knobs have {count:,} combinations of whole numbers and choices; use larger steps")
    return [dict(zip([k.path for k in knobs], values, strict=True)) for values in itertools.product(*reach)]

"""Which settings a search can turn, what their usual range is, and how a visitor's words become knobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from explorer.config.encodings import ENCODINGS
from explorer.config.optimizers import OPTIMIZERS
from explorer.config.quoting import quoted
from explorer.config.run import PrecisionName
from explorer.config.schedules import SCHEDULES
from explorer.search.space import ChoiceKnob, FloatKnob, IntKnob
from models.config import Activation, Init, Kind, Mask, NormPlace, Residual, Scale
from models.families import kinds

NONE = "none"


@dataclass(frozen=True)
class Range:
    """A number's usual range. whole: whole numbers.   log: on a log scale."""

    low: float
    high: float
    whole: bool = False
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """A list to choose from, and what is usually chosen. free: others can be typed."""

    options: tuple[Any, ...]
    usual: tuple[Any, ...]
    free: bool = False


def names(literal: Any, *usual: str) -> Choice:
    """The choice among a Literal's names."""
    options = get_args(literal)
    return Choice(options, usual or options)


SETTINGS: dict[str, Range | Choice] = {
    "optimizer.lr": Range(1e-4, 1e-1, log=True),
    "optimizer.name": Choice(tuple(OPTIMIZERS), ("adamw", "sgd", "muon")),
    "optimizer.weight_decay": Range(1e-3, 1.0, log=True),
    "optimizer.warmup": Range(0, 100, whole=True),
    "optimizer.schedule": Choice(tuple(SCHEDULES), ("constant", "linear", "cosine")),
    "train.batch": Choice((4, 8, 16, 32, 64, 128), (8, 32, 128), free=True),
    "train.clip": Choice((0.1, 0.3, 1.0, 3.0, 10.0, None), (0.3, 1.0, None), free=True),
    "train.accumulate": Range(1, 4, whole=True),
    "train.precision": names(PrecisionName),
    "train.seed": Range(0, 9, whole=True),
    "model.width": Choice((16, 32, 48, 64, 96, 128), (16, 32, 64), free=True),
    "model.layers": Range(1, 4, whole=True),
    "model.heads": Choice((1, 2, 4, 8), (1, 2, 4), free=True),
    "model.dropout": Range(0.0, 0.5),
    "model.context": Choice((16, 32, 64, 128), (32, 64), free=True),
    "model.positions": Choice(tuple(ENCODINGS), tuple(ENCODINGS)),
    "model.norm": names(NormPlace),
    "model.activation": names(Activation, "gelu", "relu", "silu"),
    "model.residual": names(Residual),
    "model.scale": names(Scale),
    "model.mask": names(Mask),
    "model.init": names(Init),
    "model.kind": Choice(tuple(kinds()), get_args(Kind)),
}


def ranged(path: str, low: str, high: str, log: bool) -> FloatKnob | IntKnob:
    """A knob from a visitor's two words. ValueError says which of them is not a number."""
    usual = SETTINGS[path]
    ends = [parsed(path, word) for word in (low, high)]
    if isinstance(usual, Range) and usual.whole:
        for word, end in zip((low, high), ends, strict=True):
            if end != int(end):
                raise ValueError(f"{path}={word} is not a whole number; use one")
        return IntKnob(path=path, low=int(ends[0]), high=int(ends[1]), log=log)
    return FloatKnob(path=path, low=ends[0], high=ends[1], log=log)


def parsed(path: str, word: str) -> float:
    """A number as a visitor writes it. ValueError where it is none."""
    try:
        number = float(word.replace(",", ".").strip())
    except ValueError:
        raise ValueError(f"{path}: “{quoted(word)}” is not a number; write 0.001 or 1e-3") from None
    if abs(number) > 1e9 or number != number:
        raise ValueError(f"{path}: “{quoted(word)}” is out of any range; write 0.001 or 1e-3")
    return number


def chosen(path: str, values: list[Any]) -> ChoiceKnob:
    """A knob from picked values; typed ones come as words. ValueError where one is not of the setting's type."""
    usual = SETTINGS[path]
    assert isinstance(usual, Choice)
    whole = all(isinstance(o, int) for o in usual.options if o is not None)
    fields: list[Any] = []
    for value in values:
        if not isinstance(value, str) or value in usual.options:
            fields.append(value)
        elif value.strip().lower() == NONE and None in usual.options:
            fields.append(None)
        else:
            number = parsed(path, value)
            if whole and number != int(number):
                raise ValueError(f"{path}: “{quoted(value)}” is not a whole number; use one")
            fields.append(int(number) if whole else number)
    return ChoiceKnob(path=path, choices=tuple(fields))


def word(value: Any) -> str:
    """A value as a page writes it."""
    if value is None:
        return NONE
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)


def name_of(path: str) -> str:
    """A setting's short name: `optimizer.lr` is the learning rate."""
    short = path.rpartition(".")[2]
    return {"name": "optimizer", "lr": "learning rate"}.get(short, short.replace("_", " "))


def described(params: dict[str, Any]) -> str:
    """A trial's settings in words."""
    return " · ".join(f"{name_of(path)} {word(value)}" for path, value in params.items())

"""Lesson: one section of the course. Its head is data, its words are Markdown in two languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from explorer.config.run import RunConfig
from explorer.config.settings import Frozen
from explorer.lessons.measurements import MEASUREMENTS, Arguments
from explorer.lessons.measurements.curves import RECORDED
from explorer.tasks.corpus import packaged
from explorer.tasks.fields import TASKS

LANGUAGES = {"en": "English", "zh": "中文"}
SEED = "train.seed"
CHAPTERS = {
    1: {"en": "From counting to attention", "zh": "从计数到注意力"},
    2: {"en": "Words, order, attention", "zh": "词、顺序与注意力"},
    3: {"en": "Reading and writing", "zh": "读与写"},
    4: {"en": "How a model learns", "zh": "模型如何学习"},
    5: {"en": "Training in practice", "zh": "训练实践"},
    6: {"en": "What models are used for", "zh": "模型的用途"},
    7: {"en": "Where to go on", "zh": "下一步去哪里"},
    8: {"en": "Looking inside, and beyond text", "zh": "看进模型内部，走出文本"},
    9: {"en": "Choosing, costs, secrets", "zh": "选择、成本与隐私"},
}
PARTS = {  # of a lesson's text, in their order: what their headings are, in its file and on the page
    "predict": {"en": "Predict", "zh": "先猜一猜"},
    "do": {"en": "Do", "zh": "动手"},
    "see": {"en": "See", "zh": "观察"},
    "control": {"en": "Control", "zh": "对照"},
    "formula": {"en": "Formula", "zh": "公式"},
    "why": {"en": "Why", "zh": "为什么"},
    "more": {"en": "More", "zh": "延伸阅读"},
}
OPTIONAL = ("predict",)
Range = tuple[float, float]  # the least and the largest value


class Start(Frozen):
    """What the lesson's button opens.

    page: by its address.   preset, settings: of the run that begins.   section: of the page, where it has several.
    """

    page: str
    preset: str
    settings: dict[str, Any] = Field(default_factory=dict)
    section: str = ""

    @model_validator(mode="after")
    def _is_a_config(self) -> Start:
        _ = self.config
        return self

    @property
    def config(self) -> RunConfig:
        """The settings of the run that begins. ValueError where they are none."""
        return RunConfig.preset(self.preset).replace(self.settings)


SEARCH = "search"  # the deed of beginning a search, among the keys of widgets


class Target(Frozen):
    """Where an action of a lesson happens. It is done once the visitor looks there and all of the rest is so too.

    step: the run has come that far.   back: the visitor went back to this step, or before it.   rests: the run does not
    train.   settings: the run has them, as its control has.   hand: one of what was used on this page since the
    lesson's start, by a part of the widget's key, or SEARCH.   times: how often.
    """

    page: str
    section: str = ""
    step: Annotated[int, Field(ge=0)] = 0
    back: Annotated[int, Field(ge=0)] | None = None
    rests: bool = False
    settings: dict[str, Any] = Field(default_factory=dict)
    hand: tuple[str, ...] = ()
    times: Annotated[int, Field(ge=1)] = 1

    @field_validator("hand", mode="before")
    @classmethod
    def _may_be_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Control(Frozen):
    """What is different where the claim must not hold.

    settings: on top of the start's.   shuffled: the same text with its characters in random order.   at: another
    step.   using: other arguments of the measurements.
    """

    settings: dict[str, Any] = Field(default_factory=dict)
    shuffled: bool = False
    at: int | None = None
    using: Arguments = Field(default_factory=dict)

    @model_validator(mode="after")
    def _changes_something(self) -> Control:
        if self == Control.model_construct():
            raise ValueError("control changes nothing, so it must show what the lesson claims; change one thing")
        return self


class Margin(Frozen):
    """What was measured over the seeds, on the start and on the control."""

    expected: Range
    control: Range


class Expectation(Frozen):
    """A claim: a measurement after `at` steps is above or below a number.

    using: arguments of the measurement.   margin: what was measured.
    """

    measure: str
    at: Annotated[int, Field(ge=0)]
    using: Arguments = Field(default_factory=dict)
    above: float | None = None
    below: float | None = None
    margin: Margin

    @field_validator("measure")
    @classmethod
    def _is_a_measurement(cls, value: str) -> str:
        if value not in MEASUREMENTS:
            raise ValueError(f"there is no measurement {value}; measurements are {', '.join(MEASUREMENTS)}")
        return value

    @model_validator(mode="after")
    def _can_fail(self) -> Expectation:
        low, high = MEASUREMENTS[self.measure].limits
        if (self.above is None) == (self.below is None):
            raise ValueError("an expectation is above or below a number; give one of the two")
        if (self.above is not None and self.above < low) or (self.below is not None and self.below > high):
            raise ValueError(f"this expectation cannot fail: {self.measure} is always from {low:g} to {high:g}")
        if any(map(self.holds, self.margin.control)):
            raise ValueError(f"the control shows it too, with {self.margin.control}; this expectation tells nothing")
        if not all(map(self.holds, self.margin.expected)):
            raise ValueError(f"it was not found: the margin is {self.margin.expected}; measure again")
        return self

    def holds(self, value: float) -> bool:
        """Whether a value is as claimed; no number never is."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)

    def near(self, guess: float) -> bool:
        """Whether a guess is nearer to what was measured than half of the way from there to the control."""
        low, high = self.margin.expected
        way = min(abs(mine - other) for mine in self.margin.expected for other in self.margin.control)
        return max(low - guess, guess - high) < way / 2

    def margin_of(self, value: float) -> float:
        """How far a value is on the claim's side of its bound; negative on the other."""
        return value - self.above if self.above is not None else (self.below or 0.0) - value

    def written(self, value: float, control: float) -> bool:
        """Whether both values lie in the margins that the file says: a hundredth of the way between them aside, and
        where the control lies a twentieth."""
        (low, high), (least, most) = self.margin.expected, self.margin.control
        way = abs(low - least)
        return low - way / 100 <= value <= high + way / 100 and least - way / 20 <= control <= most + way / 20

    @property
    def words(self) -> str:
        """The claim in words, without the measurement's arguments."""
        measurement = MEASUREMENTS[self.measure]
        bound = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return f"{measurement.title} at step {self.at}: {bound}{measurement.unit and f' {measurement.unit}'}"


class Drawn(Frozen):
    """The curve that a question asks for: what the first claim measures, over the steps up to its own.

    high: where the axis of its values ends; it begins at 0.
    """

    high: Annotated[float, Field(gt=0)]


class Head(Frozen):
    """The head of a lesson's file.

    order: among the lessons of its section.   answer: which choice of its question is right, from 1.   draw: the curve
    that its question asks for in the place of choices.   targets: of its actions, in their order; without any, its one
    action is to see its start's page at the step of its first claim.
    """

    chapter: Annotated[int, Field(ge=1, le=len(CHAPTERS))]
    order: int = 0
    start: Start
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]
    control: Control
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0, 1, 2)
    answer: int | None = None
    draw: Drawn | None = None
    targets: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Head:
        claim = self.expect[0]
        if self.draw is None:
            return self
        if self.answer is not None:
            raise ValueError("a question has choices or a curve to draw; leave out answer, or draw")
        if claim.measure not in RECORDED or not claim.at:
            raise ValueError(
                f"no curve of {claim.measure} up to step {claim.at} is recorded, so none can be drawn; "
                f"let the first claim be of {' or '.join(RECORDED)} after some steps"
            )
        if self.draw.high <= max(*claim.margin.expected, *claim.margin.control):
            raise ValueError(f"draw.high={self.draw.high:g} is too low for what was measured; use a larger one")
        return self

    @property
    def asks(self) -> bool:
        """Whether the visitor is to predict something."""
        return self.answer is not None or self.draw is not None

    @property
    def aims(self) -> tuple[Target, ...]:
        """Where its actions happen."""
        first = Target(page=self.start.page, section=self.start.section, step=self.expect[0].at)
        return self.targets or (first,)

    @property
    def other(self) -> RunConfig | None:
        """The settings of the training that must not show it; None where the control is no other training."""
        return self.start.config.replace(self.control.settings) if self.control.settings else None

    def check_control(self) -> None:
        """ValueError where the control's settings are none, or those of the start."""
        if self.other in (None, self.start.config) and self.control == Control.model_construct(
            settings=self.control.settings
        ):
            raise ValueError("control.settings are those of the start; change one of them")


@dataclass(frozen=True)
class Words:
    """A lesson's text in one language. parts: by PARTS, as Markdown.   choices: of its question."""

    title: str
    sentence: str
    parts: dict[str, str]
    choices: tuple[str, ...]

    @property
    def actions(self) -> list[str]:
        """What is to be done, one after the other."""
        return [" ".join(one.split()) for one in re.split(r"^- ", self.parts["do"], flags=re.MULTILINE) if one.strip()]


@dataclass(frozen=True)
class Lesson:
    """name: of its files, without the language.   words: by language.   letter: tells it from others of its section."""

    name: str
    head: Head
    words: dict[str, Words]
    letter: str = ""

    @property
    def lacks(self) -> str:
        """The package that its task needs and that is not installed here; "" if nothing is missing."""
        package = TASKS[self.head.start.config.task.name].package
        return package.replace("_", "-") if package and packaged(package) is None else ""

    @property
    def number(self) -> str:
        """The section of the book."""
        return self.name.partition("-")[0]

    @property
    def place(self) -> str:
        """The same with a letter where the section has several lessons: 1.1 a."""
        return f"{self.number} {self.letter}".strip()

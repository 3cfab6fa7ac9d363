"""Visit: what one browser tab looks at, and what its pages keep from one drawing to the next.

Values of widgets are the widgets' own and stand in `st.session_state` under their keys. Whatever else has to outlive a
drawing is a field of `Visit`, or of a class beside the page that alone knows it, of which `kept` gives this visit's.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import streamlit as st

from explorer.ui.shelf import Recent

T = TypeVar("T")
OBJECTS = "visit"  # how the names of what `kept` keeps begin in session state
MOST = 128  # objects of one class that a visit keeps


@dataclass(frozen=True)
class Link:
    """A link that waits for a press of a button: the config (JSON) that it would train, and whether to stay at 0.

    deleted: the id of the run that it leads to, if that was deleted; its config is "" if it is not known any more.
    """

    config: str
    paused: bool
    deleted: str = ""


@dataclass
class Visit:
    """What this tab looks at, which stands in the address too, and what single pages keep."""

    begun: bool = False  # whether the address was read
    language: str | None = None  # in which it reads; None for the browser's
    run: str | None = None  # its id
    step: int | None = None  # None follows the newest
    projector: bool = False
    link: Link | None = None
    opened: Recent[str, None] = field(default_factory=Recent)  # runs that were looked at, the first first
    rerun: bool = False  # the page is to be drawn as a whole
    goes_to: tuple[str, Mapping[str, list[str]]] | None = None  # the page that is drawn next, and what it shows
    painted: tuple[str, str] | None = None  # run and page that were drawn last
    waiting: str = ""  # what pictures of the last drawing wait for, in words
    refining: str = ""  # the same of those that are there and become finer
    page: str | None = None  # the one that is drawn, by its address
    refused: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)  # by place, as refusals.py has it
    refused_on_page: list[str] = field(default_factory=list)  # what the top of the page shows of it
    presses: set[str] = field(default_factory=set)  # of buttons that no drawing has come to yet, by key
    ticks: list[tuple[str, float]] = field(default_factory=list)  # to begin once all is drawn: live parts, seconds
    drawn_again: bool = False  # this drawing answers no action of the hand
    details: Any = None  # what is drawn at the end of the section, as picture.py has it
    paced: Recent[str, tuple[object, float, Any]] = field(default_factory=Recent)  # made last: of what, when, what
    making: Any = None  # the branch that is being made, as branching.py has it
    branched: Any = None  # the branch that was made last, as branching.py has it
    offers: Any = None  # what the page offered the feed when it was drawn last
    turns: Recent[str, int] = field(default_factory=Recent)  # how often a widget was replaced by another, by name
    proofs: Recent[Hashable, int] = field(default_factory=Recent)  # the steps at which proofs were asked for
    cards_stand: bool = False
    head: str = ""  # chosen on the map of all heads
    query: int | None = None
    mode: str = ""  # what the map of all heads shows
    section: tuple[str, str] | None = None  # drawn last: its title, and that of the first of its page
    axis: str = ""  # log where curves of a loss have such one
    hidden: tuple[str, ...] = ()  # what is left out of every page, of config.scenes.HIDES
    compared: int = 0  # the first of two steps
    weight_row: int = 0
    weight_column: int = 0
    curvatures: Recent[str, list[int]] = field(default_factory=Recent)  # the steps asked for, by run
    number: str = "0.1"  # looked at in all formats
    example: int = 0  # of a step's pairs of words
    shuffled_head: str = ""
    centres: Recent[str, int] = field(default_factory=Recent)  # the step that a loss surface is drawn around, by run
    sweeps: Recent[str, Path] = field(default_factory=Recent)  # begun from a run's page
    schedule_drawings: Recent[str, list[float]] = field(
        default_factory=Recent
    )  # heights of schedules drawn by hand, by run
    tokenizers_wait: bool = False
    searches: Recent[str, None] = field(default_factory=Recent)  # that this visit wants to go on
    used: Recent[str, int] = field(default_factory=Recent)  # how often, since a lesson's start: widgets by page and key
    search: str | None = None  # looked at, by its name
    trial: int | None = None
    opens_trial: bool = False

    def draws_all(self) -> bool:
        """Whether the page is to be drawn as a whole. It is asked once."""
        wanted, self.rerun = self.rerun, False
        return wanted


@dataclass
class Last(Generic[T]):
    """What was shown last at one place."""

    shown: T | None = None


def state() -> Visit:
    """This visit."""
    return kept(Visit)


def uses(name: str) -> None:
    """The visitor's hand used a widget of this key on the page that is drawn, or did something of this name."""
    mine = state()
    place = f"{mine.page}/{name}"
    mine.used[place] = mine.used.get(place, 0) + 1


def used(page: str, part: str) -> int:
    """How often widgets of a page with this part in their keys were used."""
    return sum(count for name, count in state().used.items() if name.startswith(f"{page}/") and part in name)


def kept(kind: Callable[[], T], *of: Hashable) -> T:
    """This visit's object of a class, made at first; with `of` one for each, the MOST used last."""
    objects = st.session_state.setdefault(name_of(kind), Recent(getattr(kind, "MOST", MOST)))
    objects[of] = objects[of] if of in objects else kind()
    result: T = objects[of]
    return result


def hand_on(run: str, branch: str) -> None:
    """Has a branch looked at as the run that it came from: it gets what that run has of a class that says HANDED_ON."""
    for name in [name for name in st.session_state if str(name).startswith(f"{OBJECTS}:")]:
        objects = st.session_state[name]
        for of, thing in list(objects.items()):
            if run in of and getattr(thing, "HANDED_ON", False):
                objects[tuple(branch if one == run else one for one in of)] = copy.deepcopy(thing)


def name_of(kind: Callable[[], object]) -> str:
    """Where session state holds the objects of a class: by its name, since a module that was edited is loaded anew."""
    return f"{OBJECTS}:{kind.__module__}.{getattr(kind, '__qualname__', '')}"

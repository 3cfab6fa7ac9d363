"""Search: what a search was asked for and how it stands, one small JSON file beside the runs.

It appears whole and is replaced whole. The trials are runs named after it, numbered from 0.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError, model_validator

from explorer.config import Frozen, RunConfig, refusal
from explorer.runs import catalogue
from explorer.runs.run import Status, lock_path
from explorer.search import space
from explorer.search.space import Knob, Params

VERSION = 1
ENDING = ".search"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,50}")


class Search(Frozen):
    """What is searched, decided.

    trials: at most so many.   steps: of each, at most.   every: steps between two measurements of a trial.
    patience: a trial stops after so many steps without a better measurement; 0 for never.
    prune: a trial that is worse than the median of the finished ones at the same step is given up; it acts
    after `startup` finished trials and `grace` steps.   goal: a trial counts by its best or last measurement.
    together: so many trials are decided before the results of the first of them have to be known.
    points: of a grid along a range of numbers.
    """

    config: RunConfig
    knobs: tuple[Knob, ...]
    trials: Annotated[int, Field(ge=1, le=2000)] = 20
    steps: Annotated[int, Field(ge=2, le=1_000_000)] = 300
    every: Annotated[int, Field(ge=1, le=100_000)] = 10
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    patience: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    prune: bool = True
    startup: Annotated[int, Field(ge=1, le=1000)] = 4
    grace: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    goal: Literal["best", "last"] = "best"
    together: Annotated[int, Field(ge=1, le=64)] = 1
    points: Annotated[int, Field(ge=2, le=100)] = 9
    title: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _can_be_searched(self) -> Search:
        if self.every > self.steps:
            raise ValueError(f"every={self.every} is more than steps={self.steps}: a trial would never be measured")
        if 0 < self.patience < self.every:
            raise ValueError(
                f"patience={self.patience} is shorter than the {self.every} steps between two measurements; "
                f"use {self.every} or more, or 0 for none"
            )
        space.check(self.config.replace({"train.steps": self.steps}), self.knobs)
        return self

    @property
    def lag(self) -> int:
        """Trial n is decided from the results of trials 0 to n − lag, whatever is known of later ones.

        So which trials come does not depend on which of several at once ends first, nor on the machine.
        """
        return 1 if self.together == 1 else 2 * self.together

    def config_of(self, params: Params) -> RunConfig:
        """The config of the trial with these parameters. ValueError where it is refused."""
        return self.config.replace({"train.steps": self.steps} | space.changes(self.knobs, params))

    @property
    def variant(self) -> str | None:
        """The knob that tells contenders apart, if there is one: only trials of the same one compete."""
        return next((knob.path for knob in self.knobs if knob.kind == "variant"), None)


def new_path(search: Search) -> Path:
    """A path that is free, named after what is trained."""
    stem = f"search-{search.config.nearest_preset()[0]}-{secrets.token_hex(3)}"
    return catalogue.folder() / f"{stem}{ENDING}"


def path_of(name: str) -> Path:
    """The path of a search by its id. ValueError where that is not a search's name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"“{name[:80]}” is not the name of a search; names look like search-reverse-3f2a9c")
    return catalogue.folder() / f"{name}{ENDING}"


def newest(limit: int = 30) -> list[Path]:
    """Searches, the one begun last first."""
    found = sorted(catalogue.folder().glob(f"*{ENDING}"), key=lambda p: p.stat().st_mtime, reverse=True)
    return found[:limit]


def trial_path(path: Path, number: int) -> Path:
    """The run of a search's trial."""
    return path.with_name(f"{path.stem}-t{number:03d}.run")


def write(path: Path, search: Search, state: str, reason: str = "") -> None:
    """Writes a search and how it stands, whole or not at all."""
    told = {
        "version": VERSION,
        "search": search.model_dump(mode="json"),
        "status": {"state": state, "reason": reason},
        "written": time.time(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unready = path.with_name(f".{path.name}.{os.getpid()}")
    with unready.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    unready.replace(path)


def made(plain: dict[str, Any]) -> Search:
    """A search from plain values. ValueError as one sentence."""
    try:
        return Search.model_validate(plain)
    except ValidationError as error:
        raise ValueError(refusal(error)) from None


def read(path: Path) -> tuple[Search, Status]:
    """A search and how it stands. ValueError where the file is missing, newer or damaged.

    One that says `searching` while nobody drives it was interrupted.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        version, plain, status = told["version"], told["search"], Status(**told["status"])
    except FileNotFoundError:
        raise ValueError(f"there is no search {path.name}; choose another or begin one") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{path.name} is not a search or is damaged; choose another") from None
    if version != VERSION:
        raise ValueError(f"{path.name} was written by a newer version; update the explorer")
    search = made(plain)
    if status.state == "searching" and not being_driven(path):
        status = Status("interrupted", "its process ended")
    return search, status


def being_driven(path: Path) -> bool:
    """True while a driver holds the search."""
    try:
        with FileLock(lock_path(path)).acquire(timeout=0):
            return False
    except Timeout:
        return True

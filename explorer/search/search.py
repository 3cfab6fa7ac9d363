"""Search: its specification and its status, in one small JSON file beside the runs.

The file is always replaced whole. The trials are runs named after it, numbered from 0.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from explorer.config.quoting import quoted
from explorer.config.run import Frozen, RunConfig, refusal
from explorer.runs import catalogue
from explorer.runs.file import replacing, writing
from explorer.runs.lock import held, search_lock
from explorer.runs.run import Status
from explorer.search import space
from explorer.search.space import Knob, Params

VERSION = 1
ENDING = ".search"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,50}")


class Search(Frozen):
    """A search's specification.

    trials: at most.   steps: of each trial at most.   every: steps between two measurements of a trial.
    patience: a trial stops after this many steps without a better measurement; 0 for never. prune: gives up a trial
    that is worse than the median of the finished ones at the same step, after `startup` finished trials and `grace`
    steps.   goal: a trial counts by its best or last measurement. together: trials decided before the result of the
    first of them must be known. points: of a grid, along each range of numbers.
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
                f"patience={self.patience} is shorter than the {self.every:,} steps between two measurements; "
                f"use {self.every} or more, or 0 for none"
            )
        space.check(self.config.replace({"train.steps": self.steps}), self.knobs)
        return self

    @property
    def lag(self) -> int:
        """Trial n is decided from the results of trials 0 to n − lag, even if more are known.

        So the trials do not depend on which of several ends first, nor on the machine.
        """
        return 1 if self.together == 1 else 2 * self.together

    def config_of(self, params: Params) -> RunConfig:
        """The config of the trial with these parameters. ValueError if it is refused."""
        return self.config.replace({"train.steps": self.steps} | space.changes(self.knobs, params))

    @property
    def variant(self) -> str | None:
        """The knob that names the contenders, if any: only trials of the same contender compete."""
        return next((knob.path for knob in self.knobs if knob.kind == "variant"), None)


def new_path(search: Search) -> Path:
    """A free path, named after what is trained."""
    stem = f"search-{search.config.nearest_preset()[0]}-{secrets.token_hex(3)}"
    return catalogue.folder() / f"{stem}{ENDING}"


def path_of(name: str) -> Path:
    """The path of a search by its id. ValueError if the name is not a search's."""
    if not NAME.fullmatch(name):
        raise ValueError(f"“{quoted(name)}” is not the name of a search; names look like search-reverse-3f2a9c")
    return catalogue.folder() / f"{name}{ENDING}"


def newest(limit: int = 30) -> list[Path]:
    """Searches, newest first."""
    paths = sorted(catalogue.folder().glob(f"*{ENDING}"), key=lambda p: p.stat().st_mtime, reverse=True)
    return paths[:limit]


def trial_path(path: Path, number: int) -> Path:
    """The run of a search's trial."""
    return path.with_name(f"{path.stem}-t{number:03d}.run")


def write(path: Path, search: Search, state: str, reason: str = "") -> None:
    """Writes a search and its status in one piece. ValueError if there is no room."""
    content = {
        "version": VERSION,
        "search": search.model_dump(mode="json"),
        "status": {"state": state, "reason": reason},
        "written": time.time(),
    }
    with writing(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unready, unready.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def made(plain: dict[str, Any]) -> Search:
    """A search from plain values. ValueError as one sentence."""
    try:
        return Search.model_validate(plain)
    except ValidationError as error:
        raise ValueError(refusal(error, {})) from None


def read(path: Path) -> tuple[Search, Status]:
    """A search and its status. ValueError if the file is missing, newer or damaged.

    A search that says `searching` without a driver was interrupted.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        version, plain, status = content["version"], content["search"], Status(**content["status"])
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
    return held(search_lock(path))

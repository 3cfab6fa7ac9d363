"""Race: several ordinary runs that are trained side by side, each in a file of its own.

    configs ─begin─> one run file a contender, each with `race` in its meta ─host─> one worker for all, or one each

In lockstep one process takes one step of each contender in turn, so that they share a core fairly; as workers
each has a process of its own, as far as there are cores. A contender's losses are those of its config trained
alone, bit for bit, either way.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

from pydantic import BaseModel, Field, ValidationError

from explorer.config import RunConfig
from explorer.runs import catalogue, file
from explorer.runs.run import Run

Mode = Literal["lockstep", "workers"]

FEWEST, MOST = 2, 8
NAME_LENGTH = 80
OPTIMIZER, SEED = "optimizer.name", "train.seed"
ALWAYS = ("optimizer.lr", SEED)  # told of everyone where it is not the same for all
MARKUP = re.compile(r"[\[\]<>`$\\!*_~:|]")  # what a page could take for more than words
Name = Annotated[str, Field(max_length=NAME_LENGTH, pattern=r"^[^\[\]<>`$\\!*_~:|]+$")]
Stem = Annotated[str, Field(pattern=f"^{catalogue.NAME.pattern}$")]
TITLES = {
    "adamw": "AdamW",
    "adam": "Adam",
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "muon": "Muon",
}


_hashes: WeakKeyDictionary[Run, tuple[int, str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Race:
    """Who races. names: contender by file stem, in order.   name: this contender's own."""

    id: str
    name: str
    names: dict[str, str]
    mode: Mode

    @property
    def stems(self) -> list[str]:
        """The files of all contenders, without their ending."""
        return list(self.names)


def begin(configs: dict[str, RunConfig], stem: str, mode: Mode = "lockstep") -> list[Path]:
    """Makes the files of a race that has not started yet, by contender's name.

    ValueError where there are too few or too many contenders, or a name says nothing.
    """
    if not FEWEST <= len(configs) <= MOST:
        raise ValueError(f"{len(configs)} contenders cannot race; use {FEWEST} to {MOST}")
    for name in configs:
        if not name.strip() or len(name) > NAME_LENGTH or MARKUP.search(name):
            raise ValueError(
                f"“{name[:NAME_LENGTH]}” is no contender's name; use 1 to {NAME_LENGTH} letters, digits and spaces"
            )
    names = [" ".join(name.split()) for name in configs]
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError(f"two contenders have the same name; they are {', '.join(names)}")
    race = secrets.token_hex(4)
    paths = [catalogue.new_path(stem) for _ in configs]
    members = {path.stem: name for path, name in zip(paths, names, strict=True)}
    for path, config in zip(paths, configs.values(), strict=True):
        file.begin(path, config, race={"id": race, "name": members[path.stem], "members": members, "mode": mode})
    return paths


def race_of(run: Run) -> Race | None:
    """The race that a run is a contender of; None for any other, a branch of a contender included."""
    return _race(run.meta("race"), run.id)


def members(run: Run, opened: Callable[[str], Run] = Run.open) -> dict[str, Run]:
    """All contenders of a run's race by name, in order; the run alone where it is in none.

    opened: gives the run of a file. A contender whose file is gone or broken is left out.
    """
    race = race_of(run)
    if race is None:
        return {run.id: run}
    found = {}
    for stem, name in race.names.items():
        path = run.path.with_name(f"{stem}.run")
        if stem != run.id and not path.is_file():
            continue  # it may still be open, and yet it is gone
        try:
            found[name] = run if stem == run.id else opened(str(path))
        except ValueError:
            continue
    return found


def together(path: Path) -> tuple[list[Path], Mode]:
    """The files of the race that the run at `path` is in, as far as they are there; itself alone in none."""
    try:
        with closing(file.connect(path)) as connection:
            race = _race(file.get_meta(connection, "race"), path.stem)
    except ValueError:
        race = None  # whoever opens it says what is wrong with it
    if race is None:
        return [path], "workers"
    paths = [path.with_name(f"{stem}.run") for stem in race.stems]
    return [p for p in paths if p == path or p.is_file()], race.mode


def _race(meta: Any, stem: str) -> Race | None:
    """The race that a file tells of. None where it tells of none, or of what is no race: it may be anyone's file."""
    try:
        told = _Told.model_validate(meta)
    except ValidationError:
        return None
    return Race(told.id, told.name, told.members, told.mode) if stem in told.members else None


class _Told(BaseModel):
    """What a run's file says about its race."""

    id: str
    name: Name
    members: Annotated[dict[Stem, Name], Field(max_length=MOST)]
    mode: Mode


def named(configs: list[RunConfig]) -> dict[str, RunConfig]:
    """Configs by what tells them apart: the optimizer's name, and every setting that most of the others do not have.

    ValueError where two are the same.
    """
    flat = [config.flat() for config in configs]
    usual = {path: _usual([own.get(path) for own in flat]) for path in sorted({p for own in flat for p in own})}
    varied = [path for path, (_, same) in usual.items() if not same and path not in (OPTIMIZER, SEED)]
    if not usual[SEED][1]:
        varied.append(SEED)  # the last word, for seeds of one contender are drawn as one
    found: dict[str, RunConfig] = {}
    for config, own in zip(configs, flat, strict=True):
        words = [
            f"{path.split('.')[1].replace('_', ' ')} {_short(own[path])}"
            for path in varied
            if path in own and (path in ALWAYS or str(own[path]) != usual[path][0])
        ]
        name = MARKUP.sub(" ", " · ".join([TITLES[config.optimizer.name], *words]))
        if config in found.values():
            raise ValueError(f"two contenders are the same: {name[:NAME_LENGTH]}; change a setting of one")
        if len(name) > NAME_LENGTH or name in found:
            name = f"{name[: NAME_LENGTH - 5]} … {len(found) + 1}"
        found[name] = config
    return found


def _usual(values: list[object]) -> tuple[str | None, bool]:
    """The value that more than half of them are, as text, if there is one; and whether all are."""
    ((value, count), *_) = Counter(map(str, values)).most_common(1)
    return value if 2 * count > len(values) else None, count == len(values)


def weights_hash(run: Run) -> str | None:
    """The first ten digits of the SHA-256 of a run's initial weights, as its file holds them; None before they are."""
    rows = run.query("SELECT event FROM snapshots WHERE step = 0")
    if not rows:
        return None
    (event,) = rows[0]  # with each change of the weights it is another
    known = _hashes.get(run)
    if known is None or known[0] != event:
        first = run.snapshot(0)
        assert first is not None
        known = _hashes[run] = (event, hashlib.sha256(first.weights).hexdigest()[:10])
    return known[1]


def _short(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

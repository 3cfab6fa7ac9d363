"""Race: several ordinary runs trained side by side, each in its own file.

configs ─begin─> one run file per contender, each with `race` in its meta ─host─> one worker for all, or one each

In lockstep one process takes one step of each contender in turn, so that they share a core fairly; as workers each has
its own process, as far as there are cores. Either way, a contender's losses are those of its config trained alone, bit
for bit.
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

from explorer.config.optimizers import rule_named
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig
from explorer.runs import catalogue, file
from explorer.runs.run import Run

Mode = Literal["lockstep", "workers"]

FEWEST, MOST = 2, 8  # contenders; those that differ by the seed alone are one
RUNS = 20  # of all of them
NAME_LENGTH = 80
OPTIMIZER, SEED = "optimizer.name", "train.seed"
ALWAYS = ("optimizer.lr", SEED)  # named for every contender unless equal for all
MARKUP = re.compile(r"[\[\]<>`$\\!*_~:|]")  # what a page could take for markup
Name = Annotated[str, Field(max_length=NAME_LENGTH, pattern=r"^[^\[\]<>`$\\!*_~:|]+$")]
Stem = Annotated[str, Field(pattern=f"^{catalogue.NAME.pattern}$")]


_hashes: WeakKeyDictionary[Run, tuple[int, str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Race:
    """The contenders. names: by file stem, in order.   name: this contender's own."""

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

    ValueError if there are too few or too many contenders, or a name is empty.
    """
    unlike = len({config.replace({SEED: 0}) for config in configs.values()})
    if len(configs) < FEWEST or unlike > MOST:
        raise ValueError(f"{unlike} contenders cannot race; use {FEWEST} to {MOST}")
    if len(configs) > RUNS:
        raise ValueError(f"{len(configs)} runs cannot race; use fewer seeds, {RUNS} runs at most")
    for name in configs:
        if not name.strip() or len(name) > NAME_LENGTH or MARKUP.search(name):
            raise ValueError(
                f"“{quoted(name)}” is no contender's name; use 1 to {NAME_LENGTH} letters, digits and spaces"
            )
    names = [" ".join(name.split()) for name in configs]
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError(f"two contenders have the same name; they are {', '.join(names)}")
    race = secrets.token_hex(4)
    paths = [catalogue.new_path(stem) for _ in configs]
    members = {path.stem: name for path, name in zip(paths, names, strict=True)}
    try:
        for path, config in zip(paths, configs.values(), strict=True):
            file.begin(path, config, race={"id": race, "name": members[path.stem], "members": members, "mode": mode})
    except ValueError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    return paths


def race_of(run: Run) -> Race | None:
    """The race of a contender's run; None for any other run, including a contender's branch."""
    return _race(run.meta("race"), run.id)


def members(run: Run, opened: Callable[[str], Run] = Run.open) -> dict[str, Run]:
    """All contenders of a run's race by name, in order; the run alone if it is in none.

    opened: opens a run by path. A contender whose file is gone or broken is left out.
    """
    race = race_of(run)
    if race is None:
        return {run.id: run}
    contenders = {}
    for stem, name in race.names.items():
        path = run.path.with_name(f"{stem}.run")
        if stem != run.id and not path.is_file():
            continue  # a kept connection may outlive the file
        try:
            contenders[name] = run if stem == run.id else opened(str(path))
        except ValueError:
            continue
    return contenders


def together(path: Path) -> tuple[list[Path], Mode]:
    """The existing files of the race of the run at `path`; only itself if it is in none."""
    try:
        with closing(file.connect(path)) as connection:
            race = _race(file.get_meta(connection, "race"), path.stem)
    except ValueError:
        race = None  # whoever opens it will report the fault
    if race is None:
        return [path], "workers"
    paths = [path.with_name(f"{stem}.run") for stem in race.stems]
    return [p for p in paths if p == path or p.is_file()], race.mode


def _race(meta: Any, stem: str) -> Race | None:
    """The race in a file's meta; None if there is none or it is invalid: it may be anyone's file."""
    try:
        stored = _StoredRace.model_validate(meta)
    except ValidationError:
        return None
    return Race(stored.id, stored.name, stored.members, stored.mode) if stem in stored.members else None


class _StoredRace(BaseModel):
    """A run file's entry about its race."""

    id: str
    name: Name
    members: Annotated[dict[Stem, Name], Field(max_length=RUNS)]
    mode: Mode


def named(configs: list[RunConfig]) -> dict[str, RunConfig]:
    """Configs by name: the optimizer, and every setting that most of the others do not have.

    ValueError if two are the same.
    """
    flat = [config.flat() for config in configs]
    usual = {
        path: _usual([settings.get(path) for settings in flat])
        for path in sorted({p for settings in flat for p in settings})
    }
    varied = [path for path, (_, same) in usual.items() if not same and path not in (OPTIMIZER, SEED)]
    if not usual[SEED][1]:
        varied.append(SEED)  # last, since seeds of one contender are drawn as one
    names: dict[str, RunConfig] = {}
    for config, settings in zip(configs, flat, strict=True):
        words = [
            f"{path.split('.')[1].replace('_', ' ')} {_short(settings[path])}"
            for path in varied
            if path in settings and (path in ALWAYS or str(settings[path]) != usual[path][0])
        ]
        name = MARKUP.sub(" ", " · ".join([rule_named(config.optimizer.name).title, *words]))
        if config in names.values():
            raise ValueError(f"two contenders are the same: {name[:NAME_LENGTH]}; change a setting of one")
        if len(name) > NAME_LENGTH or name in names:
            name = f"{name[: NAME_LENGTH - 5]} … {len(names) + 1}"
        names[name] = config
    return names


def _usual(values: list[object]) -> tuple[str | None, bool]:
    """The value of more than half of them, as text, if there is one; and whether it is everyone's."""
    ((value, count), *_) = Counter(map(str, values)).most_common(1)
    return value if 2 * count > len(values) else None, count == len(values)


def weights_hash(run: Run) -> str | None:
    """The first ten digits of the SHA-256 of a run's initial weights in its file; None before they are there."""
    rows = run.query("SELECT event FROM snapshots WHERE step = 0")
    if not rows:
        return None
    (event,) = rows[0]  # another one after each change of the weights
    cached = _hashes.get(run)
    if cached is None or cached[0] != event:
        first = run.snapshot(0)
        assert first is not None
        cached = _hashes[run] = (event, hashlib.sha256(first.weights).hexdigest()[:10])
    return cached[1]


def _short(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

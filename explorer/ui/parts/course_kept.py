"""What browsers guessed and began in the course, in a file, so that a server that starts again still has it.

guesses.json: {"version": 1, "browsers": {digest: {"guesses": …, "curves": …, "started": …, "beside": …}}}

Who came last stands at its end.

The file names no person and no browser: a digest stands for the name in a browser's cookie, and does not lead back to
it. A file that is none of these is moved aside, never lost and never in the way; what is guessed is then kept anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated, Literal

from filelock import FileLock, Timeout
from pydantic import ConfigDict, Field, FiniteFloat, ValidationError

from explorer.config.scenes import Name, Scene
from explorer.config.settings import Frozen
from explorer.home import home
from explorer.lessons.lesson import Lesson
from explorer.lessons.reading import lessons
from explorer.ui.components.sketch import PLACES

DIGEST_BYTES = 16
MOST = 2000  # browsers
MOST_BYTES = 8_000_000  # of the file: as many browsers that guessed in every lesson
MOST_BESIDE = 4  # lessons of a browser that stand beside pages, in as many of its tabs
MOST_RUNS = 8  # of a lesson, on whose pages it stands
DIGITS = 6  # of a height, behind the point
LOCK_SECONDS = 2.0  # that another server on the same folder is waited for
Guess = int | list[float]  # the choice taken, from 1, or the heights of a curve at even places
log = logging.getLogger(__name__)


class Beside(Frozen):
    """A lesson that stands beside the pages of its runs until it is left.

    reached: the places of its targets that were reached.   before: what was looked at before it, if anything was.
    """

    model_config = ConfigDict(strict=True)

    runs: list[Name]
    reached: list[int] = Field(default_factory=list)
    before: Scene | None = None


@dataclass
class Progress:
    """What a browser has done of the course.

    guesses, curves: what was guessed, by lesson: the choice taken, from 1, or the heights drawn. Both stay as they are.
    beside: the lessons that stand beside pages, the newest last.
    """

    opened: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    guesses: dict[str, int] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)

    @property
    def guessed(self) -> dict[str, Guess]:
        """Its guesses of both kinds, by lesson."""
        return {**self.guesses, **self.curves}


class Kept(Frozen):
    """What the file has of a browser."""

    model_config = ConfigDict(strict=True)

    guesses: dict[str, int] = Field(default_factory=dict)
    curves: dict[str, list[FiniteFloat]] = Field(default_factory=dict)
    started: list[str] = Field(default_factory=list)
    beside: dict[str, Beside] = Field(default_factory=dict)


Digest = Annotated[str, Field(pattern=f"^[0-9a-f]{{{2 * DIGEST_BYTES}}}$")]


class File(Frozen):
    """All of the file."""

    version: Literal[1] = 1
    browsers: dict[Digest, Kept]


def place() -> Path:
    """Where the file stands."""
    return home() / "guesses.json"


def digest(name: str) -> str:
    """What stands for a browser's name."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def read(path: Path) -> dict[str, Progress]:
    """What the file holds, by digest; nothing where there is none. One that cannot be read is moved aside.

    Guesses of lessons that are gone or ask something else by now are left out.
    """
    try:
        if path.stat().st_size > 2 * MOST_BYTES:
            raise ValueError("it is too large")
        browsers = File.model_validate_json(path.read_bytes()).browsers
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("guesses of the course are not read from %s (%s)", path, error.strerror)
        return {}
    except ValueError as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        log.warning("%s holds no guesses (%s); it is moved to %s", path, why, moved_aside(path))
        return {}
    return {name: progress(kept) for name, kept in browsers.items()}


def progress(kept: Kept) -> Progress:
    """Of the lessons that there are."""
    there = lessons()
    return Progress(
        started={name for name in kept.started if name in there},
        guesses={name: choice for name, choice in kept.guesses.items() if name in there and takes(there[name], choice)},
        curves={name: curve for name, curve in kept.curves.items() if name in there and takes(there[name], curve)},
        beside={name: one for name, one in kept.beside.items() if name in there and fits(there[name], one)},
    )


def fits(lesson: Lesson, beside: Beside) -> bool:
    """Whether what is kept of a lesson beside its runs can be of it."""
    return set(beside.reached) <= set(range(len(lesson.head.aims)))


def takes(lesson: Lesson, guess: Guess) -> bool:
    """Whether a guess is one of those that a lesson asks for."""
    head = lesson.head
    if isinstance(guess, list):
        return head.draw is not None and len(guess) == PLACES and 0 <= min(guess) <= max(guess) <= head.draw.high
    return head.answer is not None and 1 <= guess <= len(lesson.words["en"].choices)


def moved_aside(path: Path) -> str:
    """Gives a file another name, under which nobody reads it; what became of it in words."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (path.with_name(f"{path.stem}-unread-{stamp}{'' if n == 0 else f'-{n}'}{path.suffix}") for n in count())
    aside = next(name for name in names if not name.exists())
    try:
        path.rename(aside)
    except OSError as error:
        return f"nowhere, which failed ({error.strerror})"
    return aside.name


def save(path: Path, everyone: Mapping[str, Progress]) -> None:
    """Writes what all browsers guessed and began: whole, and then in the file's place.

    What another server on the same folder wrote is kept. Where there is no room or no permission, the log says so.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS):
            draft = path.with_suffix(".unready")
            others = {name: one for name, one in read(path).items() if name not in everyone}
            draft.write_text(written(others | dict(everyone)), encoding="utf-8")
            draft.replace(path)
    except (OSError, Timeout) as error:
        why = getattr(error, "strerror", None) or "another server writes there"
        log.warning("guesses of the course are not kept in %s (%s): a restart forgets them", path, why)


def written(everyone: dict[str, Progress]) -> str:
    """The file's text: the browsers that came last, as many as there is room for."""
    entries: list[str] = []
    size = 0
    for name, one in reversed(everyone.items()):
        if not one.guessed and not one.started:
            continue
        curves = {lesson: [round(height, DIGITS) for height in heights] for lesson, heights in one.curves.items()}
        beside = {lesson: stands.model_dump(exclude_defaults=True) for lesson, stands in one.beside.items()}
        kept = {"guesses": one.guesses, "curves": curves, "started": sorted(one.started), "beside": beside}
        entry = f'"{name}": {json.dumps(kept)}'
        size += len(entry) + 2
        if len(entries) == MOST or size > MOST_BYTES:
            break
        entries.append(entry)
    return '{"version": 1, "browsers": {\n' + ",\n".join(reversed(entries)) + "\n}}\n"

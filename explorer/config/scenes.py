"""Scenes: what a page shows and one sentence about it, and lists of them, which are small files.

A list is JSON and may be anyone's: it is checked here, once.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from explorer.config.quoting import quoted

MOST_BYTES = 200_000  # of a file
MOST = 100  # scenes of a list
HEAD = r"([a-z_]+\.)*blocks\.\d{1,3}\.[a-z_]+\.\d{1,3}"  # such as blocks.1.attention.2
HIDES = ("sidebar", "sections", "inputs", "details")  # what a scene can leave out of its page

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,80}$")]
Control = Annotated[str, StringConstraints(max_length=2000)]


class Plain(BaseModel):
    """Frozen data without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Scene(Plain):
    """What a page shows.

    run: its id; None for the run that the list begins.   step: None follows the newest.   controls: widgets of the page
    by their names in the address and as that writes them, the row of its sections among them.   axis: log where curves
    of a loss have such one.   say: one sentence about it, as plain text.
    """

    page: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
    say: Annotated[str, StringConstraints(max_length=300)] = ""
    run: Name | None = None
    step: Annotated[int, Field(ge=0, lt=10**9)] | None = None
    head: Annotated[str, StringConstraints(pattern=rf"^({HEAD})?$")] = ""
    query: Annotated[int, Field(ge=0, lt=10**6)] | None = None
    mode: Annotated[str, StringConstraints(max_length=20)] = ""
    axis: Annotated[str, StringConstraints(pattern="^(log)?$")] = ""
    hide: tuple[Annotated[str, StringConstraints(pattern=f"^({'|'.join(HIDES)})$")], ...] = ()
    controls: Annotated[dict[Name, Control], Field(max_length=20)] = Field(default_factory=dict)


class Scenes(Plain):
    """A list of scenes. preset: what the run learns that the list begins, for scenes that name none."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)] = "My scenes"
    preset: Name | None = None
    scenes: Annotated[tuple[Scene, ...], Field(max_length=MOST)] = ()

    def to_json(self) -> str:
        """The file of the list."""
        return json.dumps(self.model_dump(exclude_defaults=True), ensure_ascii=False, indent=1)


def read(data: bytes) -> Scenes:
    """A list from its file. ValueError says what is wrong with it."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"this file has {len(data):,} bytes; a list of scenes has at most {MOST_BYTES:,}")
    try:
        plain = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise ValueError("this file is no list of scenes; use one that was saved here (JSON in UTF-8)")
    try:
        scenes = Scenes.model_validate_json(json.dumps(plain))
    except (ValidationError, UnicodeEncodeError) as error:
        raise ValueError(complaint(error)) from None
    if not scenes.scenes:
        raise ValueError("this list has no scenes; bookmark a view to make one")
    return scenes


def made(**fields: Any) -> Scene:
    """A scene of these fields. ValueError says in one sentence what cannot be."""
    try:
        return Scene.model_validate(fields)
    except ValidationError as error:
        raise ValueError(complaint(error)) from None


def complaint(error: Exception) -> str:
    """The first thing that is wrong, as a sentence."""
    if not isinstance(error, ValidationError):
        return "this file holds characters that are none"
    first = error.errors(include_url=False)[0]
    place, names = [], list(first["loc"])
    if names[:1] == ["scenes"] and len(names) > 1:
        place, names = [f"scene {int(names[1]) + 1}"], names[2:]
    if first["type"] == "extra_forbidden":
        return ": ".join([*place, f"there is no field {quoted(str(names[-1]))} in a list of scenes"])
    if first["type"] == "missing":
        return ": ".join([*place, f"{names[-1]} is missing; give it a value"])
    what = ".".join(quoted(str(name)) for name in names) or "the list"
    reason = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "string_pattern_mismatch":
        reason = "no list that was saved here has such a word there"
    return ": ".join([*place, f"{what}={quoted(str(first['input']))} is refused: {reason}"])[:400]

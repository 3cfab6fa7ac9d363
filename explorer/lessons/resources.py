"""Where to go on: courses, books, libraries and forums, one honest sentence on each in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from explorer.measure.glossary import LOADER

FILE = Path(__file__).with_suffix(".yaml")
KINDS = {
    "course": {"en": "Courses", "zh": "课程"},
    "book": {"en": "Books", "zh": "书"},
    "paper": {"en": "Papers to read first", "zh": "先读这些论文"},
    "library": {"en": "Libraries", "zh": "程序库"},
    "picture": {"en": "Pictures that move", "zh": "会动的图"},
    "forum": {"en": "Where to ask", "zh": "到哪里提问"},
}


@dataclass(frozen=True)
class Resource:
    """kind: of KINDS.   link: https.   says: one sentence by language."""

    kind: str
    title: str
    link: str
    says: dict[str, str]


@cache
def resources() -> tuple[Resource, ...]:
    """All of them, in the order of KINDS."""
    rows = [Resource(**row) for row in yaml.load(FILE.read_text("utf-8"), LOADER)]
    return tuple(sorted(rows, key=lambda row: list(KINDS).index(row.kind)))

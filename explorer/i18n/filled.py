"""Filled: the parts of a text that is filled in, an f-string or a sum, and the names of its values."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

ENDINGS = {
    "",
    "s",
    "es",
    "y",
    "ies",
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "do",
    "does",
    "it",
    "they",
    "its",
    "their",
}
STEP = re.compile(r"(?<!\} )\b[Ss]teps? (\S+ to )?$")  # what follows is a step's number
WRITES_NUMBERS = {"len", "fixed", "number", "percent", "signed"}
ENDINGS |= {"a", "an", "goes", "go", "gives", "give", "pulls", "pull", "each", "the", "this", "these"}
ENDINGS |= {"follows", "follow", "becomes", "become", "shortens", "shorten", "replays", "replay"}


def leaves(node: ast.AST) -> list[str | ast.AST]:
    """The parts of an f-string, or of a sum with a string in it: fixed text, a node for each value. [] of others."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return [part.value if isinstance(part, ast.Constant) else part for part in values]  # type: ignore[misc]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            parts = [leaves(left) or [left], leaves(right) or [right]]
            both = [*parts[0], *parts[1]]
            return both if any(isinstance(part, str) for part in both) else []
    return []


def plain(parts: Sequence[str | ast.AST]) -> str:
    """What is fixed of a text, with 0 for each value."""
    return "".join(part if isinstance(part, str) else "0" for part in parts)


def is_number(leaf: ast.FormattedValue, before: str) -> bool:
    """Whether a value is written as a number: its format says so, the function that writes it, or the words before."""
    if STEP.search(before) or (isinstance(leaf.value, ast.Call) and called(leaf.value) in WRITES_NUMBERS):
        return True
    spec = leaf.format_spec
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in tuple("defgn,%")


def placeholder(value: ast.AST) -> str:
    """A short name of a value in a template: the variable, the attribute, the function that gives it."""
    match value:
        case ast.Call(func=ast.Name(id="plural")):
            return "s"
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_") or "value"
        case ast.Call(func=ast.Name(id="len" | "str" | "int" | "round" | "abs" | "float" | "quoted"), args=[first, *_]):
            return placeholder(first)
        case ast.Call(func=ast.Attribute(attr="join" | "get"), args=[first, *_]):
            return placeholder(first)
        case ast.Call(func=ast.Attribute(value=receiver, attr="strip" | "rstrip" | "lower" | "title" | "capitalize")):
            return placeholder(receiver)
        case ast.Call():
            inner = next((a for a in value.args if isinstance(a, ast.Name | ast.Attribute)), None)
            return placeholder(inner) if inner is not None else called(value) or "value"
        case ast.Subscript(value=inner) | ast.UnaryOp(operand=inner) | ast.Starred(value=inner):
            return placeholder(inner)
        case ast.BinOp(left=left, right=right):
            return placeholder(right if isinstance(left, ast.Constant) else left)
        case ast.IfExp(body=ast.Constant(value="s" | "es")) | ast.IfExp(orelse=ast.Constant(value="s" | "es")):
            return "s"
        case ast.IfExp(body=body, orelse=other):
            return placeholder(other if isinstance(body, ast.Constant) else body)
        case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
            return placeholder(element)
    return "value"


def is_ending(value: ast.AST) -> bool:
    """Whether a value is an ending or a verb of English grammar alone: 's' if … else '', plural(n)."""
    if isinstance(value, ast.Call):
        return called(value) == "plural"
    return isinstance(value, ast.IfExp) and set(alternatives(value)) <= ENDINGS


def alternatives(value: ast.IfExp) -> list[str]:
    """The strings of which a value is one; what is no string stands as its source."""
    sides: list[str] = []
    for side in (value.body, value.orelse):
        if isinstance(side, ast.IfExp):
            sides += alternatives(side)
        else:
            sides.append(str(side.value) if isinstance(side, ast.Constant) else ast.unparse(side))
    return sides


def called(node: ast.Call) -> str:
    """The name of the function that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def unique(name: str, names: Sequence[str]) -> str:
    """This name, with a number after it if it is taken."""
    count = 2
    candidate = name
    while candidate in names:
        candidate, count = f"{name}{count}", count + 1
    return candidate

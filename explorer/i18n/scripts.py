"""Scripts: the visitors' words of the components' scripts, where these call `phrase`.

`phrase("Save numbers (CSV)")` is a message, and of a tagged template what stands between its values:
phrase`Draw ${n} tokens` is "Draw {0} tokens". The function is that of shared/phrases.js.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from explorer.i18n.extraction import GRAMMAR, TEMPLATE

PLAIN = re.compile(r'\bphrase\(\s*("(?:[^"\\\n]|\\.)*")')
TAGGED = re.compile(r"\bphrase`")
ENDING = "plural("  # a value that begins so is an English ending


def phrases(script: str) -> set[str]:
    """All messages of a script."""
    plain = {json.loads(match[1]) for match in PLAIN.finditer(script)}
    return plain | {message(script, match.end())[0] for match in TAGGED.finditer(script)}


def javascript(fileobj: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple]:
    """Babel's extraction method for a script of ours."""
    script = fileobj.read().decode("utf-8")
    for match in PLAIN.finditer(script):
        yield line(script, match.start()), None, json.loads(match[1]), []
    for match in TAGGED.finditer(script):
        text, values = message(script, match.end())
        endings = [str(i) for i, value in enumerate(values) if value.startswith(ENDING)]
        comments = [TEMPLATE] * bool(values) + [GRAMMAR + ", ".join(endings)] * bool(endings)
        yield line(script, match.start()), None, text, comments


def message(script: str, start: int) -> tuple[str, list[str]]:
    """The message of a tagged template that begins at `start`, and the values that are set into it."""
    text, values = tagged(script, start)
    return (text if values else text.replace("{{", "{").replace("}}", "}")), values


def line(script: str, place: int) -> int:
    """The number of the line of a place."""
    return script.count("\n", 0, place) + 1


def tagged(script: str, start: int) -> tuple[str, list[str]]:
    """The message of a template literal that begins at `start`, and the values that are set into it."""
    text, values, at = "", list[str](), start
    while script[at] != "`":
        if script.startswith("${", at):
            end = closing(script, at + 2)
            text += f"{{{len(values)}}}"
            values.append(script[at + 2 : end].strip())
            at = end + 1
        elif script[at] == "\\":
            text += {"n": "\n"}.get(script[at + 1], script[at + 1])
            at += 2
        else:
            text += script[at] * (2 if script[at] in "{}" else 1)
            at += 1
    return text, values


def closing(script: str, at: int) -> int:
    """The place of the brace that closes a value which begins at `at`."""
    depth = 0
    while depth or script[at] != "}":
        if script[at] == "`":
            at = literal_end(script, at + 1)
        elif script[at] in "\"'":
            at = script.index(script[at], at + 1)
        else:
            depth += (script[at] == "{") - (script[at] == "}")
        at += 1
    return at


def literal_end(script: str, at: int) -> int:
    """The place of the mark that ends a template literal which begins at `at`."""
    while script[at] != "`":
        if script.startswith("${", at):
            at = closing(script, at + 2)
        at += 2 if script[at] == "\\" else 1
    return at

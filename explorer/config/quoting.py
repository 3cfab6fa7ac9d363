"""Quotes a visitor's words inside a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def quoted(text: str) -> str:
    """A visitor's words inside a sentence: on one line and cut to length."""
    line = one_line(text)
    return line if len(line) <= 60 else f"{line[:40]}… ({len(text)} characters)"


def one_line(text: str) -> str:
    """The same on one line, with an escape such as \\x1b for what a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names inside a sentence: the first few, and the last one."""
    return ", ".join(names if len(names) <= most + 1 else [*names[:most], "…", names[-1]])

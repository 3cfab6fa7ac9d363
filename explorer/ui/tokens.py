"""Tokens as text on a page: white space made visible, and nothing in them read as Markdown."""

from __future__ import annotations

SEEN = {" ": "␣", "\n": "⏎", "\t": "⇥"}
MARKS = r"\`*_{}[]()#+-.!|~<>:$&^=\"'"


def shown_token(token: str) -> str:
    """A token that is white space, made visible."""
    return SEEN.get(token, token)


def escaped(text: str) -> str:
    """Text that Markdown shall not read: a visitor's own letters among it."""
    return "".join(f"\\{c}" if c in MARKS else c for c in shown_token(text))

"""Foreign text: what a visitor, an address or a file says, for places where Streamlit reads Markdown.

Streamlit reads Markdown, formulas and directives nearly everywhere: in labels, captions, headings, errors and toasts.
Whatever did not stand in this repository goes through `text` or `sentence` before it gets there.
"""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"  # has no width and separates nothing
# what Streamlit looks for in text that it has already read as text: addresses of pages and of mail, arrows and dashes
JOINED = re.compile(r"(?i)(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=[-\w])|(?<=[-<>~])(?=[-=>])")


def text(words: str) -> str:
    """Markdown that shows these words as they are, in one line: each mark of ASCII as a character reference."""
    joined = JOINED.sub(WORD_JOINER, " ".join(words.split()))
    return "".join(f"&#{ord(c)};" if "!" <= c <= "~" and not c.isalnum() else c for c in joined)


def sentence(words: str) -> str:
    """The same of one of our sentences that quotes foreign text: what stands between backticks is code."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return text(words)
    return "".join(f"`{part}`" if i % 2 and part.strip() else spaced(part) for i, part in enumerate(parts))


def spaced(part: str) -> str:
    """A part of a sentence, with the space at its ends, which `text` takes away."""
    before, after = part[:1].isspace(), part[-1:].isspace() and bool(part.strip())
    return " " * before + text(part) + " " * after

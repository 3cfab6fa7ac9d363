"""Template: a message that is filled in, and how it is found in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

WORD = re.compile(r"[A-Za-z]+")
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)\}")
NUMBER_FORM = r"(?:[^A-Za-z]{0,29}[^A-Za-z:;., ])?(?:e[-+−]?\d+|nan|inf|NaN)?"
NUMBER = re.compile(NUMBER_FORM).fullmatch
BARE_NUMBER = re.compile(r"[^A-Za-z,;:()]*[^A-Za-z,;:()\s]|")  # without what may follow it
DECIMALS = re.compile(r"(?<=\d)[.,]\d")  # within a number
TRIES = 60  # ways in which a text may fill in a template, at most
QUOTED = re.compile(r"`[^`]*`|“[^”]*”|\"[^\"]*\"|「[^」]*」|\u2068[^\u2069]*\u2069")


@dataclass
class Template:
    """A message that is filled in.   numbers: the placeholders that are numbers.   foreign: those that are somebody's
    words, which stay as they are."""

    message: str
    translation: str
    numbers: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()

    @cached_property
    def pieces(self) -> tuple[list[str], list[str]]:
        """What is fixed of it, before, between and behind its placeholders, and their names."""
        fixed, names, at = [""], [], 0
        for match in PLACEHOLDER.finditer(self.message):
            fixed[-1] += self.message[at : match.start()]
            at = match.end()
            if match[1] is None:
                fixed[-1] += match[0][0]
            else:
                names.append(match[1])
                fixed.append("")
        fixed[-1] += self.message[at:]
        return fixed, names

    def match(self, text: str) -> dict[str, str] | None:
        """The values that fill it in to this text; None where it is another one. Each piece is the nearest."""
        first, *between, last = self.pieces[0]
        if self.left_out is not None:
            return filling.groupdict() if (filling := self.left_out.fullmatch(text)) else None
        if len(text) < sum(map(len, (first, *between, last))) or not (text.startswith(first) and text.endswith(last)):
            return None
        return self.filling(text, len(first), len(text) - len(last), 0, [TRIES])

    def filling(self, text: str, at: int, end: int, place: int, left: list[int]) -> dict[str, str] | None:
        """The values from a placeholder on, which are text[at:end]; of several ways that with the earliest pieces.

        left: how many ways may still be tried.
        """
        fixed, names = self.pieces
        if place == len(names):
            return {} if at == end else None
        name, piece = names[place], fixed[place + 1] if place + 1 < len(names) else ""
        for to in [end] if place + 1 == len(names) else self.places(name, text, piece, at, end):
            left[0] -= 1
            if name not in self.numbers or NUMBER(text, at, to):
                rest = self.filling(text, to + len(piece), end, place + 1, left)
                if rest is not None:
                    return {name: text[at:to], **rest}
            if left[0] < 0:
                return None
        return None

    @cached_property
    def needless(self) -> set[str]:
        """The placeholders that the translation leaves out."""
        return set(self.pieces[1]) - set(Template(self.translation, "").pieces[1])

    @cached_property
    def left_out(self) -> re.Pattern[str] | None:
        """What matches a message of which the translation leaves out one small word of grammar; else None."""
        fixed, names = self.pieces
        needless = self.needless
        if not needless:
            return None
        values = [
            f"(?P<{n}>{'[a-z]{0,8}' if n in needless else NUMBER_FORM if n in self.numbers else '.*?'})" for n in names
        ]
        return re.compile("".join(map(str.__add__, map(re.escape, fixed), [*values, ""])), re.DOTALL)

    def places(self, name: str, text: str, piece: str, at: int, end: int) -> Iterator[int]:
        """Where a piece stands, so that what is before it can be the value."""
        if not piece:  # the next value stands right behind it
            yield BARE_NUMBER.match(text, at, end).end() if name in self.numbers else at  # type: ignore[union-attr]
            return
        places = [at + match.start() for match in re.finditer(re.escape(piece), text[at:end])]
        yield from (place for place in places if not DECIMALS.match(text, place))
        if piece == ".":  # between two numbers, such as those of a layer and a head
            yield from (place for place in places if DECIMALS.match(text, place))

    @cached_property
    def fixed(self) -> str:
        """What is fixed of it, a space for each value."""
        return PLACEHOLDER.sub(" \x00 ", self.message)

    @cached_property
    def may_end(self) -> bool:
        """Whether its last value may be missing, and with it the space before it."""
        return self.message.endswith("}") and self.pieces[0][-2].endswith(" ") and len(self.words) > 2

    @cached_property
    def is_sentence(self) -> bool:
        """Whether it begins and ends as one does."""
        return self.message[:1].isupper() and self.message.endswith(".")

    @cached_property
    def letters(self) -> int:
        return sum(len(word) for word in WORD.findall(self.fixed))

    @cached_property
    def words(self) -> set[str]:
        """The words of its fixed text that no value can grow onto."""
        bare = PLACEHOLDER.sub("\x00", self.message)
        return {match[0] for match in re.finditer(r"(?<![\x00A-Za-z])[A-Za-z]+(?![\x00A-Za-z])", bare)}

    @cached_property
    def inner(self) -> list[str]:
        """The placeholders behind which words of the message follow."""
        fixed, names = self.pieces
        return [name for i, name in enumerate(names, 1) if WORD.search(next(filter(str.strip, fixed[i:]), ""))]

    @cached_property
    def clauses(self) -> list[str]:
        """The placeholders behind a colon, which a whole clause can be set into."""
        fixed, names = self.pieces
        return [name for name, piece in zip(names, fixed, strict=False) if piece.endswith(": ")]

    def inside_quotes(self, name: str) -> bool:
        return any(f"{{{name}}}" in quote for quote in QUOTED.findall(self.message))

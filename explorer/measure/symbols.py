"""Symbols: the kind of a token by the way it is written, and how to show one without ink."""

from __future__ import annotations

WRITING = {"\n", "\t", " ", "\r", "⏎", "⇥", "␣", "␍"}
SPECIAL = {"∅", "⊢", "⊣", "▢", "�"}  # of the tasks: fillers, starts, ends, hidden or unknown tokens
SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
# printable characters without ink: variation selectors, fillers, the empty Braille pattern
INKLESS = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
INKLESS |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
KINDS = ("vowel", "consonant", "capital", "letter", "word", "digit", "space", "punctuation", "special")


def kind_of(symbol: str) -> str:
    """The kind of this token, by the way it is written: one of KINDS."""
    if symbol in SPECIAL or symbol.startswith("‹"):
        return "special"
    if set(symbol) <= WRITING:
        return "space"
    plain = symbol.strip("␣⏎⇥ ")
    if plain.isdecimal():
        return "digit"
    if not plain.isalpha():
        return "punctuation"
    if len(plain) > 1:
        return "word"
    if plain.isupper():
        return "capital"
    if plain.islower():
        return "vowel" if plain in "aeiouéèêëàâîïôöûüùäáíóőúű" else "consonant"
    return "letter"


def has_ink(character: str) -> bool:
    """Whether a character is visible on a screen."""
    return character.isprintable() and not character.isspace() and ord(character) not in INKLESS


def written(token: str) -> str:
    """A token as shown: signs for white space, and code points if nothing would be visible."""
    if any(map(has_ink, token)):
        return token
    return "".join(SIGNS.get(c, f"‹U+{ord(c):04X}›") for c in token)


def by_code(text: str) -> str:
    """A text in which what leaves no ink, or turns the direction of what stands behind it, is shown by its code."""
    return "".join(c if c.isprintable() else f"‹U+{ord(c):04X}›" for c in text)

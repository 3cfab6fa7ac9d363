"""What sort of thing a token is, by the way it is written."""

from __future__ import annotations

WRITING = {"\n", "\t", " ", "\r", "⏎", "⇥", "␣", "␍"}
SPECIAL = {"∅", "⊢", "⊣", "▢", "�"}  # of the tasks: fillers, starts, ends, what is hidden or unknown
KINDS = ("vowel", "consonant", "capital", "letter", "word", "digit", "space", "punctuation", "special")


def kind_of(symbol: str) -> str:
    """What sort of token this is, by the way it is written: one of KINDS."""
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

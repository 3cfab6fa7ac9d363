"""Date templates: every date of a language pair, as babel writes both sides.

babel's patterns ─> characters with marks ─> templates on disk ─> with_year ─> tokens of any year

F pattern, P pairing of weekday, month and day, S source position, T target position, N day.

In a template the year is a placeholder, so 28 years of days (which hold every pairing) serve for all years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor

from explorer.tasks.answering import END, SPECIAL
from explorer.tasks.cache import Entry, cached

YEARS = range(1900, 2061)
ENGLISH = ("EEEE, MMMM d, y", "MMMM d, y", "d MMMM y", "d MMM y", "MMM d, y")  # CLDR date patterns
DIGIT = len(SPECIAL)  # token of "0"; the other digits follow
# Marks: what a character expresses, equal in both languages if one translates the other. Numbers are copied, so each
# digit has its own mark; names count as a whole.
MARK = {"E": 1, "M": 2, "d": 3, "y": 5}
YEAR_MARK = MARK["y"]


@dataclass(frozen=True)
class Templates:
    """Written dates by pattern F and pairing P of weekday, month and day; uint8, 0 after their end.

    source, source_marks (F, P, S); target, target_marks (F, P, T), the target with its END. year, pairing (N,): of each
    day.
    """

    source: Tensor
    source_marks: Tensor
    target: Tensor
    target_marks: Tensor
    year: Tensor
    pairing: Tensor
    symbols: tuple[str, ...]


@lru_cache(maxsize=8)
def templates(language: str) -> Templates:
    """Every date of a language pair, from memory, from disk or newly made."""
    entry = cached("dates", f"{language} babel {version('babel')}", lambda: write_templates(language))
    tensors = {name: torch.from_numpy(array) for name, array in entry.arrays.items()}
    return Templates(**tensors, symbols=tuple(entry.about["symbols"]))


def write_templates(language: str) -> Entry:
    """Writes every pairing in every pattern with babel."""
    from babel.dates import get_date_format

    days = [date(2000, 1, 1) + timedelta(n) for n in range(365 * 28 + 7)]
    pairings = {(d.weekday(), d.month, d.day): d for d in days}
    full, long = (get_date_format(length, language).pattern for length in ("full", "long"))
    rows: dict[str, list] = {"source": [], "target": []}
    for pattern in ENGLISH:
        translated = full if "E" in pattern else long
        rows["source"].append([list(written(pattern, d, "en")) for d in pairings.values()])
        rows["target"].append([list(written(translated, d, language)) for d in pairings.values()])
    letters = {c for side in rows.values() for kind in side for row in kind for c, _ in row}
    symbols = [*SPECIAL, *"0123456789", *sorted(letters - set("0123456789"))]
    number = {c: i for i, c in enumerate(symbols)}
    arrays: dict[str, np.ndarray] = {}
    for name, side in rows.items():
        end = [END] if name == "target" else []
        tokens = [[[number[c] for c, _ in row] + end for row in kind] for kind in side]
        arrays[name] = padded(tokens)
        arrays[f"{name}_marks"] = padded([[[mark for _, mark in row] for row in kind] for kind in side])
    arrays["target_marks"] = np.pad(arrays["target_marks"], ((0, 0), (0, 0), (0, 1)))  # END has no mark
    order = {pairing: i for i, pairing in enumerate(pairings)}
    first, last = date(YEARS[0], 1, 1).toordinal(), date(YEARS[-1], 12, 31).toordinal()
    all_days = [date.fromordinal(n) for n in range(first, last + 1)]
    arrays["year"] = np.array([d.year for d in all_days])
    arrays["pairing"] = np.array([order[d.weekday(), d.month, d.day] for d in all_days])
    return Entry(arrays, {"symbols": symbols})


def written(pattern: str, day: date, language: str) -> Iterator[tuple[str, int]]:
    """A date field by field, as (character, mark)."""
    from babel.dates import tokenize_pattern

    for _, part in tokenize_pattern(pattern):
        if isinstance(part, str):
            yield from ((c, 0) for c in part)
            continue
        letter, count = part
        numeric = letter in "dy"
        for i, c in enumerate(written_field(letter * count, SAME_FIELD[letter](day), language)):
            yield c, MARK[letter] + (i if numeric else 0)


# A day that reads the same in one field, so that a few days stand for all.
SAME_FIELD: dict[str, Callable[[date], date]] = {
    "E": lambda day: date(2024, 1, 1 + day.weekday()),  # the first of January 2024 was a Monday
    "M": lambda day: date(2024, day.month, 1),
    "d": lambda day: date(2024, 1, day.day),
    "y": lambda day: date(day.year, 1, 1),
}


@cache
def written_field(field: str, day: date, language: str) -> str:
    """One field of a date, such as MMMM, as babel writes it."""
    from babel.dates import DateTimeFormat

    return DateTimeFormat(day, language)[field]


def padded(rows: list[list[list[int]]]) -> np.ndarray:
    """Ragged rows (F, P, any) filled with 0."""
    longest = max(len(row) for kind in rows for row in kind)
    return np.array([[row + [0] * (longest - len(row)) for row in kind] for kind in rows], dtype=np.uint8)


def with_year(tokens: Tensor, marks: Tensor, year: Tensor) -> Tensor:
    """Templates with their years, broadcastable, in digits."""
    power = 10 ** (3 - (marks - YEAR_MARK).clamp_min(0))  # of the year's digit at this place
    return torch.where(marks >= YEAR_MARK, DIGIT + year // power % 10, tokens)

"""Tunes: a collection that is composed by rule, and one that comes with package music21; both in ABC notation.

A composed tune has eight bars in one key and metre: a question of four bars that stops on the dominant, and an answer
that begins alike and ends on the tonic. A chord scheme says which chord each bar has; what sounds on a beat belongs to
it, what lies between moves by step. It is no folk song and takes nothing from one.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from explorer.measure.music import abc
from explorer.tasks.corpus import Corpus, packaged

TUNES, SEED = 2000, 8
LETTERS = "CDEFGAB"
KEYS = ("C", "G", "D", "F", "A", "Am", "Em", "Dm")
SCHEMES = {  # the chord of each bar, by the degree of its root
    "major": ("14151451", "16451651", "15141551", "11451451", "12451251"),
    "minor": ("14151451", "17651751", "16451651", "17151751"),
}
LOW, HIGH = -2, 9  # steps of the scale from the tonic


@dataclass(frozen=True)
class Metre:
    """A metre. beat: eighths in a beat.   bars: lengths in a bar, in eighths.   stop: of bars four and eight."""

    beat: int
    bars: tuple[tuple[int, ...], ...]
    stop: tuple[int, ...]


METRES = {
    "4/4": Metre(
        2, ((2, 2, 2, 2), (3, 1, 2, 2), (2, 1, 1, 2, 2), (1, 1, 1, 1, 2, 2), (2, 2, 1, 1, 2), (4, 2, 2)), (2, 2, 4)
    ),
    "3/4": Metre(2, ((2, 2, 2), (3, 1, 2), (2, 1, 1, 2), (1, 1, 2, 2), (4, 2)), (2, 4)),
    "6/8": Metre(3, ((2, 1, 2, 1), (1, 1, 1, 2, 1), (3, 2, 1), (1, 1, 1, 1, 1, 1), (2, 1, 1, 1, 1)), (2, 1, 3)),
}


def composed() -> Corpus:
    """The collection that this project composes."""
    return Corpus(f"{TUNES:,} tunes composed by rule", f"tunes {TUNES} {SEED}", lambda: "".join(collection()))


def collection(count: int = TUNES, seed: int = SEED) -> list[str]:
    """Tunes in ABC notation, each with its header and an empty line after it. The same seed composes the same ones."""
    draw = random.Random(seed)
    return [tune(draw) for _ in range(count)]


def one_of(draw: random.Random, choices: tuple[str, ...] | tuple[tuple[int, ...], ...] | list[int]) -> Any:
    """One of several; by `random` alone, which is the same in every version of Python."""
    return choices[int(draw.random() * len(choices))]


def tune(draw: random.Random) -> str:
    """One tune."""
    key, metre = one_of(draw, KEYS), one_of(draw, tuple(METRES))
    scheme = one_of(draw, SCHEMES["minor" if key.endswith("m") else "major"])
    rules = METRES[metre]
    first, second, third = (one_of(draw, rules.bars) for _ in range(3))
    melody: list[list[int]] = []
    at = one_of(draw, [0, 2, 4])
    for number, lengths in enumerate((first, second, third, rules.stop)):
        melody.append(bar(draw, at, int(scheme[number]), lengths, rules.beat))
        at = melody[-1][-1]
    answer = [melody[0], melody[1], bar(draw, melody[1][-1], int(scheme[6]), third, rules.beat)]
    last = bar(draw, answer[-1][-1], 1, rules.stop, rules.beat)
    last[-1] = 0 if last[-1] < 4 else 7
    rhythm = (first, second, third, rules.stop) * 2
    bars = [
        written(key, degrees, lengths, scheme[number], rules.beat)
        for number, (degrees, lengths) in enumerate(zip([*melody, *answer, last], rhythm, strict=True))
    ]
    return f"X:1\nM:{metre}\nL:1/8\nK:{key}\n{'|'.join(bars[:4])}|\n{'|'.join(bars[4:])}|]\n\n"


def bar(draw: random.Random, at: int, root: int, lengths: tuple[int, ...], beat: int) -> list[int]:
    """The steps of a bar, from the tonic. at: where the melody stands.   root: degree of the chord's root, from 1."""
    steps, when = [], 0
    for length in lengths:
        if when % beat == 0:  # on a beat: a note of the chord, not far away
            chord = [s for s in range(LOW, HIGH + 1) if (s - root + 1) % 7 in (0, 2, 4) and abs(s - at) <= 3]
            near = [s for s in chord if s != at] or chord
            at = one_of(draw, near)
        else:
            up = at < HIGH and (at <= LOW or draw.random() < 0.5)
            at += 1 if up else -1
        steps.append(at)
        when += length
    return steps


def written(key: str, steps: list[int], lengths: tuple[int, ...], root: str, beat: int) -> str:
    """A bar in ABC notation; the beats of a group that is beamed stand together."""
    text, when, group = "", 0, 4 if beat == 2 else 3
    for step, length in zip(steps, lengths, strict=True):
        if when and when % group == 0:
            text += " "
        raised = key.endswith("m") and root == "5" and step % 7 == 6  # the leading note of a minor key
        text += ("^" if raised else "") + note(LETTERS.index(key[0]) + step) + (str(length) if length > 1 else "")
        when += length
    return text


def note(place: int) -> str:
    """A note by its place on the white keys, 0 for middle C."""
    octave, letter = divmod(place, 7)
    if octave < 1:
        return LETTERS[letter] + "," * -octave
    return LETTERS[letter].lower() + "'" * (octave - 1)


FOLDERS = ("oneills1850", "ryansMammoth")  # of music21: dance tunes printed in 1903 and 1883
HEADER = re.compile(r"^[A-Z]:")
KEPT = re.compile(r"^[XMLK]:")


def printed() -> Corpus:
    """Dance tunes of package music21, read without importing it. ValueError if it is not installed."""
    package = packaged("music21")
    if package is None:
        raise ValueError(
            "task.collection=printed needs package music21, which is not installed; "
            "`pip install -r requirements-music.txt`, or use task.collection=composed"
        )
    folder = package / "corpus"
    title = "O’Neill’s and Ryan’s dance tunes, printed in 1903 and 1883 (package music21)"
    return Corpus(title, f"music21 {version('music21')}", lambda: read_printed(folder))


def read_printed(folder: Path) -> str:
    """Every tune of these folders that the page can draw, without its titles. ValueError if there is none."""
    files = [path for name in FOLDERS for path in sorted((folder / name).glob("*.abc"))]
    tunes = [plain(one) for path in files for one in split(path.read_text("utf-8", errors="replace"))]
    whole = [one for one in tunes if one and not abc.read(one).problem]
    if not whole:
        raise ValueError("this music21 holds no tunes in ABC notation; use task.collection=composed")
    return "\n".join(whole)


def split(text: str) -> list[str]:
    """The tunes of a file."""
    return re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n"))[1:]


def plain(abc: str) -> str:
    """A tune without titles, comments, words and the like; empty if it has no notes or characters beyond ASCII."""
    lines = [line.partition("%")[0].rstrip() for line in abc.split("\n")]
    kept = [line for line in lines if line and (KEPT.match(line) or not HEADER.match(line))]
    text = "\n".join(["X:1", *kept[1:]]) + "\n"
    return text if text.isascii() and not HEADER.match(kept[-1]) else ""


COLLECTIONS = {"composed": composed, "printed": printed}

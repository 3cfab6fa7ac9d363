"""ABC notation, read into notes: a tune of one voice, as far as it can be read.

Read are the fields X, M, L, Q and K of the header (the others are passed over), notes, rests, accidentals, octaves,
lengths, bar lines, ties, broken rhythm (`>`), triplets and chords of which the first note counts. Not read: several
voices, words, macros and tuplets of other sizes (Walshaw, The ABC music standard 2.1, 2011). Lengths are in quarter
notes. What follows the first thing that cannot be read is left out, and a sentence says what that was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

LONGEST, MOST = 4000, 600  # characters, notes
LETTERS = "CDEFGAB"
SEMITONES = (0, 2, 4, 5, 7, 9, 11)
SHARPS = "FCGDAEB"  # in the order in which a key takes them
FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F#": 6, "C#": 7, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4}
MODES = {"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "dor": -2, "phr": -4, "lyd": 1, "mix": -1, "loc": -5}
KEY = re.compile(r"([A-G][#b]?)\s*([A-Za-z]{0,3})")
ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
TOKEN = re.compile(
    r"(?P<note>(?P<accidental>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d*/*\d*))"
    r"|(?P<rest>[zx])(?P<rest_length>\d*/*\d*)"
    r"|(?P<bar>:?\|[|\]:]*\d?|\[\||::|:\||\|:|\[\d)"
    r"|(?P<broken>[<>]{1,2})|(?P<triplet>\(3(?!\d))|(?P<tie>-)"
    r"|(?P<chord>\[(?P<first>[^\]|\n]+)\](?P<chord_length>\d*/*\d*))"
    r'|(?P<passed>\{[^}\n]*\}|"[^"\n]*"|![^!\n]*!|[().~HLMOPSTuv`\s\\*y])'
)
PASSED = re.compile(r"\n[A-Za-z]:")  # a field among notes
LIMIT = 64  # of a length's numbers, a metre's and an octave's marks


@dataclass(frozen=True)
class Score:
    """The notes of a tune, N of them, rests among them.

    metre: (beats, of which note), (4, 4) unless the tune says so.   key: as it is written.   fifths: sharps of the key
    signature, negative for flats.   tempo: quarter notes a minute.   start, length (N,): in quarter notes.
    pitch (N,): as MIDI counts, 60 for middle C; −1 for a rest.   place (N,): steps of the staff above middle C.
    accidental (N,): as it is written, "" for none.   bars: where bar lines stand, in quarter notes.
    uneven: numbers of bars, from 1, that do not hold what the metre says. Beside the ends and double bar lines they may
    be shorter.   problem: what could not be read, "" if all could.   at: the character at which that is.
    """

    metre: tuple[int, int]
    key: str
    fifths: int
    tempo: float
    start: list[float]
    length: list[float]
    pitch: list[int]
    place: list[int]
    accidental: list[str]
    bars: list[float]
    uneven: list[int]
    problem: str
    at: int


class Unread(Exception):
    """What cannot be read, in a clause, and where."""

    def __init__(self, what: str, at: int):
        super().__init__(what)
        self.what, self.at = what, at


class Reading:
    """A tune while it is read."""

    def __init__(self, text: str):
        self.text = text
        self.metre, self.unit, self.key, self.fifths, self.tempo = (4, 4), Fraction(1, 2), "", 0, 120.0
        self.notes: list[tuple[Fraction, Fraction, int, int, str]] = []  # start, length, pitch, place, accidental
        self.now, self.bars = Fraction(0), [Fraction(0)]
        self.double: set[Fraction] = set()  # where bar lines are not plain
        self.altered: dict[int, int] = {}  # by place, until the next bar line
        self.factor, self.triplet, self.tied = Fraction(1), 0, False

    def score(self) -> Score:
        """Reads as far as it can."""
        problem, at = "", len(self.text)
        try:
            self.body(self.header())
            if not self.notes:
                raise Unread("no note comes after the header", len(self.text))
        except Unread as error:
            problem, at = error.what, error.at
        starts, lengths, pitch, place, accidental = (
            (list(column) for column in zip(*self.notes, strict=True)) if (self.notes) else ([], [], [], [], [])
        )
        return Score(
            self.metre, self.key, self.fifths, self.tempo, list(map(float, starts)), list(map(float, lengths)), pitch,
            place, accidental, [float(bar) for bar in self.bars[1:]], self.uneven(), problem, at,
        )  # fmt: skip

    def header(self) -> int:
        """Reads the fields up to K, the last one; gives where the notes begin."""
        at = 0
        while True:
            end = self.text.find("\n", at)
            line = self.text[at:] if end < 0 else self.text[at:end]
            if line.strip() and not re.match(r"[A-Za-z]:", line):
                raise Unread("the header has no key (K:) before the notes", at)
            self.field(line[:1], line[2:].partition("%")[0].strip(), at)
            if line[:1] == "K":
                return len(self.text) if end < 0 else end + 1
            if end < 0:
                raise Unread("the header has no key (K:)", len(self.text))
            at = end + 1

    def field(self, name: str, value: str, at: int) -> None:
        """A field of the header."""
        if name == "M":
            value = {"C": "4/4", "C|": "2/2"}.get(value, value)
            if not (match := re.fullmatch(r"(\d{1,2})/(\d{1,2})", value)):
                raise Unread(f"the metre “{value}” is no fraction such as 4/4", at)
            metre = int(match[1]), int(match[2])
            if not (0 < metre[0] <= LIMIT and metre[1] in (1, 2, 4, 8, 16, 32)):
                raise Unread(f"the metre “{value}” is none", at)
            self.metre = metre
            self.unit = Fraction(1, 2) if Fraction(*self.metre) >= Fraction(3, 4) else Fraction(1, 4)
        elif name == "L":
            if not (match := re.fullmatch(r"1/(1|2|4|8|16|32)", value)):
                raise Unread(f"the unit of length “{value}” is no fraction such as 1/8", at)
            self.unit = Fraction(4, int(match[1]))
        elif name == "Q":
            if match := re.search(r"(?:(\d{1,2})/(\d{1,2})=)?(\d{1,3})\b", value):
                of = Fraction(int(match[1]), max(1, int(match[2]))) * 4 if match[1] else Fraction(1)
                self.tempo = min(400.0, max(20.0, float(of * int(match[3]))))
        elif name == "K":
            match = KEY.match(value)
            tonic, mode = (match[1], match[2].lower()) if match else ("", "?")
            shift = MODES.get(mode if mode in MODES else mode[:3])
            if tonic not in FIFTHS or shift is None or not -7 <= FIFTHS[tonic] + shift <= 7:
                raise Unread(f"“{value}” is no key", at)
            self.key, self.fifths = value, FIFTHS[tonic] + shift

    def body(self, at: int) -> None:
        """Reads the notes from a character on, to an empty line or the end."""
        broken: Fraction | None = None
        empty = self.text.find("\n\n", at)
        last = len(self.text.rstrip()) if empty < 0 else empty
        while at < last:
            if self.text[at] == "%" or PASSED.match(self.text, at):
                end = self.text.find("\n", at + 1)
                at = last if end < 0 else end
                continue
            match = TOKEN.match(self.text, at)
            if match is None:
                raise Unread(f"“{self.text[at]}” is nothing that stands among notes", at)
            if match["note"] or match["rest"] or match["chord"]:
                length = self.unit * self.factor * lengths(match, at)
                if broken is not None:
                    length, broken = length * broken, None
                self.sound(match, length, at)
            elif match["bar"]:
                self.altered = {}
                if self.now > self.bars[-1]:
                    self.bars.append(self.now)
                if match["bar"] != "|":
                    self.double.add(self.now)
            elif match["broken"]:
                broken = self.lean(match["broken"], at)
            elif match["triplet"]:
                self.factor, self.triplet = Fraction(2, 3), 3
            elif match["tie"]:
                self.tied = bool(self.notes)
            at = match.end()

    def sound(self, match: re.Match[str], length: Fraction, at: int) -> None:
        """A note, a rest or the first note of a chord."""
        if len(self.notes) >= MOST or length > LIMIT:
            raise Unread(f"a tune may have {MOST} notes of at most {LIMIT} quarters each", at)
        if match["chord"]:
            first = TOKEN.match(match["first"])
            if first is None or not first["note"]:
                raise Unread(f"the chord [{match['first'][:8]}] has no first note", at)
            length, match = length * lengths(first, at), first
        pitch, place, accidental = -1, 0, ""
        if match["letter"]:
            place = LETTERS.index(match["letter"].upper()) + 7 * match["letter"].islower()
            place += 7 * (match["octave"].count("'") - match["octave"].count(","))
            accidental = match["accidental"] or ""
            pitch = 60 + 12 * (place // 7) + SEMITONES[place % 7] + self.shift(place, accidental)
            if not 0 <= pitch <= 127:
                raise Unread("this note is higher or lower than any that MIDI has", at)
        if self.tied and self.notes and pitch >= 0 and self.notes[-1][2] == pitch and not self.triplet:
            start, before, *rest = self.notes[-1]
            self.notes[-1] = (start, before + length, *rest)  # type: ignore[assignment]
        else:
            self.notes.append((self.now, length, pitch, place, accidental))
        self.now, self.tied = self.now + length, False
        if self.triplet:
            self.triplet -= 1
            self.factor = self.factor if self.triplet else Fraction(1)

    def shift(self, place: int, accidental: str) -> int:
        """Semitones that a note is altered by: its own accidental, one before it in the bar, or the key's."""
        if accidental:
            self.altered[place] = ACCIDENTALS[accidental]
        letter = LETTERS[place % 7]
        of_key = int(letter in SHARPS[: max(0, self.fifths)]) - int(letter in SHARPS[::-1][: max(0, -self.fifths)])
        return self.altered.get(place, of_key)

    def lean(self, sign: str, at: int) -> Fraction:
        """Makes the last note longer or shorter; gives what the next one's length is multiplied by."""
        if not self.notes:
            raise Unread(f"“{sign}” stands before the first note", at)
        small = Fraction(1, 2 ** len(sign))
        this, following = (2 - small, small) if sign[0] == ">" else (small, 2 - small)
        start, length, *rest = self.notes[-1]
        self.notes[-1] = (start, length * this, *rest)  # type: ignore[assignment]
        self.now += length * (this - 1)
        return following

    def uneven(self) -> list[int]:
        """The bars that do not hold what the metre says."""
        whole = Fraction(4 * self.metre[0], self.metre[1])
        ends = {self.bars[0], self.bars[-1], *self.double}
        return [
            number
            for number, (before, after) in enumerate(zip(self.bars, self.bars[1:], strict=False), 1)
            if after - before > whole or (after - before < whole and not ends & {before, after})
        ]


def lengths(match: re.Match[str], at: int) -> Fraction:
    """The length that a note has, in units."""
    text = next((match[name] for name in ("length", "rest_length", "chord_length") if match[name]), "")
    whole, slash, part = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    below = int(part) if part else 2 ** len(slash)
    if not (int(whole or 1) <= LIMIT and 0 < below <= LIMIT and int(whole or 1) > 0) or len(text) > 8:
        raise Unread(f"“{text[:12]}” is no length of a note", at)
    return Fraction(int(whole or 1), below)


def read(text: str) -> Score:
    """The first tune of a text, as far as it can be read."""
    text = text[:LONGEST].replace("\r\n", "\n")
    begins = re.search(r"(?m)^X:", text)
    return Reading(text[begins.start() :] if begins else text).score()

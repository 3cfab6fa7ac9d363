"""ABC notation: what is read, against tunes counted out by hand; what cannot be read is named and hurts nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.measure.music.abc import LONGEST, MOST, read
from explorer.tasks import tunes

HEAD = "X:1\nM:4/4\nL:1/8\nK:{}\n"


def notes(body: str, key: str = "C") -> list[tuple[float, float, int]]:
    """Start and length in quarters, and MIDI's number, of each note."""
    score = read(HEAD.format(key) + body)
    assert not score.problem, score.problem
    return list(zip(score.start, score.length, score.pitch, strict=True))


def pitches(body: str, key: str = "C") -> list[int]:
    return [pitch for _, _, pitch in notes(body, key)]


def lengths(body: str) -> list[float]:
    return [length for _, length, _ in notes(body)]


def test_letters_are_octaves_and_signs_of_the_key():
    assert pitches("C,CDEFGABcdefgabc'") == [48, 60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83, 84]
    assert pitches("FCGBE", "D") == [66, 61, 67, 71, 64]
    assert pitches("FBE", "Gm") == [65, 70, 63]
    assert pitches("FCB", "Ador") == pitches("FCB", "G")
    assert pitches("FC", "Amix") == pitches("FC", "D")


def test_an_accidental_holds_to_the_end_of_its_bar_and_in_its_octave():
    assert pitches("^FFf=FF|F", "C") == [66, 66, 77, 65, 65, 65]
    assert pitches("_BB|B ^^F __A") == [70, 70, 71, 67, 67]


def test_lengths_are_multiples_and_parts_of_the_unit():
    assert lengths("A2A3/2AA/A//A/4z4") == [1.0, 0.75, 0.5, 0.25, 0.125, 0.125, 2.0]
    assert lengths("A>BA<B") == [0.75, 0.25, 0.25, 0.75]
    assert lengths("(3ABc d") == [pytest.approx(1 / 3)] * 3 + [0.5]
    assert lengths("A2-A2 A-B") == [2.0, 0.5, 0.5]


def test_starts_follow_one_another_and_bars_are_where_the_notes_put_them():
    score = read(HEAD.format("G") + "A2B2 c2d2|e4 z4|]")
    assert score.start == [0, 1, 2, 3, 4, 6]
    assert (score.bars, score.uneven, score.pitch[-1]) == ([4, 8], [], -1)
    assert read(HEAD.format("C") + "A8|A4|A8|A9|A8|").uneven == [2, 4]
    assert read(HEAD.format("C") + "A2|A8|A6||A2|A8|A6|]").uneven == [], "beside ends and double bars it may be shorter"


def test_what_stands_beside_notes_is_passed_over_and_of_a_chord_the_first_note_counts():
    assert pitches('"Am"~A {gf}.B !trill!c [CEG]2|: d :|1 e |2 f :|\nw: some words\n% a remark\ng') == [
        *(69, 71, 72, 60, 74, 76, 77, 79),
    ]
    assert read("T:A title\nX:1\nT:Other\nM:C|\nK:C\nA").metre == (2, 2)
    assert read("X:1\nM:2/4\nK:C\nA").length == [0.25], "without L it follows from the metre"
    assert read("X:1\nQ:3/8=80\nK:C\nA").tempo == 120


@pytest.mark.parametrize(
    ("text", "problem", "kept"),
    [
        ("X:1\nA", "the header has no key (K:) before the notes", 0),
        ("X:1\nM:4/4", "the header has no key (K:)", 0),
        ("X:1\nK:C\n", "no note comes after the header", 0),
        ("X:1\nM:four\nK:C\nA", "the metre “four” is no fraction such as 4/4", 0),
        ("X:1\nM:4/0\nK:C\nA", "the metre “4/0” is none", 0),
        ("X:1\nL:1/7\nK:C\nA", "the unit of length “1/7” is no fraction such as 1/8", 0),
        ("X:1\nK:H\nA", "“H” is no key", 0),
        ("X:1\nK:C#phr#\nA?B", "“?” is nothing that stands among notes", 1),
        (HEAD.format("C") + "AB k cd", "“k” is nothing that stands among notes", 2),
        (HEAD.format("C") + "AB999999", "“999999” is no length of a note", 1),
        (HEAD.format("C") + "A B/0", "“/0” is no length of a note", 1),
        (HEAD.format("C") + ">A", "“>” stands before the first note", 0),
        (HEAD.format("C") + "AC,,,,,,,,", "this note is higher or lower than any that MIDI has", 1),
        (HEAD.format("C") + "A" * (MOST + 5), f"a tune may have {MOST} notes of at most 64 quarters each", MOST),
    ],
)
def test_a_tune_is_read_up_to_what_cannot_be_read(text, problem, kept):
    score = read(text)
    assert score.problem == problem
    assert len(score.pitch) == kept
    assert 0 <= score.at <= len(text)


@given(st.text(alphabet="XMLKQT:ABCdefg|[]()3/2<>^_='-,z \n1\"{}~", max_size=200))
def test_whatever_is_written_is_read_to_some_end(text):
    for one in (text, HEAD.format("G") + text):
        score = read(one)
        assert len(score.start) == len(score.length) == len(score.pitch) == len(score.place) == len(score.accidental)
        assert all(length > 0 for length in score.length)
        assert all(-1 <= pitch <= 127 for pitch in score.pitch)
        assert score.start == sorted(score.start)


def test_long_texts_are_cut():
    assert len(read(HEAD.format("C") + "A8|" * LONGEST).pitch) <= MOST
    read("(" * 100_000)


def test_every_composed_tune_is_whole_has_eight_even_bars_and_ends_on_its_tonic():
    collection = tunes.collection(300)
    assert collection == tunes.collection(300), "the same seed composes the same tunes"
    assert len(set(collection)) == 300
    for one in collection:
        score = read(one)
        assert (score.problem, score.uneven, len(score.bars)) == ("", [], 8), one
        tonic = {"C": 0, "G": 7, "D": 2, "F": 5, "A": 9, "E": 4}[score.key[0]]
        assert score.pitch[-1] % 12 == tonic, one
        assert min(score.pitch) >= 55
        assert max(score.pitch) <= 88

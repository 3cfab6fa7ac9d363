"""A Standard MIDI File, read again by the format's own rules."""

from __future__ import annotations

import pytest

from explorer.measure.music.abc import read
from explorer.measure.music.midi import TICKS, midi, variable

# the specification's own table of variable-length quantities
QUANTITIES = {
    0x00: "00", 0x40: "40", 0x7F: "7f", 0x80: "8100", 0x2000: "c000", 0x3FFF: "ff7f", 0x4000: "818000",
    0x100000: "c08000", 0x1FFFFF: "ffff7f", 0x200000: "81808000", 0x8000000: "c0808000", 0xFFFFFFF: "ffffff7f",
}  # fmt: skip


@pytest.mark.parametrize(("number", "written"), QUANTITIES.items())
def test_quantities_of_variable_length_are_the_specifications(number, written):
    assert variable(number).hex() == written


def parsed(data: bytes) -> tuple[dict[str, int], list[tuple[int, bytes]]]:
    """The header's numbers, and each event of the one track with its tick. Every byte is accounted for."""
    assert data[:8] == b"MThd\0\0\0\6"
    header = dict(
        zip(("format", "tracks", "ticks"), (int.from_bytes(data[i : i + 2]) for i in (8, 10, 12)), strict=True)
    )
    assert data[14:18] == b"MTrk"
    assert int.from_bytes(data[18:22]) == len(data) - 22
    at, now, events = 22, 0, []
    while at < len(data):
        delta = 0
        while True:
            byte = data[at]
            at, delta = at + 1, delta << 7 | byte & 0x7F
            if byte < 0x80:
                break
        now += delta
        status = data[at]
        size = 3 + data[at + 2] if status == 0xFF else {0x80: 3, 0x90: 3, 0xC0: 2}[status & 0xF0]
        event = data[at : at + size]
        assert len(event) == size
        assert status == 0xFF or all(byte < 0x80 for byte in event[1:])
        events.append((now, event))
        at += size
    return header, events


def test_a_tune_is_one_track_of_notes_that_end_and_an_end():
    header, events = parsed(midi(read("X:1\nM:6/8\nL:1/8\nQ:1/4=90\nK:Em\nE2F G2z|^d6|]")))
    assert header == {"format": 0, "tracks": 1, "ticks": TICKS}
    assert events[0] == (0, b"\xff\x51\x03" + round(60e6 / 90).to_bytes(3))
    assert events[1] == (0, bytes([0xFF, 0x58, 4, 6, 3, 24, 8])), "6/8: the second number is a power of two"
    assert events[2] == (0, b"\xff\x59\x02\x01\x01"), "one sharp, minor"
    assert events[-1] == (events[-2][0], b"\xff\x2f\x00")
    on = [(tick, event[1]) for tick, event in events if event[0] == 0x90]
    assert on == [(0, 64), (480, 66), (720, 67), (1440, 75)]
    sounding: set[int] = set()
    for _, event in events:
        if event[0] == 0x90:
            assert event[1] not in sounding
            sounding.add(event[1])
        elif event[0] == 0x80:
            sounding.remove(event[1])
    assert not sounding


def test_flats_are_negative_and_a_tune_without_notes_ends_at_once():
    _, events = parsed(midi(read("X:1\nK:F\nB")))
    assert (0, b"\xff\x59\x02\xff\x00") in events
    _, empty = parsed(midi(read("")))
    assert [event[:2] for _, event in empty] == [b"\xff\x51", b"\xff\x58", b"\xff\x59", bytes([0xC0, 73]), b"\xff\x2f"]


def test_the_same_note_again_is_silent_between():
    _, events = parsed(midi(read("X:1\nL:1/8\nK:C\nAA")))
    notes = [(tick, event[0]) for tick, event in events if event[0] in (0x80, 0x90)]
    assert [kind for _, kind in notes] == [0x90, 0x80, 0x90, 0x80]
    assert notes[1][0] < notes[2][0]

"""A Standard MIDI File of one tune (The Complete MIDI 1.0 Detailed Specification, MMA 1996: Standard MIDI Files 1.0).

MThd, 6 bytes: format 0, 1 track, ticks a quarter note · MTrk: tempo, time signature, key signature, notes, end
"""

from __future__ import annotations

from explorer.measure.music.abc import Score

TICKS = 480  # a quarter note
CHANNEL, LOUD, PROGRAM = 0, 80, 73  # a flute
GAP = 0.04  # quarter notes of silence before the next note


def variable(number: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the highest first; all but the last have bit 7 set."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(0x80 | number & 0x7F)
    return bytes(reversed(out))


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk: its type, its length in four bytes, its data."""
    return name + len(data).to_bytes(4, "big") + data


def midi(score: Score) -> bytes:
    """The file. A score without notes gives a track that ends at once."""
    microseconds = round(60e6 / score.tempo)
    beats, of = score.metre
    minor = score.key[1:2] == "m" and not score.key[1:4].lower().startswith(("maj", "mix"))
    events: list[tuple[int, int, bytes]] = [  # tick, order within a tick, bytes
        (0, 0, b"\xff\x51\x03" + microseconds.to_bytes(3, "big")),
        (0, 0, bytes([0xFF, 0x58, 4, beats, of.bit_length() - 1, 24, 8])),
        (0, 0, bytes([0xFF, 0x59, 2, score.fifths & 0xFF, minor])),
        (0, 0, bytes([0xC0 | CHANNEL, PROGRAM])),
    ]
    for start, length, pitch in zip(score.start, score.length, score.pitch, strict=True):
        if pitch < 0:
            continue
        on, off = round(start * TICKS), round((start + max(length - GAP, length / 2)) * TICKS)
        events += [
            (on, 2, bytes([0x90 | CHANNEL, pitch, LOUD])),
            (max(off, on + 1), 1, bytes([0x80 | CHANNEL, pitch, 64])),
        ]
    track, now = b"", 0
    for tick, _, event in sorted(events, key=lambda one: one[:2]):
        track += variable(tick - now) + event
        now = tick
    head = chunk(b"MThd", b"".join(number.to_bytes(2, "big") for number in (0, 1, TICKS)))
    return head + chunk(b"MTrk", track + b"\x00\xff\x2f\x00")

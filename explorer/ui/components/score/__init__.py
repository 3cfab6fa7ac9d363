"""Score: a tune as notes on a staff, heard after a press, saved as MIDI."""

from __future__ import annotations

import numpy as np

from explorer.measure.music.abc import Score
from explorer.measure.music.midi import midi
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source("explorer_score", scripts=("score_drawing.js", "score.js"), styles=("elements.css", "score.css"))
mount = SOURCE.component()


def message(title: str, score: Score, abc: str, projector: bool = False) -> bytes:
    """What is drawn. abc: the notation that the score was read from."""
    header = {
        "title": title,
        "abc": abc,
        "metre": score.metre,
        "key": score.key,
        "fifths": score.fifths,
        "tempo": score.tempo,
        "start": score.start,
        "length": score.length,
        "pitch": score.pitch,
        "place": score.place,
        "accidental": score.accidental,
        "bars": score.bars,
        "whole": not score.problem,
        "projector": projector,
    }
    return pack(header, [np.frombuffer(midi(score), dtype=np.uint8)], "u1")


def score(message: bytes, *, key: str) -> None:
    """Draws a message."""
    mount(key=key, data=message)

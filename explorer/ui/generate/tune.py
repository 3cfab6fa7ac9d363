"""A tune that the model writes, as notes."""

from __future__ import annotations

from typing import Any

from explorer.answers.records.writing import Text
from explorer.measure.music import abc, midi
from explorer.measure.music.abc import Score
from explorer.measure.names import plural
from explorer.ui import picture, visit
from explorer.ui.components import score as staff
from explorer.ui.frame import cards
from explorer.ui.generate.stages_strip import Sampler, drawn_with
from explorer.ui.view import View

EVERY = 2.0  # seconds between two tunes while it trains
LENGTH = 260  # tokens, more than a composed tune has
COMPUTED = r"""
The text is written on with the settings above, up to 260 tokens, and read as ABC notation (Walshaw 2011) up to the
first empty line: metre, unit of length and key, then notes, rests, accidentals, octaves, lengths, ties, broken rhythm,
triplets and bar lines. What follows the first thing that cannot be read is left out. The sound is made in your browser
after a press, one triangle wave a note; the file is a Standard MIDI File of one track.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """The first tune of the text, on a staff."""
    sampler = visit.kept(Sampler)
    with cards("tune", 1)[0]:
        answer = view.picture(Text, EVERY, lane="slow", length=LENGTH, **drawn_with(sampler), **given)
        if answer is None:
            return
        notation = (answer.prompt_text + answer.text).lstrip("\n").partition("\n\n")[0]
        tune = abc.read(notation)
        title = f"The tune that it writes · step {answer.step:,}"
        staff.score(staff.message(title, tune, notation, visit.state().projector), key="score")
        picture.look_for("tune", sentence(tune, answer.step))
    picture.computed(COMPUTED, midi.midi, title="How the tune is read and heard")


def sentence(tune: Score, step: int) -> str:
    """Whether it is a tune, and how far it can be read; of which step, since one that plays stays on the staff."""
    notes = sum(pitch >= 0 for pitch in tune.pitch)
    if tune.problem:
        read = f"{notes} note{plural(notes)} can be read" if notes else "no note can be read"
        return (
            f"at step {step:,}, {read}, up to character {tune.at + 1}: {tune.problem}. Train on, or lower the "
            "temperature."
        )
    beats = "/".join(map(str, tune.metre))
    said = f"at step {step:,}, a whole tune of {notes} note{plural(notes)} in {tune.key}, {beats}."
    if tune.uneven:
        bars = ", ".join(map(str, tune.uneven[:6]))
        return f"{said} Not every bar holds what the metre says: {bars}. Counting beats is learned late."
    return f"{said} Every bar holds what the metre says. Press Play, then move the scrubber back and hear it again."

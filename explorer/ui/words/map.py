"""The live map of the words, with the Embeddings page's own parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.ui import visit
from explorer.ui.parts import map_choice as choice
from explorer.ui.parts import map_explained as explained
from explorer.ui.parts import moving_map as live
from explorer.ui.view import View
from explorer.ui.words.word_input import WORD, put


@dataclass
class Picked:
    """The points chosen on a run's map when a word was last taken from there."""

    HANDED_ON = True  # to a branch

    points: list[int] = field(default_factory=list)


def show(view: View) -> None:
    """The map; a word chosen on it is the one whose neighbours are shown."""
    arguments = choice.controls(view)
    shown = live.show(view, arguments)
    explained.fold()
    if shown is None:
        return
    answer, chosen = shown
    picked = visit.kept(Picked, view.run.id)
    if chosen and picked.points != chosen:
        picked.points = chosen
        put(WORD, answer.labels[chosen[-1]])

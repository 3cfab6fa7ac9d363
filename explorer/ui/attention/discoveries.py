"""Since which step heads clearly do something: found in the snapshots by whoever looks, never by the trainer.

snapshots ─> heads.history (a looker) ─> crossings ─> marks on the scrubber and on every chart over steps
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.answers.records.heads import HeadHistory
from explorer.measure.heads import CLEAR, SCORES, crossings, stands_out
from explorer.measure.lines import KINDS
from explorer.runs.run import Event
from explorer.ui import server
from explorer.ui.view import View

EVERY = 4.0  # seconds between two looks at a growing run
SELDOM = 10.0  # the same while a past step is looked at: what is painted then must not wait for it
SCORING = "scoring the heads of {of} snapshots"


def follow(view: View, patience: float | None = None) -> HeadHistory | None:
    """The scores of every head at the run's snapshots; the heads that stand out are marked from now on.

    patience: seconds to wait for the scores, if the caller only needs the marks.
    """
    every = EVERY if view.live else SELDOM
    says = patience is None  # who needs only the marks keeps no place for words
    answer = view.newest().picture(HeadHistory, every, lane="slow", doing=SCORING, patience=patience, says=says)
    if answer is not None:
        server.discoveries()[str(view.run.path)] = list(discovered(answer))
    return answer


def discovered(history: HeadHistory) -> Iterator[Event]:
    """An event for each head that came to stand out in something. Their numbers are below those of a file's events."""
    words = {name: score.words for name, score in SCORES.items()} | {kind: line.words for kind, line in KINDS.items()}
    for place, (name, measured) in enumerate(measures(history).items()):
        for head, step in crossings(history.steps, *measured):
            number = -1 - place * len(history.heads) - head
            yield Event(number, step, 0.0, "found", {"head": history.heads[head], "what": words[name]})


def measures(history: HeadHistory) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """What a head can stand out in, by name: score and chance, (N, H) each, and the least that gives it the name.

    A line counts while none on repeated sequences says more of the head, as the map of all heads names it.
    """
    words = {
        name: (history.scores[name], history.chance[name], score.clear)
        for name, score in SCORES.items()
        if name in history.scores
    }
    named = np.full((len(history.steps), len(history.heads)), False)
    for measured in words.values():
        named |= stands_out(*measured)
    kinds = [kind for kind in KINDS if kind in history.scores]
    return words | {kind: (np.where(named, 0, history.scores[kind]), history.chance[kind], CLEAR) for kind in kinds}

"""Since which step heads clearly do something: found in the snapshots by whoever looks, never by the trainer.

snapshots ─> heads.history (a looker) ─> crossings ─> marks on the scrubber and on every chart over steps
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from explorer.measure.heads import SCORES, crossings
from explorer.runs.answer import Answer
from explorer.runs.run import Event
from explorer.ui import server
from explorer.ui.view import View

EVERY = 4.0  # seconds between two looks at a growing run
SELDOM = 10.0  # the same while a past step is looked at: what is painted then must not wait for it
SCORING = "scoring the heads of {of} snapshots"


def follow(view: View, patience: float | None = None) -> Answer | None:
    """The scores of every head at the run's snapshots; what they tell is marked from now on.

    patience: seconds to wait for them, where they are only marked.
    """
    every = EVERY if view.live else SELDOM
    answer = view.newest().picture("heads.history", every, lane="slow", doing=SCORING, patience=patience)
    if answer is not None:
        server.discoveries()[str(view.run.path)] = list(found(answer))
    return answer


def found(history: Answer) -> Iterator[Event]:
    """An event for each head that came to stand out in a score. Their numbers are below those of a file's events."""
    plain, arrays = history
    for place, (name, score) in enumerate(SCORES.items()):
        if name not in arrays:
            continue
        chances = np.array(plain["chance"][name])
        for chance in np.unique(chances):
            own = np.flatnonzero(chances == chance)
            for index, step in crossings(arrays["steps"], arrays[name][:, own], chance):
                head = plain["heads"][own[index]]
                number = -1 - place * len(chances) - int(own[index])
                yield Event(number, step, 0.0, "found", {"head": head, "what": score.words})

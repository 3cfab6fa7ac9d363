"""Since which step heads clearly do something: found in the snapshots by whoever looks, never by the trainer.

snapshots ─> heads.history (a looker) ─> crossings ─> marks on the scrubber and on every chart over steps
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.answers.records.heads import HeadHistory
from explorer.measure.heads import CLEAR, SCORES, crossings, stands_out
from explorer.measure.lines import KINDS
from explorer.measure.standing import AGREEMENT, AGREES, ROUNDING
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


@dataclass(frozen=True)
class Measured:
    """What heads can stand out in, over N snapshots.

    heads: their names.   scores, chance: (N, heads).   clear: the least score that gives a head the name.
    """

    heads: list[str]
    scores: np.ndarray
    chance: np.ndarray
    clear: float = CLEAR

    @property
    def out(self) -> np.ndarray:
        """Whether each head stands out at each snapshot, (N, heads)."""
        return stands_out(self.scores, self.chance, self.clear)


def discovered(history: HeadHistory) -> Iterator[Event]:
    """An event for each head that came to stand out in something. Their numbers are below those of a file's events."""
    words = {name: score.words for name, score in SCORES.items()} | {kind: line.words for kind, line in KINDS.items()}
    words[AGREEMENT] = AGREES
    for place, (name, of) in enumerate(measures(history).items()):
        for head, step in crossings(history.steps, of.scores, of.chance, of.clear):
            number = -1 - place * len(history.heads) - head
            yield Event(number, step, 0.0, "found", {"head": of.heads[head], "what": words[name]})


def measures(history: HeadHistory) -> dict[str, Measured]:
    """What a head can stand out in, by name, as the map of all heads names it.

    A line counts while no score on repeated sequences says more of the head. A head with an alignment to keep to is
    held to that alone, by how far it has come from even attention to all of it.
    """
    heads, even = history.heads, history.agreement_chance
    taken = np.broadcast_to(np.isin(heads, history.aligned), (len(history.steps), len(heads))).copy()
    words = {
        name: Measured(heads, np.where(taken, 0, history.scores[name]), history.chance[name], score.clear)
        for name, score in SCORES.items()
        if name in history.scores
    }
    for of in words.values():
        taken |= of.out
    for kind in KINDS:
        if kind in history.scores:
            words[kind] = Measured(heads, np.where(taken, 0, history.scores[kind]), history.chance[kind])
    if history.aligned:
        far = np.where(even > 1 - ROUNDING, 0, (history.agreement - even) / np.maximum(1 - even, ROUNDING))
        words[AGREEMENT] = Measured(history.aligned, far, np.zeros_like(far))
    return words

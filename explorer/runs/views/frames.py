"""A run's map over time: a chain of frames, each laid out from the one before it on a fixed schedule.

    0 ─> 32 ─> 64 ─> … ─> 256 ─> 320 ─> … ─> 512 ─> 640 ─> …    the chain: PER_OCTAVE frames until a step's double
                           └─> any step until 320                 a frame asked for: from the last before it

Which frames the chain consists of follows from the step alone: not from the snapshots that the file happens to hold,
which depend on the clock and are thinned as a run grows, nor from what was looked at before. Weights at a step of the
chain are the run's own, trained again where they are not in the file. So a map is a function of (run, step, choices),
the same bit for bit in another process, after more training and whichever frame is asked for first, on a machine on
which training again gives the same bits (`python -m explorer verify`) and with the same releases of umap-learn,
numba and scikit-learn.

The chain is short: 22 frames until 3,000 steps, 43 until 100,000. Of its steps those that a file no longer holds are
the early ones, and training them again is a few percent of the run; it is done once a process, and told as progress.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from explorer.measure.layouts import Method, Pca, Tsne, Umap
from explorer.measure.projection import Metric
from explorer.runs.views.points import Subject, taken
from explorer.runs.views.restored import Progress, opened, training_at

FINEST = 32  # steps between two frames of the chain at its beginning
PER_OCTAVE = 4  # frames of the chain between a step and its double
KEPT = 24  # chains, and as many sets of vectors, kept in memory


@dataclass(frozen=True)
class Style:
    """How a map is laid out: see measure/layouts.py. ValueError names what is out of range."""

    method: Method = "umap"
    dims: int = 2
    neighbours: int = 15
    distance: float = 0.1
    metric: Metric = "cosine"
    seed: int = 0

    def layout(self, count: int) -> Pca | Umap | Tsne:
        """The layout for so many points."""
        if self.method == "pca":
            return Pca(self.dims)
        if count < 5:
            raise ValueError(f"{count} points are too few for a map of this kind; choose method=pca")
        if self.method == "tsne":
            return Tsne(self.dims, self.neighbours, self.metric, self.seed)
        return Umap(self.dims, self.neighbours, self.distance, self.metric, self.seed)


Moment = tuple[int, int]  # a step, and the last event until it: an event may change weights between two steps

_chains: OrderedDict[tuple[Subject, Style], dict[Moment, np.ndarray]] = OrderedDict()
_vectors: OrderedDict[Subject, dict[Moment, np.ndarray]] = OrderedDict()


def before(step: int) -> int:
    """The last step of the chain before a step from 1 on."""
    last = step - 1
    apart = max(FINEST, (1 << last.bit_length()) // 2 // PER_OCTAVE)
    return last // apart * apart


def chain(step: int) -> list[int]:
    """The steps of the chain before a step, ascending."""
    found = []
    while step:
        step = before(step)
        found.append(step)
    return found[::-1]


def moment(path: str, step: int) -> Moment:
    """What the weights at a step depend on."""
    return step, max((e.id for e in opened(path).events if e.step <= step), default=0)


def vectors(subject: Subject, step: int) -> np.ndarray:
    """A subject's points in their own space at a step, (N, C)."""
    known = shelf(_vectors, subject)
    at = moment(subject.path, step)
    if at not in known:
        known[at] = taken(training_at(subject.path, step, None), subject, told=False).vectors
    return known[at]


def laid_out(subject: Subject, style: Style, step: int, data: np.ndarray, progress: Progress = None) -> np.ndarray:
    """The frame at a step (N, d) of data (N, C); the chain until it is made where it is not there yet."""
    layout = style.layout(len(data))
    known = shelf(_chains, (subject, style))
    way = [(s, moment(subject.path, s)) for s in chain(step)]
    start = max((i for i, (_, at) in enumerate(way) if at in known), default=-1)
    frame = known[way[start][1]] if start >= 0 else None
    earlier = vectors(subject, way[start][0]) if start >= 0 else data
    for done, (s, at) in enumerate(way[start + 1 :]):
        if progress is not None:
            progress(done, len(way) - start)
        there = vectors(subject, s)
        known[at] = frame = layout.first(there) if frame is None else layout.following(there, frame, earlier)
        earlier = there
    return layout.first(data) if frame is None else layout.following(data, frame, earlier)


def on_chain(subject: Subject, style: Style, step: int) -> np.ndarray:
    """The frame (N, d) at a step of the chain that has been laid out."""
    return _chains[subject, style][moment(subject.path, step)]


def shelf(shelves: OrderedDict, key: object) -> dict:
    """What is kept under a key; of the last KEPT keys."""
    found = shelves.pop(key, {})
    shelves[key] = found
    while len(shelves) > KEPT:
        shelves.popitem(last=False)
    return found


def forget() -> None:
    """Lets go of everything laid out."""
    _chains.clear()
    _vectors.clear()

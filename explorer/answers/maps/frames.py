"""A run's map over time: a chain of frames, each laid out from the one before it on a fixed schedule.

    0 ─> 32 ─> 64 ─> … ─> 256 ─> 320 ─> … ─> 512 ─> 640 ─> …    the chain: PER_OCTAVE frames until a step's double
                             └─> any step until 320                 a requested frame: from the last before it

The step alone decides the frames of the chain: not the snapshots in the file, which depend on the clock and are thinned
as a run grows, nor what was shown before. Weights at a step of the chain are the run's own, trained again if they are
not in the file. So a map is a function of (run, step, choices), the same bit for bit in another process, after more
training and in any order of requests, on a machine on which training again gives the same bits (`python -m explorer
verify`) and with the same releases of umap-learn, numba and scikit-learn.

The chain is short: 22 frames until 3,000 steps, 43 until 100,000. Of its steps only early ones are missing from a file,
and training them again is a few percent of the run; it happens once per process, and is reported as progress.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.answers.maps.points import Subject, taken
from explorer.measure.layouts import Method, Pca, Tsne, Umap
from explorer.measure.projection import Metric
from explorer.runs.kept import bytes_of, kept
from explorer.runs.restored import Progress, glance, opened

FINEST = 32  # steps between two frames of the chain at its beginning
PER_OCTAVE = 4  # frames of the chain between a step and its double
KEPT = 24  # chains, and as many sets of vectors, kept in memory


FEWEST = 5  # points that have neighbourhoods to lay out


@dataclass(frozen=True)
class Style:
    """How a map is laid out: see measure/layouts.py."""

    method: Method = "umap"
    dims: int = 2
    neighbours: int = 15
    distance: float = 0.1
    metric: Metric = "cosine"
    seed: int = 0

    def method_for(self, count: int) -> Method:
        """The method for this many points: with fewer than FEWEST, their principal components are the map."""
        return self.method if count >= FEWEST else "pca"

    def layout(self, count: int) -> Pca | Umap | Tsne:
        """The layout for this number of points."""
        if self.method_for(count) == "pca":
            return Pca(self.dims)
        if self.method == "tsne":
            return Tsne(self.dims, self.neighbours, self.metric, self.seed)
        return Umap(self.dims, self.neighbours, self.distance, self.metric, self.seed)


Moment = tuple[int, int]  # as `Run.moment` says


def before(step: int) -> int:
    """The last step of the chain before a step from 1 on."""
    last = step - 1
    apart = max(FINEST, (1 << last.bit_length()) // 2 // PER_OCTAVE)
    return last // apart * apart


def chain(step: int) -> list[int]:
    """The steps of the chain before a step, ascending."""
    steps = []
    while step:
        step = before(step)
        steps.append(step)
    return steps[::-1]


def moment(path: str, step: int) -> Moment:
    """What the vectors at a step depend on."""
    return opened(path).moment(step)


def vectors(subject: Subject, step: int) -> np.ndarray:
    """A subject's points in their own space at a step, (N, C)."""
    by_moment: dict[Moment, np.ndarray] = kept("vectors", (opened(subject.path), subject), dict, bytes_of, KEPT)
    at = moment(subject.path, step)
    if at not in by_moment:
        by_moment[at] = taken(glance(subject.path, step), subject, with_losses=False).vectors
    return by_moment[at]


def laid_out(subject: Subject, style: Style, step: int, data: np.ndarray, progress: Progress = None) -> np.ndarray:
    """The frame at a step (N, d) of data (N, C); the chain until it is made where it is not there yet."""
    return path(subject, style, step, data, progress)[-1]


def path(subject: Subject, style: Style, step: int, data: np.ndarray, progress: Progress = None) -> list[np.ndarray]:
    """The frames (N, d) of the chain until a step, and that of data (N, C) at the step itself."""
    layout = style.layout(len(data))
    by_moment: dict[Moment, np.ndarray] = kept("chain", (opened(subject.path), subject, style), dict, bytes_of, KEPT)
    way = chain(step)
    frames: list[np.ndarray] = []
    for done, s in enumerate(way):
        at = moment(subject.path, s)
        if at not in by_moment:
            if progress is not None:
                progress(done, len(way))
            there = vectors(subject, s)
            before = vectors(subject, way[done - 1]) if frames else there
            by_moment[at] = layout.following(there, frames[-1], before) if frames else layout.first(there)
        frames.append(by_moment[at])
    if not way:
        return [layout.first(data)]
    return [*frames, layout.following(data, frames[-1], vectors(subject, way[-1]))]

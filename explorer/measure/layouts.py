"""Layouts: how points are placed on a map: the first frame anew, each following one from the frame before it.

data -> PCA ─────────────────────────────> first frame of PCA
     -> neighbours -> UMAP, t-SNE from PCA ─> first frame of theirs
data, frame before -> a little work from there -> Procrustes -> following frame

N points, C dimensions of the original space, d of the map, K neighbours. Every layout is a function of its arguments
alone: nothing runs in parallel and all randomness comes from the seed. umap is loaded when first needed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np

from explorer.home import home
from explorer.measure.projection import Metric, aligned, changed, nearest, principal

Progress = Callable[[int, int], None] | None  # called with (done, of)
Method = Literal["pca", "umap", "tsne"]
METHODS = get_args(Method)
COMPILED = Path(sys.prefix) / "numba"  # of this environment: what `make setup` compiles serves every home

WIDE = 10.0  # the first layout's extent before UMAP moves it, as in umap-learn
JITTER = 1e-4  # of it, so that points at one place can come apart
NEGATIVES = 5  # points pushed away for each one drawn near
EPOCHS = 500  # of a first layout, as in umap-learn
# For following frames. A low rate matters most: UMAP's last jitter is as large as its rate, so that with 30 epochs at
# 0.3 points jump three times as far between frames, and lie no better.
FOLLOWING_EPOCHS, FOLLOWING_RATE, LIVELY_RATE = 60, 0.05, 0.8
NEAR = 8  # neighbours whose change makes a frame move more
ITERATIONS, FOLLOWING_ITERATIONS = 1000, 250  # scikit-learn's t-SNE takes no fewer


@dataclass(frozen=True)
class Pca:
    """Principal components; following frames are only turned and mirrored, so their variance stays true."""

    dims: int = 2

    def first(self, data: np.ndarray, progress: Progress = None) -> np.ndarray:
        """The map of data (N, C), (N, d)."""
        return principal(data, self.dims).points

    random_start = first  # without randomness

    def following(self, data: np.ndarray, before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        """The map of data (N, C), turned as near to the one before (N, d) as possible."""
        return aligned(principal(data, self.dims).points, before)


@dataclass(frozen=True)
class Umap:
    """UMAP (McInnes, Healy & Melville 2018) with umap-learn's graph and optimizer.

    neighbours: points that count as near, the point itself included.   distance: how close points may lie, min_dist.
    Differs from umap.UMAP in where the layout starts: at principal components with one scale for all axes, not
    stretched to a square; a following frame at the one before, for FOLLOWING_EPOCHS epochs. Their learning rate is
    FOLLOWING_RATE of the usual one, and grows with the change of the neighbourhoods: LIVELY_RATE · (share of new
    neighbours)². The neighbours are exact, not approximate.
    """

    dims: int = 2
    neighbours: int = 15
    distance: float = 0.1
    metric: Metric = "cosine"
    seed: int = 0

    def first(self, data: np.ndarray, progress: Progress = None) -> np.ndarray:
        """The map of data (N, C), (N, d), from its principal components."""
        start = principal(data, self.dims).points
        start = start * WIDE / max(float(np.ptp(start, axis=0).max()), 1e-300)
        start = start + np.random.default_rng(self.seed).normal(scale=JITTER * WIDE, size=start.shape)
        return self.optimized(data, start, EPOCHS, 1.0, progress)

    random_start = first  # its seed draws the pairs that are moved

    def following(self, data: np.ndarray, before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        """The map of data (N, C) from the one before (N, d), which was of `earlier` (N, C), and turned towards it."""
        new = changed(*(nearest(x, NEAR, self.metric)[0] for x in (earlier, data))).mean()
        rate = FOLLOWING_RATE + LIVELY_RATE * float(new) ** 2
        return aligned(self.optimized(data, before, FOLLOWING_EPOCHS, rate), before)

    def graph(self, data: np.ndarray) -> Any:
        """How near each two points are, a fuzzy union of their neighbourhoods (N, N): umap.UMAP's `graph_`."""
        umap = load()
        near, far = nearest(data, min(self.neighbours, len(data)) - 1, self.metric)
        itself = np.arange(len(data), dtype=np.int32)[:, None]
        near = np.concatenate([itself, near], axis=1)
        far = np.concatenate([np.zeros_like(far[:, :1]), far], axis=1)
        state = np.random.RandomState(self.seed)  # unused, since the neighbours are given
        graph, _, _ = umap.fuzzy_simplicial_set(
            data, near.shape[1], state, self.metric, knn_indices=near, knn_dists=far
        )
        return graph

    def optimized(
        self, data: np.ndarray, start: np.ndarray, epochs: int, rate: float, progress: Progress = None
    ) -> np.ndarray:
        """Layout (N, d) after this many epochs from `start`, at a learning rate that falls to 0."""
        umap = load()
        graph = self.graph(data).tocoo()
        graph.data[graph.data < graph.data.max() / epochs] = 0  # would be drawn less than once
        graph.eliminate_zeros()
        a, b = curve(self.distance)
        points = np.ascontiguousarray(start, dtype=np.float32)
        state = np.random.RandomState(self.seed).randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64)
        shown = {} if progress is None else {"disable": False, "file": Teller(progress, epochs), "bar_format": "{n}"}
        points = umap.optimize_layout_euclidean(
            *(points, points, graph.row, graph.col, epochs, len(points)),
            *(umap.make_epochs_per_sample(graph.data, epochs), a, b, state, 1.0, rate, NEGATIVES),
            tqdm_kwds=shown,
            move_other=True,
        )
        return centred(points)


@dataclass(frozen=True)
class Tsne:
    """t-SNE (van der Maaten & Hinton 2008) by scikit-learn, its perplexity a third of the neighbours.

    A following frame takes FOLLOWING_ITERATIONS iterations without exaggeration from the one before: the fewest that
    scikit-learn does, and slower than UMAP's.
    """

    dims: int = 2
    neighbours: int = 15
    metric: Metric = "cosine"
    seed: int = 0

    def first(self, data: np.ndarray, progress: Progress = None) -> np.ndarray:
        """The map of data (N, C), (N, d), from its principal components."""
        start = principal(data, self.dims).points
        start = start * 1e-4 / max(float(start[:, 0].std()), 1e-300)
        return self.optimized(data, start, max_iter=ITERATIONS)

    def random_start(self, data: np.ndarray) -> np.ndarray:
        """A map (N, d) that depends on the seed: from a random start of the same size, as scikit-learn draws it.

        From principal components the result follows from the data alone, so that two seeds would not differ.
        """
        start = np.random.default_rng(self.seed).normal(scale=1e-4, size=(len(data), self.dims))
        return self.optimized(data, start, max_iter=ITERATIONS)

    def following(self, data: np.ndarray, before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        """The map of data (N, C) from the one before (N, d), and turned towards it."""
        moved = self.optimized(data, before, max_iter=FOLLOWING_ITERATIONS, early_exaggeration=1.0)
        return aligned(moved, before)

    def optimized(self, data: np.ndarray, start: np.ndarray, **how: Any) -> np.ndarray:
        """Layout (N, d) from `start`."""
        from sklearn.manifold import TSNE

        perplexity = max(1.0, min(self.neighbours, len(data) - 1) / 3)
        tsne = TSNE(
            self.dims,
            perplexity=perplexity,
            metric=self.metric,
            init=start.astype(np.float32),
            random_state=self.seed,
            n_jobs=1,
            **how,
        )
        return centred(tsne.fit_transform(np.asarray(data, dtype=np.float32)))


def centred(points: np.ndarray) -> np.ndarray:
    """A layout around 0."""
    points = points.astype(np.float64)
    return points - points.mean(axis=0)


class Teller:
    """A file to which tqdm writes its count, for `progress`."""

    def __init__(self, progress: Callable[[int, int], None], of: int):
        self.progress, self.of = progress, of

    def write(self, text: str) -> None:
        """tqdm's line is a number with cursor codes around it."""
        if text.strip().isdecimal():
            self.progress(int(text), self.of)

    def flush(self) -> None:
        """Nothing is buffered."""


_loaded = threading.Event()


def ready() -> bool:
    """True once umap is loaded and its functions are compiled."""
    return _loaded.is_set()


@cache
def curve(distance: float) -> tuple[float, float]:
    """a and b of 1 / (1 + a·x^2b), which falls off as min_dist requires."""
    return load().find_ab_params(1.0, distance)


def compiled() -> Path:
    """The folder of compiled functions: that of the environment, if `make setup` has made it, else that of the home."""
    return COMPILED if os.access(COMPILED, os.W_OK) else home() / "numba"


@cache
def load() -> SimpleNamespace:
    """umap-learn's functions, with their compiled form cached on disk: the first time in a process takes 2 s instead
    of 9.

    `make setup` compiles them once for every home, by running this module. The folder has to be named before numba is
    imported, and so has the number of threads: for few points a second one costs more than it does, and two fits at
    once in one process would be the end of it. What searches for neighbours (pynndescent, which umap imports) is left
    as plain Python: nothing calls it, and to compile it takes 20 s.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled()))
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    import numba
    from numba.core.dispatcher import Dispatcher

    settings: Any = numba.config
    before, settings.DISABLE_JIT = settings.DISABLE_JIT, True
    import pynndescent  # noqa: F401

    settings.DISABLE_JIT = before
    from umap import layouts, umap_, utils

    dispatchers = {id(f): f for module in (layouts, umap_, utils) for f in vars(module).values()}
    dispatchers[0] = layouts._get_optimize_layout_euclidean_single_epoch_fn(False)
    for function in dispatchers.values():
        if isinstance(function, Dispatcher):
            function.enable_caching()
    return SimpleNamespace(
        fuzzy_simplicial_set=umap_.fuzzy_simplicial_set,
        find_ab_params=umap_.find_ab_params,
        make_epochs_per_sample=umap_.make_epochs_per_sample,
        optimize_layout_euclidean=layouts.optimize_layout_euclidean,
    )


def warm_up() -> None:
    """Loads umap and scikit-learn and lays out a few points, so that all is compiled before it is needed."""
    import sklearn.manifold  # noqa: F401

    data = np.random.default_rng(0).normal(size=(12, 4))
    method = Umap(neighbours=5)
    method.following(data, method.first(data), data)
    _loaded.set()


if __name__ == "__main__":  # compiles umap for every home
    COMPILED.mkdir(exist_ok=True)
    warm_up()

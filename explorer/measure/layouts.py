"""How points are laid out on a map: the first frame from nothing, each following one from the frame before it.

    data -> PCA ─────────────────────────────> first frame of PCA
         -> neighbours -> UMAP, t-SNE from PCA ─> first frame of theirs
    data, frame before -> little work from there -> Procrustes -> following frame

N points, C dimensions of the original space, d of the map, K neighbours. Every layout is a function of its arguments
alone: nothing runs in parallel and all randomness is the seed's. umap is loaded when it is first needed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np

from explorer.home import home
from explorer.measure.projection import Metric, aligned, changed, nearest, principal

Told = Callable[[int, int], None] | None  # how far it is: (done, of)
Method = Literal["pca", "umap", "tsne"]
METHODS = get_args(Method)

WIDE = 10.0  # the first layout's extent before UMAP moves it, as in umap-learn
JITTER = 1e-4  # of it, so that points at one place can come apart
NEGATIVES = 5  # points pushed away for each one drawn near
EPOCHS = 500  # of a first layout, as in umap-learn
# Of a following one. A low rate matters most: UMAP's last jitter is as large as its rate, so that with 30 epochs at 0.3
# points jump three times as far between frames, and lie no better.
FOLLOWING_EPOCHS, FOLLOWING_RATE, LIVELY_RATE = 60, 0.05, 0.8
NEAR = 8  # neighbours whose change makes a frame lively
ITERATIONS, FOLLOWING_ITERATIONS = 1000, 250  # scikit-learn's t-SNE takes no fewer


@dataclass(frozen=True)
class Pca:
    """Principal components; following frames are only turned and mirrored, so their variance stays true."""

    dims: int = 2

    def first(self, data: np.ndarray, told: Told = None) -> np.ndarray:
        """The map of data (N, C), (N, d)."""
        return principal(data, self.dims).points

    def following(self, data: np.ndarray, before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        """The map of data (N, C), as near to the one before (N, d) as it can be turned."""
        return aligned(principal(data, self.dims).points, before)


@dataclass(frozen=True)
class Umap:
    """UMAP (McInnes, Healy & Melville 2018) with umap-learn's graph and optimizer.

    neighbours: points that count as near, the point itself among them.   distance: how close points may lie, min_dist.
    From umap.UMAP differs where the layout starts: at principal components of one scale for all axes, not stretched to
    a square; a following frame at the one before, for FOLLOWING_EPOCHS epochs. Their learning rate is FOLLOWING_RATE of
    the usual one, and more the more neighbourhoods have changed since: LIVELY_RATE · (share of new neighbours)². The
    neighbours are exact, not searched for.
    """

    dims: int = 2
    neighbours: int = 15
    distance: float = 0.1
    metric: Metric = "cosine"
    seed: int = 0

    def first(self, data: np.ndarray, told: Told = None) -> np.ndarray:
        """The map of data (N, C), (N, d), from its principal components."""
        start = principal(data, self.dims).points
        start = start * WIDE / max(float(np.ptp(start, axis=0).max()), 1e-300)
        start = start + np.random.default_rng(self.seed).normal(scale=JITTER * WIDE, size=start.shape)
        return self.optimized(data, start, EPOCHS, 1.0, told)

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
        state = np.random.RandomState(self.seed)  # not drawn from, since the neighbours are given
        found, _, _ = umap.fuzzy_simplicial_set(
            data, near.shape[1], state, self.metric, knn_indices=near, knn_dists=far
        )
        return found

    def optimized(self, data: np.ndarray, start: np.ndarray, epochs: int, rate: float, told: Told = None) -> np.ndarray:
        """Layout (N, d) after so many epochs from `start`, at a learning rate that falls to 0."""
        umap = load()
        graph = self.graph(data).tocoo()
        graph.data[graph.data < graph.data.max() / epochs] = 0  # would be drawn less than once
        graph.eliminate_zeros()
        a, b = curve(self.distance)
        points = np.ascontiguousarray(start, dtype=np.float32)
        state = np.random.RandomState(self.seed).randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64)
        shown = {} if told is None else {"disable": False, "file": Teller(told, epochs), "bar_format": "{n}"}
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

    def first(self, data: np.ndarray, told: Told = None) -> np.ndarray:
        """The map of data (N, C), (N, d), from its principal components."""
        start = principal(data, self.dims).points
        start = start * 1e-4 / max(float(start[:, 0].std()), 1e-300)
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
    """A file that tqdm writes its count to, told on."""

    def __init__(self, told: Callable[[int, int], None], of: int):
        self.told, self.of = told, of

    def write(self, text: str) -> None:
        """tqdm's line is a number, with what moves the cursor around it."""
        if text.strip().isdecimal():
            self.told(int(text), self.of)

    def flush(self) -> None:
        """Nothing waits."""


_loaded = threading.Event()


def ready() -> bool:
    """True once umap is loaded and its functions are compiled."""
    return _loaded.is_set()


@cache
def curve(distance: float) -> tuple[float, float]:
    """a and b of 1 / (1 + a·x^2b), which falls off as min_dist says."""
    return load().find_ab_params(1.0, distance)


@cache
def load() -> SimpleNamespace:
    """umap-learn's functions, as they are compiled kept on disk: the first time in a process 2 s instead of 15.

    The folder has to be named before numba is imported, and so has the number of threads: for few points a second one
    costs more than it does, and two fits at once in one process would be the end of it.
    """
    os.environ.setdefault("NUMBA_CACHE_DIR", str(home() / "numba"))
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    from numba.core.dispatcher import Dispatcher
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
    """Loads umap and scikit-learn and lays a few points out, so that all is compiled before it is needed."""
    import sklearn.manifold  # noqa: F401

    data = np.random.default_rng(0).normal(size=(12, 4))
    method = Umap(neighbours=5)
    method.following(data, method.first(data), data)
    _loaded.set()

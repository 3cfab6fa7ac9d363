"""What the map is of and how it is made: the page's controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.config.encodings import ENCODINGS
from explorer.config.run import RunConfig
from explorer.measure.names import head_name
from explorer.ui.view import View
from models.families import kind_of

METHODS = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
TITLES = {
    "input": "Input embeddings",
    "output": "Output embeddings",
    "positions": "Position embeddings",
    "states": "Contextual states",
    "queries-keys": "Queries and keys",
}
TITLES_OF_WORDS = {"input": "Word vectors", "output": "Context vectors"}
SHORT_OF_WORDS = {"input": "words", "output": "contexts"}
SHORT = {"input": "input", "output": "output", "positions": "positions", "states": "states", "queries-keys": "Q and K"}
METRICS = ["cosine", "euclidean"]
TRAILED = "map-trails"  # in the address
LATEST = 999_999_999  # a step's number
ROW = 5  # choices that stand in a row


@dataclass(frozen=True)
class Choice:
    """What the map is of. layer: of the states, 0 is before the first block.   head: of queries and keys.

    neighbours, distance, metric, seed: UMAP's knobs, of which t-SNE and the lists of neighbours take metric and
    seed.   since: the step that neighbours are compared with.   trails: chosen points leave one.
    """

    what: str
    method: str
    dims: int
    layer: int
    head: str
    neighbours: int
    distance: float
    metric: str
    seed: int
    since: int
    trails: bool
    of_words: bool = False

    @property
    def points(self) -> dict[str, Any]:
        """Which points, as views take it."""
        return {"what": self.what, "layer": self.layer, "head": self.head}

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the view that makes the map."""
        knobs = {"neighbours": self.neighbours, "distance": self.distance, "metric": self.metric, "seed": self.seed}
        return self.points | {"method": self.method, "dims": self.dims} | knobs

    @property
    def title(self) -> str:
        """What the map shows."""
        if self.of_words:
            return TITLES_OF_WORDS[self.what]
        base = self.what.rpartition(".")[2]
        stack = self.what.rpartition(".")[0]
        title = TITLES[base]
        if base == "states":
            title = f"{TITLES[base]} of layer {self.layer}" if self.layer else f"{TITLES[base]} before layer 1"
        elif base == "queries-keys" and self.head:
            title = f"{TITLES[base]} of {head_name(self.head)}"
        return f"{title} · {stack}" if stack else title


def kinds(config: RunConfig) -> list[str]:
    """The sets of points that a model has."""
    stacks = kind_of(config.model).stacks
    places = [f"{stack}input" for stack in stacks] if config.has("token embedding") else []
    if config.has("logits") or config.has("word vectors"):
        places.append("output")
    if config.has("positions") and ENCODINGS[config.model.positions].acts == "table":
        places += [f"{stack}positions" for stack in stacks]
    if config.has("residual stream"):
        places += [f"{stack}states" for stack in stacks]
    return [*places, "queries-keys"] if config.has("attention heads") else places


def short(what: str) -> str:
    """A set of points on its button."""
    stack, _, base = what.rpartition(".")
    return f"{stack} {SHORT[base]}".strip()


def controls(view: View) -> Choice:
    """The controls in a row, UMAP's knobs folded; gives what is chosen."""
    config, state = view.run.config, st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", key="map-controls"):
        words = config.has("word vectors")
        what = one_of("Points", kinds(config), "map-of", SHORT_OF_WORDS.__getitem__ if words else short)
        layer, head = 0, ""
        if what.endswith("states"):
            names = ["input", *(f"layer {i + 1}" for i in range(config.model.layers))]
            layer = picked("Stream after", names, "map-layer", len(names) - 1)
        if what == "queries-keys":
            heads = [f"{path}.{h}" for path in config.model.attentions for h in range(config.model.heads)]
            head = heads[picked("Head", [head_name(name) for name in heads], "map-head", 0)]
        method = one_of("Method", list(METHODS), "map-by", METHODS.__getitem__, "umap")
        dims = 3 if st.toggle("3-D", key="map-3d", bind="query-params") else 2
        trails = st.toggle("Trails", key=TRAILED, bind="query-params")
        neighbours, distance, metric, seed = knobs()
    since = min(int(state.get("map-since") or 0), view.last)
    return Choice(what, method, dims, layer, head, neighbours, distance, metric, seed, since, trails, words)


def one_of(label: str, options: list[str], key: str, words: Callable[[str], str] = str, first: str = "") -> str:
    """One of a few, in the address: as a row of buttons, or as a list where they are many."""
    if st.session_state.get(key, options[0]) not in options:
        del st.session_state[key]
    if len(options) > ROW:
        return st.selectbox(label, options, format_func=words, key=key, bind="query-params", width=190)
    default = first or options[0]
    return st.segmented_control(
        label, options, format_func=words, default=default, key=key, required=True, bind="query-params"
    )


def picked(label: str, names: list[str], key: str, first: int) -> int:
    """A list to pick from, by number."""
    if st.session_state.get(key, names[0]) not in names:
        del st.session_state[key]
    name = st.selectbox(label, names, index=first, key=key, bind="query-params", width=125)
    return names.index(name)


def knobs() -> tuple[int, float, str, int]:
    """UMAP's knobs, folded."""
    with st.popover("Knobs"):
        neighbours = st.slider("Neighbours", 2, 50, 15, key="map-neighbours", bind="query-params")
        distance = st.slider(
            "Least distance on the map (UMAP)", 0.0, 0.99, 0.1, 0.01, key="map-distance", bind="query-params"
        )
        metric = one_of("Distance in the original space", METRICS, "map-metric")
        seed = st.number_input("Seed", 0, 9999, 0, key="map-seed", bind="query-params")
        st.caption(
            "Few neighbours: fine structure; many: the whole. t-SNE’s perplexity is a third of them. The metric is "
            "also that of the neighbours listed beside the map. UMAP draws from the seed. The maps of PCA and t-SNE "
            "follow from the data alone."
        )
    return int(neighbours), float(distance), metric, int(seed)

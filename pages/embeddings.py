"""Embeddings: what tokens mean to the model, as a map that moves while it learns."""

import streamlit as st

from explorer.measure import projection
from explorer.measure.layouts import Umap
from explorer.ui import frame, picture
from explorer.ui.embeddings import axis, big, choice, live, moved
from explorer.ui.view import View

SECTIONS = {"Who moved": moved.show, "An axis": axis.show, "2,000 states": big.show}
MAP = (
    "Input embeddings are the rows of the embedding table, output embeddings those of the unembedding; contextual "
    "states are the residual stream after a block on the probe set, the same examples at every step of every run; "
    "queries and keys are one head’s, in one joint map.\n\n"
    "**PCA** keeps the directions of largest variance. **UMAP** (McInnes et al. 2018) and **t-SNE** (van der Maaten "
    "& Hinton 2008) keep neighbourhoods: distances between far groups and sizes of groups mean little. Each frame "
    "starts from the one before it in a fixed schedule of snapshots and is turned, mirrored and scaled onto it "
    "(Procrustes), so motion means learning and a replay is the same each time.\n\n"
    "**Trustworthiness** (Venna & Kaski 2001) takes away from 1 for each point that is among the nearest on the map "
    "but not in the original space. **Layout noise**: the map of the same weights with another seed, aligned; the "
    "root mean square distance between the two places of a point, in radii of the map. Neighbours and their distances "
    "are those of the original space. Frequency and loss are measured on the probe set or the task’s data."
)

CODE = (projection.principal, Umap.first, Umap.following, Umap.optimized, projection.aligned, projection.noise)


def draw(view: View) -> None:
    """The page at a step."""
    chosen = choice.controls(view)
    shown = live.show(view, chosen)
    if shown is None or view.first:
        return  # the map first; what looks closer a quarter of a second later
    offered = list(SECTIONS)[:2] if chosen.of_words else list(SECTIONS)  # words have no context here, and so no states
    name = st.segmented_control(
        "Look closer", offered, default="Who moved", key="map-closer", required=True, bind="query-params"
    )
    SECTIONS[name](view, chosen, *shown)
    picture.computed(MAP, *CODE, title="How the map is computed")


SENTENCE = "What tokens mean to the model: what it treats alike lies near. The map moves as it learns."
frame.watch("Embeddings", SENTENCE, draw, frame.ANY)

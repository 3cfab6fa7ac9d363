"""How a map is computed, in words and in its own code."""

from __future__ import annotations

from explorer.measure import projection
from explorer.measure.layouts import Tsne, Umap
from explorer.ui import picture

MAP = (
    "Input embeddings are the rows of the embedding table, output embeddings those of the unembedding; contextual "
    "states are the residual stream after a block on the probe set, the same examples at every step of every run; "
    "queries and keys are one head’s, in one joint map. Words have two vectors each, their own and that in others’ "
    "context; of a large vocabulary the most frequent are mapped.\n\n"
    "**PCA** keeps the directions of largest variance. **UMAP** (McInnes et al. 2018) and **t-SNE** (van der Maaten "
    "& Hinton 2008) keep neighbourhoods: distances between far groups and sizes of groups mean little. Each frame "
    "starts from the one before it in a fixed schedule of snapshots and is turned and mirrored onto it, never "
    "stretched (Procrustes), so motion means learning and a replay is the same each time.\n\n"
    "**Trustworthiness** (Venna & Kaski 2001) takes away from 1 for each point that is among the nearest on the map "
    "but not in the original space. **Layout noise**: the same weights laid out from nothing with four "
    "seeds (t-SNE from random starts, UMAP with other random draws); of each two maps, aligned, the root mean square "
    "distance between the two places of a point, in radii of the map. Neighbours and their distances "
    "are those of the original space. Frequency and loss are measured on the probe set or the task’s data."
)

CODE = (
    projection.principal,
    Umap.first,
    Umap.following,
    Umap.optimized,
    Tsne.random_start,
    projection.aligned,
    projection.noise,
)


def fold() -> None:
    """The fold under a map."""
    picture.computed(MAP, *CODE, title="How the map is computed")

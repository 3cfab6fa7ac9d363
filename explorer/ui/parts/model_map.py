"""The whole model as a map: which parts it has, where a click on one leads, and which of them a page shows."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from explorer.config.architecture import Box, boxes
from explorer.config.encodings import ENCODINGS
from explorer.measure.names import number
from explorer.runs.run import Run
from explorer.ui import sitemap, visit
from explorer.ui.components.model_map import Zone, model_map

LEADS = {  # a part of a model, of models.families.PARTS -> the page that shows it
    "token embedding": "embeddings",
    "positions": "positions",
    "attention": "attention",
    "MLP": "gradients",
    "recurrent state": "memory",
    "word vectors": "words",
    "logits": "train",
}
ALL = ("gradients", "optimizers")  # pages that show all parts
ALSO = {"generate": "logits", "reading": "logits"}  # pages that show a part beside the page that a click on it leads to
NAMES = {
    "token embedding": "Embedding",
    "positions": "Positions",
    "MLP": "MLP",
    "recurrent state": "Cells",
    "word vectors": "Pairs and loss",
    "logits": "Loss",
}
INSIDE = {  # how positions act where they are no part of their own -> the boxes of an attention where they do, in words
    "turns": (("queries", "keys"), "positions turn its queries and keys"),
    "biases": (("scores",), "positions bias its scores"),
}
READS_OTHER = (".cross", ".reading")  # how the row of an attention to another text ends
DECADES = 1.5  # below the largest gradient, in which a part fades


@lru_cache(maxsize=64)
def parts_of(model: Any) -> tuple[tuple[Box, ...], tuple[tuple[str, str, tuple[str, ...]], ...]]:
    """The boxes of a model with these settings, and its parts in order: part, row, and the ids of its boxes."""
    made = tuple(boxes(model))
    parts: dict[tuple[str, str], list[str]] = {}
    for box in made:
        if box.part:
            parts.setdefault((box.part, box.row), []).append(box.id)
    return made, tuple((part, row, tuple(ids)) for (part, row), ids in parts.items())


def name_of(part: str, row: str) -> str:
    """A part of the model in words, layers counted from 1."""
    stack = f"{row.partition('.')[0].capitalize()}: " if row.startswith(("encoder.", "decoder.")) else ""
    name = "Cross-attention" if row.endswith(READS_OTHER) else NAMES.get(part, part.capitalize())
    name = name[0].lower() + name[1:] if stack and name != "MLP" else name
    place = next((word for word in row.split(".") if word.isdigit()), "")
    return f"{stack}{name}" + (f" {int(place) + 1}" if place else "")


def show(run: Run) -> None:
    """The map of a run in the row of a page's title."""
    page = visit.state().page or ""
    draw(run.config.model, f"model-map-{page}", page)


def draw(model: Any, key: str, page: str, levels: dict[str, tuple[float, str]] | None = None, **look: Any) -> None:
    """Draws the map of a model with these settings. page: where one is.   levels: by row, how strongly it is filled."""
    made, parts = parts_of(model)
    head = visit.state().head.rpartition(".")[0]
    zones = []
    for part, row, ids in parts:
        lit = page in ALL or page == LEADS[part] or ALSO.get(page) == part
        if part == "attention" and page == LEADS[part] and head in {row for _, row, _ in parts}:
            lit = row == head
        level, words = (levels or {}).get(f"{part} {row}", (None, ""))
        lit |= page == "translate" and row.endswith(READS_OTHER)  # what of the source each token of the answer reads
        where: tuple[str, ...] = ()
        if page == LEADS["positions"] and part == "attention" and (inside := positions_inside(model, row)):
            lit, (kinds, words) = True, inside
            where = tuple(box.id for box in made if box.row == row and box.kind in kinds)
        zones.append(Zone(ids, name_of(part, row), leads(part), lit, where, level, words))
    model_map(made, zones, key=key, on_part=partial(go, parts), **look)


def positions_inside(model: Any, row: str) -> tuple[tuple[str, ...], str] | None:
    """The kinds of boxes of an attention in which positions act, and how; None where they do not.

    Between two texts nothing tells how far apart their places are: they act where a text reads itself.
    """
    acts = ENCODINGS[model.positions].acts if row.endswith(".attention") else ""
    return INSIDE.get(acts)


def leads(part: str) -> str:
    """Where a click on a part leads, in words."""
    return f"opens {sitemap.TITLES[LEADS[part]][0]}"


def go(parts: tuple[tuple[str, str, tuple[str, ...]], ...], number: int) -> None:
    """Opens the page of a part that was clicked; of an attention with its first head, unless one of its is chosen."""
    part, row, _ = parts[number]
    state = visit.state()
    if part == "attention" and not state.head.startswith(f"{row}."):
        state.head = f"{row.replace('.reading', '.cross')}.0"
    sitemap.go_to(LEADS[part])


def gradients(run: Run) -> tuple[int, dict[str, tuple[float, str]]]:
    """The last step, and by part how large its gradient was in it: 1 for the largest, 0 from DECADES below.

    Embeddings are those of the tokens and, where they are learned, of the positions.
    """
    if not run.last:
        return 0, {}
    last = run.last - 1
    steps, norms, _ = run.tensor_norms(np.array([last]))
    if not len(steps):
        return 0, {}
    lengths: dict[str, float] = {}
    for part, row, _ in parts_of(run.config.model)[1]:
        squares = [n**2 for name, n in zip(run.tensors, norms[0], strict=True) if holds(part, row, name)]
        if squares and np.isfinite(squares).all():
            lengths[f"{part} {row}"] = float(np.sqrt(sum(squares)))
    largest = max(lengths.values(), default=0.0)
    if not largest:
        return last, {}
    return last, {
        name: (float(np.clip(1 + np.log10(max(norm, 1e-30) / largest) / DECADES, 0, 1)), f"‖∂L/∂W‖ {number(norm)}")
        for name, norm in lengths.items()
    }


def holds(part: str, row: str, name: str) -> bool:
    """Whether a parameter belongs to a part of the model."""
    prefix = row.removesuffix("embedding")
    if part == "token embedding":
        return name.startswith(row)
    if part == "positions":
        return name.startswith(f"{prefix}positions.")
    if row == "answer":
        return name.startswith(("unembedding.", "context."))
    return name.startswith((f"{row}.", f"{row}_norm."))

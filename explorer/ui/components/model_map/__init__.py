"""Model map: the whole model as a small picture, laid out as the diagram of backpropagation is, lying on its side.

A click on a part tells which; the parts of the page one is on are lit. Z parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.config.architecture import Box
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_model_map",
    scripts=("palette.js", "backward_words.js", "backward_layout.js", "model_map.js"),
    styles=("model_map.css",),
)
mount = SOURCE.component()


@dataclass(frozen=True)
class Zone:
    """A part that can be clicked: its boxes by id, its name in words, and where a click leads, in words.

    lit: whether it is what this page shows.   where: of a lit part, the boxes that are meant; none for all of them.
    level: how strongly it is filled, 0 to 1; None if nothing is known.   words: what that is, on hover.
    """

    boxes: tuple[str, ...]
    name: str
    leads: str
    lit: bool = False
    where: tuple[str, ...] = ()
    level: float | None = None
    words: str = ""


def describe(
    boxes: Sequence[Box], zones: Sequence[Zone], height: int, width: int | None, names: bool
) -> dict[str, Any]:
    """The message to the browser. Raises ValueError where a part has a box that is none."""
    ids = {box.id for box in boxes}
    for zone in zones:
        if not zone.boxes or not set(zone.boxes) <= ids:
            raise ValueError(f"{zone.name} has boxes that the model has not: {sorted(set(zone.boxes) - ids)}")
    return {
        "boxes": [{"id": box.id, "kind": box.kind, "row": box.row, "reads": box.reads} for box in boxes],
        "zones": [
            {
                "boxes": list(zone.boxes),
                "name": zone.name,
                "leads": zone.leads,
                "lit": zone.lit,
                "where": list(zone.where or zone.boxes),
                "level": zone.level,
                "words": zone.words,
            }
            for zone in zones
        ],
        "height": height,
        "width": width,
        "names": names,
        "label": f"The whole model, {len(zones)} parts. Arrow keys go through them, Enter opens one.",
    }


def model_map(
    boxes: Sequence[Box],
    zones: Sequence[Zone],
    *,
    key: str,
    on_part: Callable[[int], None],
    height: int = 34,
    width: int | None = 320,
    names: bool = False,
) -> None:
    """Draws the model. on_part: called with the number of the part that was clicked, before the page runs again.

    height, width: in pixels, whatever the model; no width is that of its place.   names: whether parts are labelled.
    """
    data = describe(boxes, zones, height, width, names)

    def clicked() -> None:
        import streamlit as st

        part = st.session_state[key].get("part")
        if part is not None and 0 <= int(part["number"]) < len(zones):
            on_part(int(part["number"]))

    mount(key=key, data=data, width="stretch" if width is None else width, height=height, on_part_change=clicked)

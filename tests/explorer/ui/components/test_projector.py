"""For a lecture hall every component's type grows: by a message that says so, or where it stands is enlarged."""

from __future__ import annotations

import re

from explorer.ui.components.source import HERE

RULES = (HERE.parent / "projector.css").read_text("utf-8")
KEYS = {  # of components that no message tells of a projector: where they stand
    "arithmetic": ("arithmetic",),
    "backward": ("backward",),
    "bits": ("bits",),
    "matrix_grid": ("heads", "patterns-"),
    "microscope": ("microscope",),
    "tensor_map": ("tensor",),
}
SMALL = {"model_map"}  # the map beside a title: it has one size on every page
LIKE = {"cell_arithmetic": ("one-cell",)}  # with the style sheet of another


def enlarged() -> set[str]:
    """The keys of what projector.css enlarges."""
    rules = re.findall(r"([^{}]*)\{\s*zoom: (1\.\d+);", RULES)
    return {key for selectors, _ in rules for key in re.findall(r'st-key-([\w-]+?)(?="|,|\s|$)', selectors)}


def test_every_components_type_grows_for_a_projector():
    drawn = {sheet.parent.name for sheet in HERE.glob("*/*.css") if sheet.parent.name != "shared"}
    deaf = {name for name in drawn if not any("projector" in s.read_text("utf-8") for s in (HERE / name).glob("*.js"))}
    assert deaf - SMALL == set(KEYS)
    assert {key for keys in (KEYS | LIKE).values() for key in keys} <= enlarged()

"""Embeddings: what tokens mean to the model, as a map that moves while it learns."""

from explorer.ui import frame
from explorer.ui.embeddings import axis, big, clock, moved
from explorer.ui.parts import map_choice as choice
from explorer.ui.parts import map_explained as explained
from explorer.ui.parts import moving_map as live
from explorer.ui.parts.map_choice import Choice
from explorer.ui.sections import Sections
from explorer.ui.view import View


def show_map(view: View, chosen: Choice) -> None:
    """The map, live."""
    live.show(view, chosen)


SECTIONS = Sections(
    "embeddings",
    {
        "Map": show_map,
        "Who moved": moved.show,
        "An axis": axis.show,
        "2,000 states": big.show,
        "On a clock": clock.show,
    },
    {"2,000 states": ("residual stream",)},
)


def draw(view: View) -> None:
    """The section that is chosen, of the points that are chosen above it."""
    title = SECTIONS.choose()
    if not SECTIONS.has(title, view):
        return
    if title == "On a clock":  # about numbers, whatever points are chosen
        SECTIONS.show(title, view)
        return
    chosen = choice.controls(view)
    SECTIONS.show(title, view, chosen)
    explained.fold()


def fed() -> float:
    """Seconds between two drawings of the page where the feed moves the map; 0 where it does not."""
    return live.fed() if SECTIONS.chosen() == "Map" else 0


SENTENCE = "What tokens mean to the model: what it treats alike lies near. The map moves as it learns."
frame.watch("Embeddings", SENTENCE, draw, needs=("token embedding",), fed=fed, calm=lambda: SECTIONS.chosen() != "Map")

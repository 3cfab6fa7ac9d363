"""Optimizers: a fair race from the same weights on the same batches, and what is inside each of them."""

from explorer.ui import frame
from explorer.ui.optimizers import contenders, inside, predicting, racing, surface, toys, tuning
from explorer.ui.sections import Sections
from explorer.ui.view import View

TITLE, SENTENCE = "Optimizers", "The same weights, the same batches: only the way down differs."
SECTIONS = Sections(
    "optimizers",
    {
        "Race": racing.show,
        "Tuning": tuning.show,
        "Surface": surface.show,
        "Toy surfaces": toys.show,
        "Inside": inside.show,
        "Predict": predicting.show,
    },
)
CALM = ("Surface", "Inside")  # sections that change seldom
WITHOUT_RUN = {"Race": contenders.offer, "Toy surfaces": toys.show}


def draw(view: View) -> None:
    """The section that is chosen."""
    SECTIONS.show(SECTIONS.choose(), view)


def before() -> None:
    """The same before there is a run."""
    title = SECTIONS.choose(list(WITHOUT_RUN))
    with SECTIONS.place(title):
        WITHOUT_RUN[title]()


frame.watch(TITLE, SENTENCE, draw, alone=before, calm=lambda: SECTIONS.chosen() in CALM)

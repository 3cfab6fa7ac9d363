"""Translating: an answer beside its source, what each head links of them, and how good answers are."""

from explorer.ui import cards, frame
from explorer.ui.sections import Sections
from explorer.ui.translate import alignment, desk, scores, states, what_if
from explorer.ui.view import View

SECTIONS = Sections(
    "translate",
    {
        "Alignment": alignment.show,
        "What if": what_if.show,
        "Decoder’s state": states.show,
        "Scores": scores.show,
    },
    {"Alignment": ("attention",), "Decoder’s state": ("states",)},
)


def draw(view: View) -> None:
    """The section that is chosen, after the source that is typed above it."""
    title = SECTIONS.choose()
    if not SECTIONS.has(title, view):
        return
    if title == "Scores":
        SECTIONS.show(title, view)
    elif desk.answers(view.config, view.about):
        given, corner = desk.source(view)
        if given is not None:
            SECTIONS.show(title, view, given, corner)
    else:
        with SECTIONS.place(title):
            desk.say_why_not(view.about)


frame.watch(
    "Translating",
    "An answer beside its source: which part comes from where, since when, and how good answers are.",
    draw,
    needs=("logits",),
    first=cards.TRANSLATING,
    calm=lambda: True,
)

"""Tokenizers: how a text becomes numbers, and what each way costs."""

from explorer.ui import frame, pressing, refusals, visit
from explorer.ui.sections import Sections
from explorer.ui.tokenizers import choosing, compare, frequencies, learning, lengths
from explorer.ui.view import View

TITLE, SENTENCE = "Tokenizers", "A model reads numbers: how text is cut into tokens, and what each way costs."
SECTIONS = Sections(
    "tokenizers",
    {
        "Learn BPE": learning.show,
        "Side by side": compare.show,
        "Length": lengths.show,
        "Unknown": compare.unknown,
        "Frequencies": frequencies.show,
    },
)


def draw(view: View | None) -> None:
    """The page at a step, or without a run."""
    title = SECTIONS.choose()
    choice = choosing.choose(view)
    if choice is not None:
        SECTIONS.show(title, choice)
    visit.state().tokenizers_wait = choice is not None and bool(choice.waits)


def alone() -> None:
    """The page without a run: it looks again, often while something is computed."""
    busy = visit.state().tokenizers_wait

    def live() -> None:
        refusals.tick()
        draw(None)
        if visit.state().tokenizers_wait != busy:
            refusals.draw_again()

    pressing.live(live, 0.4 if busy else frame.IDLE_SECONDS)


frame.watch(TITLE, SENTENCE, draw, alone=alone)

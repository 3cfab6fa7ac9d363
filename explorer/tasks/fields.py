"""Tasks, one record each: its settings in one small frozen class, and its words. No torch.

A class's fields are the form's knobs, the URL's and the command line's names, and the JSON's keys. `tasks.build` makes
the task itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from explorer.tasks import corpus, tunes
from explorer.tasks.answering_fields import ANSWERING, Dialogue, Facts, Numbers, Tally, Verses  # noqa: F401
from explorer.tasks.kinds import TaskKind
from explorer.tasks.reading_fields import READING, Digits, Genre, Language, Tone  # noqa: F401
from explorer.tasks.text_fields import MAX_TEXT, Fill, Python, Shakespeare, TaskFields, Text, Tunes

__all__ = [
    *("MAX_TEXT", "TASKS", "TaskFields", "TaskKind"),
    *("Addition", "Brackets", "Copy", "Dates", "Delay", "Dialogue", "Digits", "Facts", "Fill", "Genre"),
    *("Induction", "Language", "Numbers", "Python", "Reverse", "Shakespeare", "Sort", "Tally", "Text", "Tone"),
    *("Tunes", "Verses", "Words"),
]

Length = Annotated[int, Field(ge=2, le=200, description="symbols in one input")]
Symbols = Annotated[int, Field(ge=2, le=60, description="different symbols to draw from")]


class Reverse(TaskFields):
    """Say the input backwards."""

    name: Literal["reverse"] = "reverse"
    length: Length = 10
    symbols: Symbols = 31


class Copy(TaskFields):
    """Say the input again."""

    name: Literal["copy"] = "copy"
    length: Length = 10
    symbols: Symbols = 31


class Sort(TaskFields):
    """Say the input in order."""

    name: Literal["sort"] = "sort"
    length: Length = 10
    symbols: Symbols = 31


class Induction(TaskFields):
    """A random sequence repeated with a random period: what came after this symbol the last time?"""

    name: Literal["induction"] = "induction"
    length: Annotated[int, Field(ge=4, le=400, description="tokens in one sequence")] = 48
    symbols: Symbols = 31
    shortest: Annotated[int, Field(ge=2, le=200, description="shortest period")] = 6
    longest: Annotated[int, Field(ge=2, le=200, description="longest period")] = 20


class Addition(TaskFields):
    """(a + b) mod p for all pairs of numbers; some pairs are held out."""

    name: Literal["addition"] = "addition"
    modulus: Annotated[int, Field(ge=5, le=200, description="p in (a + b) mod p")] = 31
    held_out: Annotated[float, Field(gt=0, lt=1, description="share of pairs never trained on")] = 0.3


class Delay(TaskFields):
    """Say a few symbols again, after a delay."""

    name: Literal["delay"] = "delay"
    length: Annotated[int, Field(ge=1, le=50, description="symbols to remember")] = 2
    delay: Annotated[int, Field(ge=0, le=400, description="blanks between reading and answering")] = 16
    delays: Annotated[
        Literal["equal", "mixed"], Field(description="all of this length, or of every example another up to it")
    ] = "equal"
    symbols: Symbols = 8


class Brackets(TaskFields):
    """After each token: which bracket is still open, the innermost?"""

    name: Literal["brackets"] = "brackets"
    length: Annotated[int, Field(ge=2, le=400, description="tokens in one sequence")] = 32
    kinds: Annotated[int, Field(ge=1, le=4, description="kinds of brackets, of ( [ { <")] = 3
    depth: Annotated[int, Field(ge=1, le=20, description="brackets open at once, at most")] = 4


class Dates(TaskFields):
    """Translate a date from English, as babel writes it."""

    name: Literal["dates"] = "dates"
    language: Literal["fr", "de", "hu", "ja", "zh"] = "fr"


class Words(TaskFields):
    """Which words stand near which, in Shakespeare's plays or in a text of your own, which travels in the run file.

    A word is letters of any script with their marks, in lower case and in Unicode's composed form (NFC).
    """

    name: Literal["words"] = "words"
    text: Annotated[str, Field(max_length=MAX_TEXT, description="none: Shakespeare's plays")] | None = None
    vocabulary: Annotated[int, Field(ge=8, le=5000, description="words known, the most frequent")] = 2000
    window: Annotated[int, Field(ge=1, le=20, description="how far apart words still count as near")] = 5
    negatives: Annotated[int, Field(ge=1, le=50, description="noise words for each true pair")] = 5
    subsample: Annotated[
        float,
        Field(gt=0, le=1, allow_inf_nan=False, title="Thin words above", description="1: none"),
    ] = 1e-3


ALIKE = "one symbol among all, each as likely as any other"
MOST_FREQUENT = "the share of the most frequent token in the text held out"

TASKS: dict[str, TaskKind] = {
    "reverse": TaskKind(
        fields=Reverse,
        made_by="synthetic:Reverse",
        title="Reverse",
        target="the symbols of the input, the last one first",
        chance=ALIKE,
        sample="abc → cba",
        stretched="task.length",
    ),
    "copy": TaskKind(
        fields=Copy,
        made_by="synthetic:Copy",
        title="Copy",
        target="the symbols of the input once more",
        chance=ALIKE,
        sample="abc → abc",
        stretched="task.length",
    ),
    "sort": TaskKind(
        fields=Sort,
        made_by="synthetic:Sort",
        title="Sort",
        target="the symbols of the input in their order",
        chance="always saying, at each rank, the symbol that is likeliest there (order statistics)",
        sample="cab → abc",
        stretched="task.length",
    ),
    "induction": TaskKind(
        fields=Induction,
        made_by="synthetic:Induction",
        title="Induction",
        target="what came after this symbol the last time, in a random sequence that is repeated",
        chance=ALIKE,
        sample="dbadb → a",
        stretched="task.length",
    ),
    "addition": TaskKind(
        fields=Addition,
        made_by="synthetic:Addition",
        reads_again=False,
        title="Addition modulo p",
        target="the sum of two numbers modulo p",
        chance="one number among p, each as likely as any other",
        sample="3 + 4 = → 7",
    ),
    "delay": TaskKind(
        fields=Delay,
        made_by="memory:Delay",
        title="Copy after a delay",
        target="the symbols once more, after a number of blanks",
        chance=ALIKE,
        sample="ab····| → ab",
        stretched="task.delay",
    ),
    "brackets": TaskKind(
        fields=Brackets,
        made_by="memory:Brackets",
        reads_again=False,
        title="Which bracket is open",
        target="after each token, the innermost bracket that is still open",
        chance="saying at each position what is likeliest there: no bracket, or one kind of them",
        sample="a(b[c] → (",
        stretched="task.length",
    ),
    "shakespeare": TaskKind(
        fields=Shakespeare,
        made_by="text:TextTask",
        title="Shakespeare",
        target="the next token of the plays",
        chance=MOST_FREQUENT,
        sample="To be, or not to b → e",
        stretched="model.context",
        corpus=lambda fields: corpus.shakespeare(),
    ),
    "fill": TaskKind(
        fields=Fill,
        made_by="text:Fill",
        reads_again=False,
        title="Fill the gap",
        target="the tokens of the plays that are hidden",
        chance=MOST_FREQUENT,
        sample="To b▢, or n▢t to be → e o",
        stretched="model.context",
        corpus=lambda fields: corpus.shakespeare(),
        onward="shakespeare",
    ),
    "python": TaskKind(
        fields=Python,
        made_by="text:Python",
        title="Python's source",
        target="the next token of the standard library",
        chance=MOST_FREQUENT,
        sample="for i in rang → e",
        stretched="model.context",
        corpus=lambda fields: corpus.python(),
    ),
    "tunes": TaskKind(
        fields=Tunes,
        made_by="text:Tunes",
        title="Tunes",
        target="the next token of tunes in ABC notation",
        chance=MOST_FREQUENT,
        sample="K:G G2B d2 → B",
        stretched="model.context",
        corpus=lambda fields: tunes.COLLECTIONS[fields.collection](),
    ),
    "text": TaskKind(
        fields=Text,
        made_by="text:TextTask",
        title="Your own text",
        target="the next token of the text",
        chance=MOST_FREQUENT,
        sample="Once upon a tim → e",
        stretched="model.context",
        corpus=lambda fields: corpus.from_visitor(fields.text),
    ),
    "dates": TaskKind(
        fields=Dates,
        made_by="dates:Dates",
        title="Dates",
        target="the date in another language, letter by letter",
        chance="always saying what stands most often at each position of a target",
        sample="March 4, 1997 → 4 mars 1997",
    ),
    "words": TaskKind(
        fields=Words,
        made_by="words:words",
        reads_again=False,
        title="Word vectors",
        target="which words stand near a word, or how often",
        chance="the true word drawn blindly among its noise; of GloVe, the one count that fits the most pairs",
        sample="king → crown, not window",
        needs=("word vectors",),
    ),
    **READING,
    **ANSWERING,
}

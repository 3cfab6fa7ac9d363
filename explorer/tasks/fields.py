"""What each task can be asked for: one small frozen class a task, no torch.

A class's fields are the form's knobs, the URL's and the command line's names, and the JSON's keys.
`tasks.build` makes the task itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 5_000_000  # characters of a visitor's own text
MAX_BPE = 4096  # tokens


class TaskFields(BaseModel):
    """Base of every task's fields. Frozen; an unknown field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str


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
    modulus: Annotated[int, Field(ge=5, le=200, description="p")] = 31
    held_out: Annotated[float, Field(gt=0, lt=1, description="share of pairs never trained on")] = 0.3


Tokenizer = Literal["characters", "bpe"]
BpeSize = Annotated[int, Field(ge=280, le=MAX_BPE, description="tokens of the BPE vocabulary")]


class Shakespeare(TaskFields):
    """The next token of Shakespeare's plays."""

    name: Literal["shakespeare"] = "shakespeare"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Python(TaskFields):
    """The next token of Python's own standard library."""

    name: Literal["python"] = "python"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Text(TaskFields):
    """The next token of a text of your own. The text travels in the run file."""

    name: Literal["text"] = "text"
    text: Annotated[str, Field(max_length=MAX_TEXT, description="the text itself")]
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Dates(TaskFields):
    """Translate a date from English, as babel writes it."""

    name: Literal["dates"] = "dates"
    language: Literal["fr", "de", "hu", "ja"] = "fr"


class Words(TaskFields):
    """Which words stand near which, in Shakespeare's plays or in a text of your own, which travels in the run file."""

    name: Literal["words"] = "words"
    text: Annotated[str, Field(max_length=MAX_TEXT, description="none: Shakespeare's plays")] | None = None
    vocabulary: Annotated[int, Field(ge=8, le=5000, description="words known, the most frequent")] = 2000
    window: Annotated[int, Field(ge=1, le=20, description="how far apart words still count as near")] = 5
    negatives: Annotated[int, Field(ge=1, le=50, description="noise words for each true pair")] = 5
    subsample: Annotated[
        float, Field(gt=0, le=1, allow_inf_nan=False, description="share above which a word is thinned; 1: none")
    ] = 1e-3


Task = Annotated[
    Reverse | Copy | Sort | Induction | Addition | Shakespeare | Python | Text | Dates | Words,
    Field(discriminator="name"),
]
TASKS: dict[str, type[TaskFields]] = {
    kind.model_fields["name"].default: kind
    for kind in (Reverse, Copy, Sort, Induction, Addition, Shakespeare, Python, Text, Dates, Words)
}

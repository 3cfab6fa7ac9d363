"""The settings of tasks on text, and the base of every task's settings. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 5_000_000  # characters of a visitor's own text
MAX_BPE = 4096  # tokens


class TaskFields(BaseModel):
    """Base of every task's fields. Frozen; an unknown field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str


Tokenizer = Literal["characters", "bpe"]
BpeSize = Annotated[int, Field(ge=280, le=MAX_BPE, title="BPE tokens", description="of its vocabulary")]


class Shakespeare(TaskFields):
    """The next token of Shakespeare's plays."""

    name: Literal["shakespeare"] = "shakespeare"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Fill(TaskFields):
    """Tokens of Shakespeare's plays that are hidden, by those on both sides of them."""

    name: Literal["fill"] = "fill"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Python(TaskFields):
    """The next token of Python's own standard library."""

    name: Literal["python"] = "python"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Tunes(TaskFields):
    """The next token of tunes in ABC notation: composed here by rule, or printed ones from package music21."""

    name: Literal["tunes"] = "tunes"
    collection: Annotated[
        Literal["composed", "printed"],
        Field(description="by rule, or dance tunes printed in 1903 and 1883 (needs package music21)"),
    ] = "composed"
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512


class Text(TaskFields):
    """The next token of a text of your own. The text travels in the run file."""

    name: Literal["text"] = "text"
    text: Annotated[str, Field(max_length=MAX_TEXT, description="the text itself")]
    tokenizer: Tokenizer = "characters"
    bpe_size: BpeSize = 512

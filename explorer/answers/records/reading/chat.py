"""What a run that answers says to a visitor, and how much of what it says it has read."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Record


@dataclass(frozen=True)
class Reply(Record, of="writing.chat.reply"):
    """A reply. ended: the model ended it, and it was not cut off at the longest.   unseen: words of what was said to it
    that are in no text it was trained on.   words: of the reply.   run: the longest run of its words that stands in
    the texts it was trained on, as they stand there.
    """

    step: int
    text: str
    ended: bool
    unseen: list[str]
    words: int
    run: str


@dataclass(frozen=True)
class Habits(Record, of="writing.chat.habits"):
    """How much of replies to held-out speeches stands in the texts trained on, word for word.

    examples: replies.   size: words in a run.   runs: how many of that size are in the model's replies.   copied, true:
    the share of these, and of those in the right replies, that stands in the texts trained on.
    """

    step: int
    examples: int
    size: int
    runs: int
    copied: float
    true: float

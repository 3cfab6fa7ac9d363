"""What a task's record says. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.tasks.corpus import Corpus
from explorer.tasks.text_fields import TaskFields


@dataclass(frozen=True, kw_only=True)
class TaskKind:
    """A task's record.

    fields: its settings.   made_by: `module:class` of explorer.tasks, imported when one is built, since it imports
    torch. title: its name for visitors.   target: what the model is to predict.   chance: how the share right of
    guessing is computed.   sample: an input and its answer.   needs: the parts of a model that can learn it, of PARTS
    in models/families.py.   stretched: the setting that makes its sequences longer; "" if they have one length. corpus:
    its text, from its fields; None if it has none.   reads_again: a model that writes
    reads each token of the answer before it says the next one.   onward: the task on the same text of a model that
    reads from the left alone, where that is another one.   package: the optional one without which it is refused, as
    it is imported; "" if it needs none.
    """

    fields: type[TaskFields]
    made_by: str
    title: str
    target: str
    chance: str
    sample: str
    needs: tuple[str, ...] = ("logits",)
    stretched: str = ""
    corpus: Callable[[Any], Corpus] | None = None
    reads_again: bool = True
    onward: str = ""
    package: str = ""

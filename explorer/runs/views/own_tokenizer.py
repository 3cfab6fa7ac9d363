"""A run's own tokenizer: how it cuts a text, and how many tokens it makes of what the run holds out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from explorer.runs.answer import Answer
from explorer.runs.views.restored import opened
from explorer.runs.views.tokenizers import SHOWN, row
from explorer.segmentation import CharacterSegments, Segment
from explorer.tasks.text import TextTask
from explorer.tasks.tokenizer import Bpe, Characters


def of_run(path: str, text: str) -> Answer:
    """The run's own tokenizer and its cut of a text (its first SHOWN characters).

    plain["row"] as `cut` tells it, or None with plain["refused"]; plain["per_character"]: tokens a character of the
    text held out, None where the task is not made of text.
    """
    task = opened(path).task
    if isinstance(task, TextTask):
        return {"row": own_row(task, text[:SHOWN]), "refused": "", **measured(task)}, {}
    plain: dict[str, Any] = {"row": None, "refused": "", "per_character": None, "kind": "symbols"}
    plain |= {"vocabulary": len(task.vocabulary), "symbols": list(task.vocabulary.symbols[:80])}
    try:
        batch = task.encode(text[:SHOWN])
    except ValueError as error:
        return plain | {"refused": str(error)}, {}
    tokens = (batch.tokens if batch.source is None else batch.source)[0].tolist()
    segments = [Segment(task.vocabulary.symbols[t].encode(), t, True) for t in tokens]
    return plain | {"row": row("this run’s symbols", segments, None, len(task.vocabulary))}, {}


def own_row(task: TextTask, text: str) -> dict[str, Any]:
    """A text task's cut of a text; how often it uses each token is counted over all it reads."""
    used = np.bincount(task.data.numpy(), minlength=len(task.tokenizer.pieces))
    if isinstance(task.tokenizer, Bpe):
        segments = (
            [Segment(task.tokenizer.pieces[t], int(t), True) for t in task.tokenizer.tokens(text)] if text else []
        )
    else:
        assert isinstance(task.tokenizer, Characters)
        segments = CharacterSegments(task.tokenizer, Counter()).cut(text)
    name = "BPE" if isinstance(task.tokenizer, Bpe) else "characters"
    return row(f"this run’s {name}", segments, used)


def measured(task: TextTask) -> dict[str, Any]:
    """Tokens a character of what a text task holds out, and its vocabulary."""
    start, end = task.splits["held out"]
    characters = len(task.readable(task.data[start:end].tolist()))
    kind = "BPE" if isinstance(task.tokenizer, Bpe) else "characters"
    vocabulary = len(task.tokenizer.pieces)
    return {"per_character": (end - start) / characters, "kind": kind, "vocabulary": vocabulary, "symbols": []}

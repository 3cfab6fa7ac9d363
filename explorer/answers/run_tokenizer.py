"""A run's own tokenizer: its cut of a text, and how many tokens it makes of the run's held-out text."""

from __future__ import annotations

from collections import Counter

import numpy as np

from explorer.answers.records.tokenizers import Row, RunTokenizer
from explorer.answers.tokenizers import SHOWN
from explorer.answers.tokenizers import row as row_of
from explorer.runs.restored import opened
from explorer.tasks.segmentation import CharacterSegments, Segment
from explorer.tasks.text import TextTask
from explorer.tasks.tokenizer import Bpe, Characters


def of_run(path: str, text: str) -> RunTokenizer:
    """The run's own tokenizer and its cut of a text (its first SHOWN characters)."""
    task = opened(path).task
    if isinstance(task, TextTask):
        start, end = task.splits["held out"]
        characters = len(task.readable(task.data[start:end].tolist()))
        kind, vocabulary = kind_of(task), len(task.tokenizer.pieces)
        return RunTokenizer(row_of_task(task, text[:SHOWN]), "", (end - start) / characters, kind, vocabulary, [])
    row, refused = None, ""
    try:
        batch = task.encode(text[:SHOWN])
    except ValueError as error:
        refused = str(error)
    else:
        tokens = (batch.tokens if batch.source is None else batch.source)[0].tolist()
        segments = [Segment(task.vocabulary.symbols[t].encode(), t, True) for t in tokens]
        row = row_of("this run’s symbols", segments, None, len(task.vocabulary))
    return RunTokenizer(row, refused, None, "symbols", len(task.vocabulary), list(task.vocabulary.symbols[:80]))


def row_of_task(task: TextTask, text: str) -> Row:
    """A text task's cut of a text; how often it uses each token is counted over all it reads."""
    used = np.bincount(task.data.numpy(), minlength=len(task.tokenizer.pieces))
    if isinstance(task.tokenizer, Bpe):
        segments = (
            [Segment(task.tokenizer.pieces[t], int(t), True) for t in task.tokenizer.tokens(text)] if text else []
        )
    else:
        assert isinstance(task.tokenizer, Characters)
        segments = CharacterSegments(task.tokenizer, Counter()).cut(text)
    return row_of(f"this run’s {kind_of(task)}", segments, used)


def kind_of(task: TextTask) -> str:
    """What kind of tokenizer a text task has."""
    return "BPE" if isinstance(task.tokenizer, Bpe) else "characters"

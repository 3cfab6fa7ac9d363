"""The same text under each tokenizer, and what is unknown to each."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import Any

import streamlit as st

from explorer.answers.records.tokenizers import Cut, Lengths, Row, RunTokenizer
from explorer.measure.names import percent
from explorer.tasks import segmentation
from explorer.ui import foreign, picture, visit
from explorer.ui.components.token_rows import token_rows
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.tokenizers.request import Choice

COMPUTED = (
    "**Characters**: one token a character that was read at least once in a million; all others share `�`. **Words**: "
    "the most frequent words, as many as BPE has tokens, one of them `�` for all others; a word is what GPT-2’s "
    "pre-tokenizer splits off, with the space before it. **BPE**: bytes, then merges; every text can be written. White "
    "space is drawn as ␣ ⏎ ⇥, and bytes that are no whole character as ‹e2›. Counts are uses in the text learned from "
    "(for a run: in all that it reads)."
)
SYMBOLS = 40  # of a run's vocabulary that are named


def show(choice: Choice) -> None:
    """Rows of tokens, the run's own first."""
    with cards("compare", 1)[0]:
        answer = choice.answer(Cut, text=choice.text, **choice.learned)
        if answer is None:
            return
        of_this_run = of_run(choice)
        rows = [row_of_tokens(row) for row in (of_this_run, *answer.rows) if row is not None]
        title = f"One text, cut by each tokenizer · learned from {answer.title}"
        projector = visit.state().projector
        token_rows(title, rows, answer.typed, key="token-rows", projector=projector)
        picture.look_for("compare", sentence(answer.rows))
    picture.computed(COMPUTED, segmentation.WordSegments, segmentation.CharacterSegments)


def row_of_tokens(row: Row) -> dict[str, Any]:
    """A row as the browser takes it: each token a list."""
    return asdict(row) | {"tokens": [list(astuple(token)) for token in row.tokens]}


def of_run(choice: Choice) -> Row | None:
    """The row of the run's own tokenizer; where it cannot read the text, a sentence."""
    if choice.view is None:
        return None
    answer = choice.answer(RunTokenizer, path=str(choice.view.run.path), text=choice.text)
    if answer is None:
        return None
    if answer.row is None:
        names = " ".join(answer.symbols[:SYMBOLS])
        words = f"This run’s own vocabulary has {answer.vocabulary} symbols, {names}, and no tokens for this text: "
        picture.details(lambda: st.info(foreign.text(f"{words}{answer.refused}."), icon=":material/info:"))
    return answer.row


def sentence(rows: list[Row]) -> str:
    """How many tokens each makes, and what is lost to whom."""
    if not any(row.tokens for row in rows):
        return "there is no text to cut; type one above."
    lost = any(row.unknown for row in rows)
    words = "what is red is unknown, and lost to the model" if lost else "nothing in it is unknown to any"
    return f"{words}. BPE loses nothing: where it has no merge for something it falls back to bytes."


def unknown(choice: Choice) -> None:
    """A table: what of which text has no token."""
    with cards("unknown", 1)[0]:
        answer = choice.answer(Lengths, **choice.learned)
        cut = choice.answer(Cut, text=choice.text, **choice.learned)
        if answer is None or cut is None:
            return
        st.markdown("**What has no token of its own** · share of the tokens, and the first such pieces")
        rows = []
        for row in cut.rows:
            missing = "  ".join(row.unknown[:8])
            share = sum(not token.known for token in row.tokens) / max(1, len(row.tokens))
            cells = [percent(share) + (f" · {missing}" if missing else "")]
            for text in answer.texts:
                examples = "  ".join(text.examples[row.name][:4])
                cells.append(percent(text.unknown[row.name]) + (f" · {examples}" if examples else ""))
            rows.append([f"{row.name} ({row.vocabulary:,})", *cells])
        head = ["tokenizer", "the text above", *(text.name for text in answer.texts)]
        st.html(table(head, rows, style="scores words", foreign=range(1, len(head))))
        picture.look_for("unknown", unknown_sentence(answer))
    picture.computed(COMPUTED, segmentation.unknown_share)


def unknown_sentence(answer: Lengths) -> str:
    """What a closed vocabulary misses, and what BPE has instead."""
    last = answer.texts[-1]
    first = answer.texts[0]
    return (
        f"{answer.kept:,} words leave {percent(first.unknown['words'])} of the words unknown in "
        "the "
        f"very text they were learned from, and {percent(last.unknown['words'])} in {last.name}; characters miss "
        f"{percent(last.unknown['characters'], 1)} there, BPE nothing. But {answer.unread} of its 256 bytes were "
        "never "
        "read: a model has learned nothing about those tokens."
    )
